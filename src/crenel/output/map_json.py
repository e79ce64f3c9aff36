"""The map as JSON."""

from __future__ import annotations

from crenel.output import schema
from crenel.output.reports import MapReport


def render(report: MapReport) -> bytes:
    """Write all of a map; `schema` says in what shape."""
    links = list(schema.links(report.connections))
    for link, extent in zip(links, report.extents or (), strict=False):
        link.extent = extent
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "map",
            "by": "workload" if report.extents is None else "namespace",
            "workloads": list(report.workloads),
            "connections": links,
            "enforcement": {
                "cni": report.enforcement.cni,
                "evidence": list(report.enforcement.evidence),
                "enforced": dict(report.enforcement.enforced),
            },
            "notices": schema.notices(report.context),
        }
    )
