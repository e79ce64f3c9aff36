"""Events of Tetragon: the sockets that its tracing policies saw, in its JSON export.

Source: Tetragon, ``api/v1/tetragon/tetragon.proto`` (ProcessKprobe, KprobeSock) and documentation, "Events".

Tetragon sees what a process asks for, not what the network makes of it: the verdict is unknown, or dropped where its
own policy killed the process or overrode the call. ``tcp_connect`` opens a connection, ``inet_csk_accept`` takes one;
other functions do not say who opened it.
"""

from __future__ import annotations

from crenel.flows.aggregation import filled
from crenel.flows.formats.fragments import checked, moment, transformed
from crenel.flows.sources import Source

NAME = "tetragon"
TITLE = "Tetragon events"
NOTES = (
    (
        "Tetragon sees what processes ask for: whether packets got through is not said; without socket load balancing "
        "targets are Services"
    ),
)

_SOCKET = (
    '{"saddr":"VARCHAR","daddr":"VARCHAR","sport":"VARCHAR","dport":"VARCHAR","protocol":"VARCHAR","type":"VARCHAR"}'
)
_STRUCTURE = (
    '{"time":"VARCHAR","process_kprobe":{"function_name":"VARCHAR","action":"VARCHAR","process":{"pod":'
    '{"namespace":"VARCHAR","name":"VARCHAR","workload":"VARCHAR","workload_kind":"VARCHAR"}},'
    f'"args":[{{"sock_arg":{_SOCKET}}}],"return":{{"sock_arg":{_SOCKET}}}}}}}'
)

_RAW = """
SELECT @time@ AS first_at, @time@ AS last_at, s.saddr AS source_address, s.sport AS source_port,
       CASE WHEN k.process.pod.name <> ''
            THEN 'pod/' || k.process.pod.namespace || '/' || k.process.pod.name || '/' ||
                 COALESCE(k.process.pod.workload_kind, '') || '/' || COALESCE(k.process.pod.workload, '') END
       AS source_name,
       s.daddr AS target_address, s.dport AS target_port, '' AS target_name, '' AS domain,
       COALESCE(s.protocol, CASE s.type WHEN 'SOCK_STREAM' THEN 'tcp' WHEN 'SOCK_DGRAM' THEN 'udp' END,
                CASE WHEN k.function_name LIKE 'tcp%' THEN 'tcp' WHEN k.function_name LIKE 'udp%' THEN 'udp' END)
       AS proto,
       CASE WHEN UPPER(k.action) LIKE '%SIGKILL' OR UPPER(k.action) LIKE '%OVERRIDE' THEN 'dropped' ELSE 'unknown' END
       AS verdict,
       CASE WHEN k.function_name IN ('tcp_connect', '__sys_connect', 'security_socket_connect') THEN 'source'
            WHEN k.function_name LIKE '%accept%' THEN 'target' ELSE '' END AS opened,
       NULL AS bytes, line,
       CASE WHEN j IS NULL THEN 'no JSON object' WHEN k IS NULL OR s IS NULL THEN '-events without a socket'
            WHEN k.function_name = 'tcp_close' THEN '-ends of connections (tcp_close)'
            WHEN s.daddr IN ('0.0.0.0', '::') THEN '-sockets without a peer' END AS trouble
FROM (
  SELECT line, j, j.process_kprobe AS k,
         COALESCE([a.sock_arg FOR a IN j.process_kprobe.args IF a.sock_arg IS NOT NULL][1],
                  j.process_kprobe."return".sock_arg) AS s
  FROM @values@
) a
"""


def recognises(head: str) -> bool:
    """Whether a text is such an export."""
    return '"process_kprobe"' in head or ('"process_exec"' in head and '"node_name"' in head)


def records(source: Source) -> str:
    """The records of an export."""
    return checked(filled(_RAW, time=moment("j.time"), values=transformed(source, _STRUCTURE)))
