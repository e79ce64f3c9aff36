"""VPC flow logs of AWS: text with a header (S3) or without (CloudWatch Logs), default or custom format, and Parquet.

Source: Amazon VPC user guide, "Flow log records" (fields of versions 2 to 8, their order in the default format, the
bits of ``tcp-flags``) and "Flow log record examples"; Amazon Athena user guide, "Create tables for flow logs in Apache
Parquet format" (columns with ``_`` for ``-``).

A record is of one direction, and both interfaces log. ``tcp-flags`` has SYN (2) in records of who opened the
connection, SYN and ACK (18) in those of who answered, if the interval saw them. ``pkt-srcaddr`` and ``pkt-dstaddr`` are
the addresses of the packet where those of the interface are others: pods with addresses of their own, NAT gateways.
"""

from __future__ import annotations

import re

from crenel.flows.aggregation import filled
from crenel.flows.engine import text_literal
from crenel.flows.errors import FlowsError
from crenel.flows.formats.fragments import by_flags, cells, checked
from crenel.flows.sources import Source

NAME = "vpc"
TITLE = "AWS VPC flow log"

DEFAULT = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
    "start", "end", "action", "log-status",
)  # fmt: skip
"""The default format: the fields of version 2, in order."""

_NEEDED = ("dstaddr", "dstport", "protocol", "srcaddr", "srcport")
_STAMP = r"\d{4}-\d\d-\d\dT\S+Z"
_DEFAULT_LINE = re.compile(rf"(?:{_STAMP} )?2 \S+ \S+ (?:\S+ ){{9}}(?:ACCEPT|REJECT|-) (?:OK|NODATA|SKIPDATA)$")

_RAW = """
SELECT 1000 * TRY_CAST(@start@ AS BIGINT) AS first_at, 1000 * TRY_CAST(@end@ AS BIGINT) AS last_at,
       @source@ AS source_address, @srcport@ AS source_port, '' AS source_name,
       @target@ AS target_address, @dstport@ AS target_port, '' AS target_name, '' AS domain, @protocol@ AS proto,
       CASE @action@ WHEN 'ACCEPT' THEN 'forwarded' WHEN 'REJECT' THEN 'dropped' ELSE 'unknown' END AS verdict,
       @opened@ AS opened, @bytes@ AS bytes, @line@ AS line,
       CASE WHEN @status@ = 'NODATA' THEN '-intervals without traffic (NODATA)'
            WHEN @status@ = 'SKIPDATA' THEN '-intervals that AWS could not record (SKIPDATA)' END AS trouble
FROM @cells@ WHERE @first@ IS NULL OR @first@ <> @name@
"""


def recognises(head: str) -> bool:
    """Whether a text begins with a header of such a log, or with a record of the default format."""
    first = _first(head)
    words = first.split(" ")
    return ("srcaddr" in words and "dstaddr" in words) or _DEFAULT_LINE.match(first) is not None


def notes(fields: tuple[str, ...]) -> list[str]:
    """What a format leaves open."""
    found = []
    if "pkt-srcaddr" not in fields or "pkt-dstaddr" not in fields:
        found.append(
            "without pkt-srcaddr and pkt-dstaddr, secondary addresses of an interface, as pods have them on EKS, "
            "appear as its primary one: traffic of pods is that of their nodes"
        )
    if "tcp-flags" not in fields:
        found.append("without tcp-flags, who opened a connection is known by ports alone")
    return found


def fields_of(source: Source, given: str) -> tuple[str, ...]:
    """The fields of a log: by its header, as `given` in AWS' own spelling (``${version} ${srcaddr}``), or the default.

    Raises:
        FlowsError: a field that is needed is not there, or nothing says what the fields are.
    """
    first = _first(source.head)
    if "srcaddr" in first.split(" "):
        found = tuple(first.split(" "))
    elif given:
        found = tuple(word.strip("${}") for word in given.split())
    elif _DEFAULT_LINE.match(first) or not first:
        found = DEFAULT
    else:
        raise FlowsError("this log has no header and is not of the default format: give --vpc-format")
    found = tuple(word.replace("_", "-") for word in found)
    for needed in _NEEDED:
        if needed not in found and f"pkt-{needed}" not in found:
            raise FlowsError(f"the log has no field {needed}")
    return found


def records(source: Source, fields: tuple[str, ...]) -> str:
    """The records of a log with some fields."""
    stamped = re.match(_STAMP, _first(source.head)) is not None and fields[0] != "start"
    place = {name: f"c{number}" for number, name in reversed(list(enumerate(fields, 1 if stamped else 0)))}
    number = len(fields) + stamped
    header = next(name for name in ("srcaddr", "pkt-srcaddr") if name in place)
    flags = f"TRY_CAST({place['tcp-flags']} AS INTEGER)" if "tcp-flags" in place else ""
    raw = filled(
        _RAW,
        **{name: place.get(name, "NULL") for name in ("start", "end", "srcport", "dstport", "protocol", "bytes")},
        source=_either(place, "srcaddr"),
        target=_either(place, "dstaddr"),
        action=place.get("action", "''"),
        status=place.get("log-status", "''"),
        opened=by_flags(f"COALESCE({flags} & 2, 0) = 2", f"{flags} & 16 = 16", f"{place['protocol']} = '6'")
        if flags
        else "''",
        line=f"CONCAT_WS(' ', {', '.join(f'c{each}' for each in range(number))})",
        cells=cells(source, source.head.split(" "), number, " ", headed=False),
        first=place[header],
        name=text_literal(header),
    )
    return checked(raw)


def _either(place: dict[str, str], name: str) -> str:
    """The packet's address where it is recorded, else the interface's."""
    found = [f"NULLIF({place[each]}, '-')" for each in (f"pkt-{name}", name) if each in place]
    return f"COALESCE({', '.join(found)})"


def _first(head: str) -> str:
    return next((line.rstrip("\r") for line in head.split("\n") if line.strip()), "")
