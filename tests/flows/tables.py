"""Observations as tests compare them."""

from __future__ import annotations

from crenel.flows.observed import Observations
from crenel.network.traffic import protocol_name
from flows.samples import Row


def rows_of(found: Observations) -> list[Row]:
    """Each row as (source, target, traffic, records, verdict, ends)."""
    return [
        (
            row.source, row.target,
            protocol_name(row.protocol) + ("" if row.port is None else f"/{row.port}"),
            row.count, row.verdict.value, row.ends.value,
        )
        for row in found.rows
    ]  # fmt: skip
