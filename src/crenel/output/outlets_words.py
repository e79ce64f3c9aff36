"""How reports write where workloads can go outside of the cluster."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.output.words import short_traffic
from crenel.questions.exposure.outbound import Outlet, Where
from crenel.questions.exposure.paths import State
from crenel.questions.verdict import Traffic

HEADER = ("WORKLOAD", "TO", "STATE", "TRAFFIC")


def rows(outlets: Sequence[Outlet], everything: Traffic) -> list[tuple[str, ...]]:
    """A row for each workload and sort of destination; two families that are alike share one."""
    grouped: dict[tuple[str, ...], list[int]] = {}
    for each in outlets:
        grouped.setdefault(_cells(each, everything), []).append(each.family)
    families = {number: {each.family for each in outlets if each.workload == number} for number in _names(outlets)}
    found: list[tuple[str, ...]] = []
    for (name, to, state, traffic), which in grouped.items():
        alone = f" (IPv{which[0]})" if len(which) < len(families[name]) else ""
        found.append((name, f"{to}{alone}", state, traffic))
    return found


def _names(outlets: Sequence[Outlet]) -> dict[str, None]:
    return dict.fromkeys(each.workload for each in outlets)


def _cells(outlet: Outlet, everything: Traffic) -> tuple[str, ...]:
    traffic = outlet.traffic if outlet.state is State.OPEN else outlet.possible
    return outlet.workload, target(outlet), outlet.state.value, short_traffic(traffic, everything)


def target(outlet: Outlet) -> str:
    """What sort of destination, or its name."""
    return f"dns:{outlet.name}" if outlet.where is Where.NAME else outlet.where.value
