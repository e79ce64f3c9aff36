"""Logs of Google Cloud: VPC flow logs, those of firewall rules, and those of network policies on GKE.

Sources: Google Cloud documentation, "About VPC Flow Logs records", "Firewall policy rules log format" and "Use network
policy logging".

A VPC flow record is of one direction, sampled, and only of what was let through; nothing in it says who opened the
connection. A record of a firewall rule or of a network policy is of a connection as it was opened, with its
``disposition``: firewalls write ``ALLOWED``, ``DENIED`` or ``INTERCEPTED``, network policies ``allow`` or ``deny``.
"""

from __future__ import annotations

from crenel.flows.aggregation import filled
from crenel.flows.formats.fragments import checked, moment, transformed
from crenel.flows.sources import Source

NAME = "gcp"
TITLE = "Google Cloud VPC flow log"
NOTES = (
    "Google Cloud samples packets: what is rare may be missing; and nothing says who opened a connection but its ports",
)

_END = (
    '{"cluster":{"cluster_name":"VARCHAR"},"pod":{"pod_name":"VARCHAR","pod_namespace":"VARCHAR",'
    '"pod_workload":{"workload_name":"VARCHAR","workload_type":"VARCHAR"}}}'
)
_PLAIN = '{"pod_name":"VARCHAR","pod_namespace":"VARCHAR","namespace":"VARCHAR"}'
"""An end in a log of network policies."""
_STRUCTURE = (
    '{"connection":{"src_ip":"VARCHAR","src_port":"VARCHAR","dest_ip":"VARCHAR","dest_port":"VARCHAR",'
    '"protocol":"VARCHAR"},"bytes_sent":"VARCHAR","start_time":"VARCHAR","end_time":"VARCHAR","disposition":"VARCHAR",'
    f'"src_gke_details":{_END},"dest_gke_details":{_END},"src":{_PLAIN},"dest":{_PLAIN}}}'
)

_RAW = """
SELECT COALESCE(@start@, @stamp@) AS first_at, COALESCE(@end@, @stamp@) AS last_at,
       j.connection.src_ip AS source_address, j.connection.src_port AS source_port, @source@ AS source_name,
       j.connection.dest_ip AS target_address, j.connection.dest_port AS target_port, @target@ AS target_name,
       '' AS domain, j.connection.protocol AS proto,
       CASE WHEN UPPER(j.disposition) IN ('DENIED', 'DENY') THEN 'dropped'
            WHEN COALESCE(UPPER(j.disposition), '') IN ('', 'ALLOWED', 'ALLOW', 'INTERCEPTED') THEN 'forwarded'
            ELSE 'unknown' END AS verdict,
       CASE WHEN j.disposition IS NULL THEN '' ELSE 'source' END AS opened, j.bytes_sent AS bytes, line,
       CASE WHEN j IS NULL THEN 'no JSON object' WHEN j.connection IS NULL THEN '-other log entries' END AS trouble
FROM @values@
"""

_NAME = """
CASE WHEN @end@.pod.pod_name <> '' AND @end@.pod.pod_namespace <> ''
     THEN 'pod/' || @end@.pod.pod_namespace || '/' || @end@.pod.pod_name || '/' ||
          COALESCE(@end@.pod.pod_workload.workload_type, '') || '/' ||
          COALESCE(@end@.pod.pod_workload.workload_name, '')
     WHEN @plain@.pod_name <> '' AND COALESCE(@plain@.pod_namespace, @plain@.namespace, '') <> ''
     THEN 'pod/' || COALESCE(@plain@.pod_namespace, @plain@.namespace) || '/' || @plain@.pod_name END
"""


def recognises(head: str) -> bool:
    """Whether a text is such a log."""
    return '"src_ip"' in head and '"dest_ip"' in head and '"connection"' in head


def records(source: Source) -> str:
    """The records of a log: entries as Cloud Logging exports them, or their payloads alone."""
    value = "COALESCE(JSON_EXTRACT(value, '$.jsonPayload'), value)"
    stamped = transformed(source, _STRUCTURE, value).replace(
        "SELECT line,", "SELECT line, JSON_EXTRACT_STRING(value, '$.timestamp') AS stamp,", 1
    )
    raw = filled(
        _RAW,
        start=moment("j.start_time"),
        end=moment("j.end_time"),
        stamp=moment("stamp"),
        source=filled(_NAME, end="j.src_gke_details", plain="j.src"),
        target=filled(_NAME, end="j.dest_gke_details", plain="j.dest"),
        values=stamped,
    )
    return checked(raw)
