"""Entries and events of Linux' connection tracking: ``conntrack -L``, ``conntrack -E`` and /proc/net/nf_conntrack.

Sources: conntrack(8) (output options ``extended`` and ``timestamp``); Linux, net/netfilter/nf_conntrack_standalone.c.

The first tuple is of who opened the connection, as it was sent; the second one of the reply. Where addresses were
translated they differ: the target is the source of the reply, which is the backend that a Service chose. An entry that
was found in the middle of a connection may be the wrong way round (nf_conntrack_tcp_loose).
"""

from __future__ import annotations

import re

from crenel.flows.aggregation import filled
from crenel.flows.engine import text_literal
from crenel.flows.formats.fragments import checked, moment, text_lines
from crenel.flows.sources import Source

NAME = "conntrack"
TITLE = "connection tracking"
NOTES = (
    "a node tracks what passes it: connections between other nodes are not in it, nor when those of a table began",
)

_LINE = (
    r"^\s*(?:\[(\d+)(?:\.\d+)?\s*\]\s+)?(?:(\d{4}-\d\d-\d\d[T ]\S+)\s+)?(?:\[(NEW|UPDATE|DESTROY)\]\s+)?"
    r"(?:ipv[46]\s+\d+\s+)?([a-z0-9-]+)\s+(\d+)\s.*?src=(\S+) dst=(\S+)(?: sport=(\d+) dport=(\d+))?(.*)$"
)
_GROUPS = ("seconds", "stamp", "event", "name", "number", "src", "dst", "sport", "dport", "rest")
_REPLY = r"src=(\S+) dst=(\S+)(?: sport=(\d+) dport=(\d+))?"
_RECOGNISED = re.compile(_LINE)

_RAW = """
SELECT instant AS first_at, instant AS last_at,
       j.src AS source_address, NULLIF(j.sport, '') AS source_port, '' AS source_name,
       COALESCE(NULLIF(r.src, ''), j.dst) AS target_address,
       COALESCE(NULLIF(r.sport, ''), NULLIF(j.dport, '')) AS target_port, '' AS target_name, '' AS domain,
       j.number AS proto,
       CASE WHEN j.rest LIKE '%[UNREPLIED]%' THEN 'unknown' ELSE 'forwarded' END AS verdict, 'source' AS opened,
       LIST_SUM([TRY_CAST(x AS BIGINT) FOR x IN REGEXP_EXTRACT_ALL(j.rest, 'bytes=([0-9]+)', 1)]) AS bytes,
       line, CASE WHEN j IS NULL THEN 'no entry of connection tracking' END AS trouble
FROM (
  SELECT line, j, REGEXP_EXTRACT(j.rest, @reply@, ['src', 'dst', 'sport', 'dport']) AS r,
         COALESCE(1000 * TRY_CAST(j.seconds AS BIGINT), @stamp@) AS instant
  FROM (SELECT line, CASE WHEN REGEXP_MATCHES(line, @pattern@) THEN REGEXP_EXTRACT(line, @pattern@, @groups@) END AS j
        FROM (SELECT line FROM @lines@ WHERE line NOT LIKE 'conntrack v%'))
) a
"""


def recognises(head: str) -> bool:
    """Whether a text is such a list."""
    return any(_RECOGNISED.match(line.strip("\r")) for line in head.split("\n")[:20])


def records(source: Source) -> str:
    """The records of a list."""
    groups = ", ".join(text_literal(name) for name in _GROUPS)
    raw = filled(
        _RAW,
        reply=text_literal(_REPLY),
        pattern=text_literal(_LINE),
        groups=f"[{groups}]",
        stamp=moment("j.stamp"),
        lines=text_lines(source),
    )
    return checked(raw)
