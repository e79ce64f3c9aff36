"""Packets that ``log`` of nftables, or LOG of iptables, wrote to the kernel's log.

Sources: nft(8), "LOG STATEMENT"; Linux, net/netfilter/nf_log_syslog.c (the fields and their order).

The verdict is what the prefix says: drop, reject, deny or block; accept, allow, permit or pass. Without such a word it
is unknown. SYN and ACK are words of the line. What stands before ``kernel:`` (or the field ``MESSAGE`` of the journal's
JSON) is the machine's name and the like, and no part of the prefix.
"""

from __future__ import annotations

import re

from crenel.flows.aggregation import filled
from crenel.flows.formats.fragments import by_flags, checked, moment, text_lines
from crenel.flows.sources import Source

NAME = "kernel"
TITLE = "packets logged by nftables or iptables"
NOTES = (
    "only rules that log are seen, and their verdict is what their prefix says; times without a year are not read",
)

_RECOGNISED = re.compile(r"\bIN=\S* OUT=\S* .*\bSRC=[0-9a-fA-F.:]+ DST=[0-9a-fA-F.:]+ .*\bPROTO=\S+")

_RAW = r"""
SELECT instant AS first_at, instant AS last_at, REGEXP_EXTRACT(line, ' SRC=([0-9a-fA-F.:]+)', 1) AS source_address,
       REGEXP_EXTRACT(line, ' SPT=([0-9]+)', 1) AS source_port, '' AS source_name,
       REGEXP_EXTRACT(line, ' DST=([0-9a-fA-F.:]+)', 1) AS target_address,
       REGEXP_EXTRACT(line, ' DPT=([0-9]+)', 1) AS target_port, '' AS target_name, '' AS domain,
       REGEXP_EXTRACT(line, ' PROTO=(\S+)', 1) AS proto,
       CASE WHEN REGEXP_MATCHES(prefix, 'drop|reject|deny|denied|block') THEN 'dropped'
            WHEN REGEXP_MATCHES(prefix, 'accept|allow|permit|pass') THEN 'forwarded' ELSE 'unknown' END AS verdict,
       @flags@ AS opened,
       REGEXP_EXTRACT(line, ' LEN=([0-9]+)', 1) AS bytes, line,
       CASE WHEN REGEXP_EXTRACT(line, ' SRC=([0-9a-fA-F.:]+)', 1) = '' THEN '-other lines' END AS trouble
FROM (
  SELECT line,
         LOWER(REGEXP_EXTRACT(line, '^(?:.*?(?:\bkernel(?:\[[0-9]+\])?: |"MESSAGE" ?: ?"))?(.*?)\bIN=', 1)) AS prefix,
         @stamp@ AS instant
  FROM @lines@
) a
"""


def recognises(head: str) -> bool:
    """Whether a text has such lines."""
    return any(_RECOGNISED.search(line) for line in head.split("\n")[:200])


def records(source: Source) -> str:
    """The records of a log."""
    stamp = moment(r"REGEXP_EXTRACT(line, '^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*)', 1)")
    raw = filled(
        _RAW,
        flags=by_flags(
            "REGEXP_MATCHES(line, ' SYN( |$)')", "REGEXP_MATCHES(line, ' ACK( |$)')", "line LIKE '%PROTO=TCP %'"
        ),
        stamp=stamp,
        lines=text_lines(source),
    )
    return checked(raw)
