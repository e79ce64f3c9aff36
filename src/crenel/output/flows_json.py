"""What was observed, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from crenel.flows.observed import Observations, Observed
from crenel.network.traffic import protocol_name
from crenel.output import schema
from crenel.output.flows_words import FlowsReport, moment
from crenel.output.words import NO_PORTS, clean


class ObservedRow(msgspec.Struct):
    """One row; `records` counts the records of both directions."""

    source: str
    destination: str
    traffic: list[schema.Ports]
    records: int
    bytes: int | None
    first: str | None
    last: str | None
    verdict: str
    ends: str
    domain: str | None
    addresses: int


def render(report: FlowsReport) -> bytes:
    """Write all that was observed, and what could not be used."""
    observed = report.observed
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "flows",
            "observed": [shaped(row) for row in observed.rows],
            **reading(observed),
            "notices": schema.notices(report.context),
        }
    )


def shaped(row: Observed) -> ObservedRow:
    """Shape a row."""
    return ObservedRow(
        clean(row.source),
        clean(row.target),
        [schema.Ports(protocol_name(row.protocol), NO_PORTS if row.port is None else str(row.port))],
        row.count,
        row.bytes,
        when(row.first),
        when(row.last),
        row.verdict.value,
        row.ends.value,
        clean(row.domain) or None,
        row.addresses,
    )


def when(value: datetime | None) -> str | None:
    """Shape a time."""
    return moment(value) or None


def reading(observed: Observations) -> dict[str, Any]:
    """Shape what was read, and what of it could not be used."""
    return {
        "first": when(observed.first),
        "last": when(observed.last),
        "read": [
            {
                "source": clean(each.source),
                "format": each.format,
                "records": each.taken,
                "skipped": [{"reason": reason, "records": number} for reason, number in each.skipped],
                "bad": each.bad,
                "examples": [
                    {"file": clean(one.file), "line": one.line, "text": clean(one.text), "reason": clean(one.reason)}
                    for one in each.examples
                ],
                "notes": list(each.notes),
            }
            for each in observed.read
        ],
        "failed": [{"source": clean(source), "reason": clean(why)} for source, why in observed.failed],
        "unmapped": [{"end": clean(each.end), "records": each.count} for each in observed.unmapped],
        "notes": list(observed.notes),
    }
