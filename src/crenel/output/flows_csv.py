"""What was observed, as comma-separated values (RFC 4180)."""

from __future__ import annotations

import csv
import io

from crenel.network.traffic import protocol_name
from crenel.output.flows_words import FlowsReport, moment
from crenel.output.words import clean

HEADER = (
    "source", "destination", "protocol", "destination_port", "records", "bytes", "first", "last", "verdict", "ends",
    "domain", "addresses",
)  # fmt: skip


def render(report: FlowsReport) -> str:
    """Write the rows under a header; what is not known is empty. Crenel reads it back as flows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(
        (
            clean(row.source), clean(row.target), protocol_name(row.protocol), "" if row.port is None else row.port,
            row.count, "" if row.bytes is None else row.bytes, moment(row.first), moment(row.last), row.verdict.value,
            row.ends.value, clean(row.domain), row.addresses,
        )
        for row in report.observed.rows
    )  # fmt: skip
    return text.getvalue()
