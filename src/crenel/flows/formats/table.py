"""Flows in CSV: any file whose header names the ends.

The names of columns are those that people and tools use: nfdump's, Athena's for VPC flow logs, NetFlow's and IPFIX',
and plain words. ``source`` and ``target`` may hold names as Crenel writes them, or addresses.

Without a port of the source, the source opened the connection; with one, the flags of TCP say it, or a column
``is_reply``, or else ports.
"""

from __future__ import annotations

import csv
import re

from crenel.flows.aggregation import filled
from crenel.flows.engine import text_literal
from crenel.flows.errors import FlowsError
from crenel.flows.formats.fragments import by_flags, cells, checked, moment, protocol
from crenel.flows.observed import ELSEWHERE, INTERNET
from crenel.flows.sources import Source

NAME = "csv"
TITLE = "CSV"

COLUMNS: dict[str, tuple[str, ...]] = {
    "source": ("source", "src", "source_ip", "src_ip", "source_address", "src_address", "srcaddr", "pkt_srcaddr",
               "saddr", "sa", "sip", "sourceip", "srcip", "source_workload", "client", "sourceipv4address"),
    "target": ("target", "destination", "dst", "dest", "destination_ip", "dst_ip", "dest_ip", "destination_address",
               "dst_address", "dstaddr", "pkt_dstaddr", "daddr", "da", "dip", "destinationip", "destip", "dstip",
               "destination_workload", "server", "destinationipv4address"),
    "source_port": ("source_port", "src_port", "srcport", "sport", "sp", "sourceport", "sourcetransportport"),
    "target_port": ("target_port", "destination_port", "dst_port", "dest_port", "dstport", "dport", "dp", "port",
                    "destinationport", "destport", "destinationtransportport"),
    "protocol": ("protocol", "proto", "pr", "ip_protocol", "protocolidentifier", "l4_protocol"),
    "first": ("first", "start", "start_time", "first_seen", "ts", "time", "timestamp", "starttime",
              "flowstartmilliseconds"),
    "last": ("last", "end", "end_time", "last_seen", "te", "endtime", "flowendmilliseconds"),
    "bytes": ("bytes", "byte_count", "ibyt", "octets", "bytes_sent", "octetdeltacount"),
    "verdict": ("verdict", "action", "decision", "disposition"),
    "flags": ("tcp_flags", "tcpflags", "flags", "flg", "tcp_control_bits", "tcpcontrolbits"),
    "reply": ("is_reply", "reply"),
    "number": ("records", "num_flows", "flows", "count"),
    "domain": ("domain", "dns_name", "destination_domain", "fqdn"),
}  # fmt: skip
"""What a column may be called, in lower case with ``_`` for spaces, dots and hyphens; an earlier name goes first."""

_DELIMITERS = (",", ";", "\t", "|")

_RAW = """
SELECT COALESCE(@first@, @last@) AS first_at, @last@ AS last_at,
       CASE WHEN @is_source@ THEN '' ELSE @source@ END AS source_address, @source_port@ AS source_port,
       CASE WHEN @is_source@ THEN 'place/' || @source@ END AS source_name,
       CASE WHEN @is_target@ THEN '' ELSE @target@ END AS target_address, @target_port@ AS target_port,
       CASE WHEN @is_target@ THEN 'place/' || @target@ END AS target_name,
       @domain@ AS domain, @protocol@ AS proto,
       CASE WHEN LOWER(@verdict@) IN ('accept', 'accepted', 'allow', 'allowed', 'forwarded', 'forward', 'permit',
                                      'permitted', 'pass', 'a') THEN 'forwarded'
            WHEN LOWER(@verdict@) IN ('reject', 'rejected', 'deny', 'denied', 'drop', 'dropped', 'block', 'blocked',
                                      'd') THEN 'dropped'
            ELSE '@silent@' END AS verdict,
       CASE WHEN LOWER(@reply@) IN ('true', '1', 'yes', 't') THEN 'target'
            WHEN LOWER(@reply@) IN ('false', '0', 'no', 'f') THEN 'source' ELSE @opened@ END AS opened,
       @bytes@ AS bytes, @number@ AS number, @line@ AS line, NULL AS trouble
FROM @cells@
"""

_IS_PLACE = f"(@x@ LIKE '%/%' OR @x@ IN ('{INTERNET}', '{ELSEWHERE}'))"

_TIME = """
CASE WHEN TRY_CAST(@x@ AS DOUBLE) > 100000000000 THEN CAST(TRY_CAST(@x@ AS DOUBLE) AS BIGINT)
     WHEN TRY_CAST(@x@ AS DOUBLE) IS NOT NULL THEN CAST(1000 * TRY_CAST(@x@ AS DOUBLE) AS BIGINT)
     ELSE @text@ END
"""


def recognises(head: str) -> bool:
    """Whether a text begins with a header that names both ends."""
    _, names = _header(head)
    found = _places(names)
    return "source" in found and "target" in found


def delimiter(source: Source) -> str:
    """What separates the cells of a file."""
    return _header(source.head)[0]


def notes(source: Source) -> list[str]:
    """What the columns of a file leave open."""
    found = _places(_header(source.head)[1])
    said = []
    if "verdict" not in found:
        said.append("no column says what was dropped: all of it is taken for forwarded")
    if "first" not in found and "last" not in found:
        said.append("no column has a time")
    return said


def records(source: Source) -> str:
    """The records of a file.

    Raises:
        FlowsError: its header does not name both ends and the protocol or the port.
    """
    separator, names = _header(source.head)
    found = _places(names)
    missing = [word for word in ("source", "target") if word not in found]
    if missing:
        raise FlowsError(f"the header names no {' and no '.join(missing)}")
    cell = {word: f"c{number}" for word, number in found.items()}
    both = ", ".join(f"COALESCE(c{number}, '')" for number in range(len(names)))
    raw = filled(
        _RAW,
        **{
            word: cell.get(word, "NULL")
            for word in ("source_port", "target_port", "reply", "domain", "bytes", "number")
        },
        is_source=filled(_IS_PLACE, x=cell["source"]),
        is_target=filled(_IS_PLACE, x=cell["target"]),
        source=cell["source"],
        target=cell["target"],
        first=_time(cell["first"]) if "first" in cell else "NULL",
        last=_time(cell["last"]) if "last" in cell else "NULL",
        verdict=cell.get("verdict", "NULL"),
        silent="unknown" if "verdict" in cell else "forwarded",
        opened=_opened(cell, of_interval="srcaddr" not in _plain(names) and "pkt_srcaddr" not in _plain(names)),
        protocol=cell.get("protocol", "'tcp'"),
        line=f"CONCAT_WS(@separator@, {both})",
        separator=text_literal(separator),
        cells=cells(source, names, len(names), separator),
    )
    return checked(raw, "number")


def _opened(cell: dict[str, str], *, of_interval: bool) -> str:
    """Who opened the connection.

    NetFlow and IPFIX join the flags of all packets of an interval (RFC 5102, tcpControlBits): SYN with ACK is then of
    either end. AWS has ACK only where it came with SYN.
    """
    if "source_port" not in cell:
        return "'source'"
    if "flags" not in cell:
        return "''"
    number = f"TRY_CAST({cell['flags']} AS INTEGER)"
    letters = f"UPPER({cell['flags']})"
    syn = f"COALESCE({number} & 2 = 2, {letters} LIKE '%S%', false)"
    ack = f"COALESCE({number} & 16 = 16, {letters} LIKE '%A%', false)"
    tcp = f"{protocol(cell['protocol'])} = 6" if "protocol" in cell else "true"
    if of_interval:
        return by_flags(f"{syn} AND NOT {ack}", "false", tcp)
    return by_flags(syn, ack, tcp)


def _time(column: str) -> str:
    return filled(_TIME, text=moment(column), x=column)


def _header(head: str) -> tuple[str, list[str]]:
    """The delimiter of a file, and the names of its columns."""
    first = next((line.rstrip("\r") for line in head.split("\n") if line.strip()), "")
    separator = max(_DELIMITERS, key=first.count)
    try:
        return separator, next(csv.reader([first], delimiter=separator), [])
    except csv.Error:
        return separator, []


def _plain(names: list[str]) -> list[str]:
    return [re.sub(r"[\s.\-]+", "_", name.strip().lower()) for name in names]


def _places(names: list[str]) -> dict[str, int]:
    """Which column has what: the words of `COLUMNS` with their numbers."""
    plain = _plain(names)
    found: dict[str, int] = {}
    for word, known in COLUMNS.items():
        spelled = [name for name in (f"pkt_{known[0]}", *known) if name in plain]
        best = next((name for name in spelled if name.startswith("pkt_")), spelled[0] if spelled else None)
        if best is not None:
            found[word] = plain.index(best)
    return found
