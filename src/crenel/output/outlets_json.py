"""Where workloads can go outside of the cluster, as JSON; docs/json.md says in what shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crenel.output import schema
from crenel.output.reports import Context
from crenel.questions.exposure.outbound import Outlet


def render(outlets: Sequence[Outlet], assumptions: Sequence[str], context: Context) -> bytes:
    """Write all outlets."""
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "outlets",
            "outlets": list(map(_shape, outlets)),
            "assumptions": list(assumptions),
            "notices": schema.notices(context),
        }
    )


def _shape(outlet: Outlet) -> dict[str, Any]:
    return {
        "workload": outlet.workload,
        "to": outlet.where.value,
        "name": outlet.name or None,
        "family": f"IPv{outlet.family}",
        "state": outlet.state.value,
        "traffic": schema.ports(outlet.traffic),
        "possible": schema.ports(outlet.possible),
        "addresses": outlet.addresses.cidrs(),
        "lacks": list(outlet.lacks),
    }
