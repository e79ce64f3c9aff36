"""Flows of Cilium: ``hubble observe -o json`` and ``-o jsonpb``, and what Hubble's exporter writes.

Source: Cilium, ``api/v1/flow/flow.proto`` and ``api/v1/observer/observer.proto``; documentation, "Configuring Hubble
exporter".

Each event is a packet or a request. ``is_reply`` says whether it went the way of the connection; where it is absent,
the flags of TCP may say it. Ends have the names of pods and workloads; a node is ``reserved:host`` where it was seen.
"""

from __future__ import annotations

from crenel.flows.aggregation import filled
from crenel.flows.formats.fragments import by_flags, checked, moment, transformed
from crenel.flows.sources import Source

NAME = "hubble"
TITLE = "Hubble flows"
NOTES: tuple[str, ...] = ()

_PORTS = '{"source_port":"VARCHAR","destination_port":"VARCHAR"}'
_END = (
    '{"namespace":"VARCHAR","pod_name":"VARCHAR","labels":["VARCHAR"],'
    '"workloads":[{"name":"VARCHAR","kind":"VARCHAR"}]}'
)
_STRUCTURE = (
    '{"time":"VARCHAR","verdict":"VARCHAR","IP":{"source":"VARCHAR","destination":"VARCHAR"},"l4":{"TCP":'
    '{"source_port":"VARCHAR","destination_port":"VARCHAR","flags":{"SYN":"BOOLEAN","ACK":"BOOLEAN"}},'
    f'"UDP":{_PORTS},"SCTP":{_PORTS},"ICMPv4":{{"type":"VARCHAR"}},"ICMPv6":{{"type":"VARCHAR"}}}},'
    f'"source":{_END},"destination":{_END},"node_name":"VARCHAR","destination_names":["VARCHAR"],'
    '"is_reply":"BOOLEAN","reply":"BOOLEAN","lost_events":"JSON","agent_event":"JSON","node_status":"JSON",'
    '"debug_event":"JSON"}'
)

_RAW = """
SELECT @time@ AS first_at, @time@ AS last_at,
       j.IP.source AS source_address,
       COALESCE(j.l4.TCP.source_port, j.l4.UDP.source_port, j.l4.SCTP.source_port) AS source_port,
       @source@ AS source_name, j.IP.destination AS target_address,
       COALESCE(j.l4.TCP.destination_port, j.l4.UDP.destination_port, j.l4.SCTP.destination_port) AS target_port,
       @target@ AS target_name,
       CASE WHEN j.destination.namespace IS NULL OR j.destination.namespace = ''
            THEN j.destination_names[1] END AS domain,
       CASE WHEN j.l4.TCP IS NOT NULL THEN '6' WHEN j.l4.UDP IS NOT NULL THEN '17'
            WHEN j.l4.SCTP IS NOT NULL THEN '132' WHEN j.l4.ICMPv4 IS NOT NULL THEN '1'
            WHEN j.l4.ICMPv6 IS NOT NULL THEN '58' END AS proto,
       CASE WHEN j.verdict IN ('FORWARDED', 'REDIRECTED', 'AUDIT') THEN 'forwarded'
            WHEN j.verdict IN ('DROPPED', 'ERROR') THEN 'dropped' ELSE 'unknown' END AS verdict,
       CASE WHEN COALESCE(j.is_reply, j.reply) THEN 'target' WHEN NOT j.is_reply THEN 'source'
            ELSE @flags@ END AS opened,
       NULL AS bytes, line,
       CASE WHEN j IS NULL THEN 'no JSON object'
            WHEN j.lost_events IS NOT NULL THEN '-events that Cilium lost (lost_events)'
            WHEN j.agent_event IS NOT NULL OR j.node_status IS NOT NULL OR j.debug_event IS NOT NULL
            THEN '-events that are no flows'
            WHEN j.verdict IS NULL AND j.IP IS NULL THEN 'no flow'
            WHEN j.verdict = 'TRANSLATED' THEN '-translations of addresses by sockets'
            WHEN j.IP IS NULL OR j.l4 IS NULL THEN '-flows without addresses or ports' END AS trouble
FROM @values@
"""

_NAME = """
CASE WHEN @end@.pod_name <> '' AND @end@.namespace <> ''
     THEN 'pod/' || @end@.namespace || '/' || @end@.pod_name || '/' || COALESCE(@end@.workloads[1].kind, '') || '/' ||
          COALESCE(@end@.workloads[1].name, '')
     WHEN LIST_CONTAINS(@end@.labels, 'reserved:host') AND j.node_name <> ''
     THEN 'node/' || REGEXP_EXTRACT(j.node_name, '[^/]*$') END
"""


def recognises(head: str) -> bool:
    """Whether a text is such a log."""
    return '"verdict"' in head and '"IP"' in head and ('"l4"' in head or '"is_reply"' in head)


def records(source: Source) -> str:
    """The records of a log."""
    raw = filled(
        _RAW,
        time=moment("j.time"),
        source=filled(_NAME, end="j.source"),
        target=filled(_NAME, end="j.destination"),
        flags=by_flags(
            "COALESCE(j.l4.TCP.flags.SYN, false)",
            "COALESCE(j.l4.TCP.flags.ACK, false)",
            "j.l4.TCP IS NOT NULL",
        ),
        values=transformed(source, _STRUCTURE, "COALESCE(JSON_EXTRACT(value, '$.flow'), value)"),
    )
    return checked(raw)
