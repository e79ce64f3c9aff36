"""Pieces of SQL that several formats share. All of them are texts of this package."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from crenel.flows.aggregation import filled
from crenel.flows.engine import cells_of, columns_of, lines_of, objects_of, text_literal
from crenel.flows.sources import Source
from crenel.network.traffic import PORTED

SKIP = "-"
"""What the `trouble` of a record begins with that is well written and none of a connection."""

_LARGEST = 1 << 29
"""How large one JSON value may be, in bytes."""
_LEAST = 1 << 24

_PROTOCOLS = {
    "tcp": 6, "t": 6, "ipproto_tcp": 6, "udp": 17, "u": 17, "ipproto_udp": 17, "icmp": 1, "icmpv4": 1, "icmpv6": 58,
    "icmp6": 58, "ipv6-icmp": 58, "sctp": 132, "ipproto_sctp": 132, "igmp": 2, "gre": 47, "esp": 50, "ah": 51,
    "udplite": 136, "dccp": 33,
}  # fmt: skip
"""Names of protocols that logs write (IANA, Assigned Internet Protocol Numbers)."""

_CHECKED = """
SELECT first_at, last_at, source_address, source_port, source_name, target_address, target_port, target_name,
       COALESCE(domain, '') AS domain, protocol, verdict, opened,
       GREATEST(COALESCE(TRY_CAST(times AS BIGINT), 1), 1) AS records, bytes, line,
       CASE WHEN COALESCE(trouble, '') <> '' THEN trouble
            WHEN protocol IS NULL THEN 'no protocol'
            WHEN source_address = '' AND source_name = '' THEN 'no source'
            WHEN target_address = '' AND target_name = '' THEN 'no target'
            WHEN protocol IN (@ported@) AND opened <> 'target' AND target_port IS NULL THEN 'no port of the target'
            WHEN protocol IN (@ported@) AND opened = 'target' AND source_port IS NULL THEN 'no port of the source'
            ELSE '' END AS trouble
FROM (
  SELECT first_at, COALESCE(last_at, first_at) AS last_at,
         @source_address@ AS source_address, @source_port@ AS source_port, COALESCE(source_name, '') AS source_name,
         @target_address@ AS target_address, @target_port@ AS target_port, COALESCE(target_name, '') AS target_name,
         domain, protocol, verdict, opened, TRY_CAST(bytes AS BIGINT) AS bytes, times, line, trouble
  FROM (SELECT *, @protocol@ AS protocol, @times@ AS times FROM (@raw@) a) b
) c
"""


def checked(raw: str, times: str = "1") -> str:
    """The records of a format: `raw` has their columns as texts, `proto` for the protocol, and the `line`.

    `times` is the column, or the number, of records that a line stands for.
    """
    ported = ", ".join(str(number) for number in sorted(PORTED))
    return filled(
        _CHECKED,
        source_address=_address("source_address"),
        target_address=_address("target_address"),
        source_port=_port("source_port", ported),
        target_port=_port("target_port", ported),
        protocol=protocol("proto"),
        ported=ported,
        times=times,
        raw=raw,
    )


def _address(column: str) -> str:
    """An address; of IPv4 in IPv6 (RFC 4291, 2.5.5.2), as sockets of both families show it, the IPv4 part."""
    text = (
        "CASE WHEN @column@ IS NULL OR @column@ = '-' THEN '' WHEN STARTS_WITH(@column@, '::ffff:') "
        "AND CONTAINS(@column@, '.') THEN SUBSTR(@column@, 8) ELSE @column@ END"
    )
    return filled(text, column=column)


def _port(column: str, ported: str) -> str:
    text = "CASE WHEN protocol IN (@ported@) THEN CAST(TRY_CAST(@column@ AS USMALLINT) AS INTEGER) END"
    return filled(text, ported=ported, column=column)


def protocol(column: str) -> str:
    """The number of a protocol that is written as a number or as a name."""
    names = " ".join(f"WHEN {text_literal(name)} THEN {number}" for name, number in _PROTOCOLS.items())
    text = "COALESCE(CAST(TRY_CAST(@column@ AS UTINYINT) AS INTEGER), CASE LOWER(@column@) @names@ END)"
    return filled(text, column=column, names=names)


def moment(column: str) -> str:
    """Milliseconds of a time as RFC 3339 writes it; without a zone it is UTC."""
    return filled("EPOCH_MS(TRY_CAST(@column@ AS TIMESTAMPTZ))", column=column)


def by_flags(syn: str, ack: str, tcp: str) -> str:
    """Who opened the connection, by the flags of TCP: SYN is the opener's, with ACK the server's (RFC 9293)."""
    text = "CASE WHEN NOT (@tcp@) OR NOT (@syn@) THEN '' WHEN @ack@ THEN 'target' ELSE 'source' END"
    return filled(text, syn=syn, ack=ack, tcp=tcp)


def host(column: str) -> str:
    """The address of ``ADDRESS:PORT``, with or without brackets."""
    return filled("TRIM(REGEXP_REPLACE(@column@, ':[0-9]+$', ''), '[]')", column=column)


def port(column: str) -> str:
    """The port of ``ADDRESS:PORT``."""
    return filled("REGEXP_EXTRACT(@column@, ':([0-9]+)$', 1)", column=column)


def cells(source: Source, columns: Sequence[str], number: int, delimiter: str, *, headed: bool = True) -> str:
    """The rows of a table as texts ``c0``, ``c1`` ...: `number` cells of a text, or the `columns` of Parquet."""
    if source.parquet:
        return columns_of(source.path, columns)
    return cells_of(source.path, source.compressed, number, delimiter, headed=headed)


def text_lines(source: Source) -> str:
    """The lines of a text file that are not empty, as the column ``line``."""
    return filled("(SELECT line FROM @lines@ WHERE line <> '')", lines=lines_of(source.path, source.compressed))


def json_values(source: Source) -> str:
    """The JSON objects of a file, however they stand in it: columns ``line`` and ``value``, NULL where it is none."""
    kept = layout(source.head)
    if kept == "lines":
        found = text_lines(source)
    else:
        size = max(_LEAST, min(2 * source.size, _LARGEST)) if not source.compressed else _LARGEST // 4
        found = objects_of(source.path, source.compressed, size, kept)
    text = (
        "(SELECT line, CASE WHEN JSON_VALID(text) AND JSON_TYPE(text) = 'OBJECT' THEN text END AS value FROM "
        "(SELECT line, SUBSTR(line, GREATEST(STRPOS(line, '{'), 1)) AS text FROM @found@))"
    )
    return filled(text, found=found)


def layout(head: str) -> str:
    """How JSON values stand in a text: ``array``, ``lines`` of one each, or ``unstructured``: one after another."""
    text = head.lstrip()
    if text.startswith("["):
        return "array"
    lines = text.split("\n")
    for line in lines[:-1] if len(lines) > 1 else lines:
        try:
            value = msgspec.json.decode(line[max(line.find("{"), 0) :])
        except msgspec.DecodeError:
            continue
        if isinstance(value, dict) and not isinstance(value.get("records"), list):
            return "lines"
    return "unstructured"


def transformed(source: Source, structure: str, value: str = "value") -> str:
    """The JSON objects of a file as ``j``, of a structure; NULL where a line is no JSON object."""
    text = "(SELECT line, CASE WHEN value IS NOT NULL THEN JSON_TRANSFORM(@value@, @structure@) END AS j FROM @values@)"
    return filled(text, value=value, structure=text_literal(structure), values=json_values(source))
