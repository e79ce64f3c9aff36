"""The map as comma-separated values (RFC 4180), for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io

from crenel.output.reports import MapReport
from crenel.output.words import conditions_text, explicit, full_party

HEADER = ("source", "destination", "traffic", "certainty", "conditions", "family")


def render(report: MapReport) -> str:
    """Write all connections of a map under a header; a map by namespace has one more column, `extent`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    by_namespace = report.extents is not None
    writer.writerow([*HEADER, "extent"] if by_namespace else HEADER)
    extents = [(extent,) for extent in report.extents] if report.extents is not None else [()] * len(report.connections)
    writer.writerows(
        (
            full_party(each.sources),
            full_party(each.destinations),
            explicit(each.traffic),
            each.certainty,
            conditions_text(each.conditions),
            "" if each.family is None else f"IPv{each.family}",
            *extent,
        )
        for each, extent in zip(report.connections, extents, strict=True)
    )
    return text.getvalue()
