"""The whole answer to the question what outside can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crenel.dialects import proxies
from crenel.dialects.joined import Joined
from crenel.network.endpoints import Kind
from crenel.questions.exposure.assumptions import Assumptions
from crenel.questions.exposure.closing import Setting, cheapest
from crenel.questions.exposure.fronted import Fronted
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.paths import Path, State
from crenel.questions.exposure.proxied import Proxied
from crenel.questions.exposure.walking import Walker


@dataclass(frozen=True, slots=True)
class Exposure:
    """All paths from the internet, each with the setting that closes it, and what the answer rests on."""

    paths: Sequence[Path]
    closings: Sequence[Setting | None]
    assumptions: Sequence[str] = ()

    def count(self, state: State) -> int:
        """How many paths are in a state."""
        return sum(path.state is state for path in self.paths)


def exposure(joined: Joined, assumed: Assumptions, declared: Mapping[str, tuple[str, str]] | None = None) -> Exposure:
    """Walk all ways in, and through proxies on. `declared` has who serves a proxy (`crenel.dialects.proxies.find`)."""
    ground = Ground(joined)
    walker = Walker(ground, assumed)
    first = list(walker.paths())
    served = proxies.find(joined.proxies, joined.model.given.decoded, joined.model.scope, declared or {})
    proxied = Proxied(ground, served)
    paths = [*first, *proxied.paths(first), *Fronted(walker, proxied, served).paths()]
    assumptions = [*_chosen(assumed), *joined.infrastructure.assumptions]
    if joined.infrastructure.tiers and _has_own_network(joined):
        assumptions.append("firewalls let the packets of the pods' own network through between nodes")
    return Exposure(paths, cheapest(paths), assumptions)


def _has_own_network(joined: Joined) -> bool:
    """Whether pods have addresses that the infrastructure does not know, or none yet."""
    endpoints = joined.model.network.endpoints.items()
    pods = [index for index, each in endpoints if each.kind is Kind.WORKLOAD and not each.hosted]
    return any(index not in joined.tenants for index in pods)


def within(report: Exposure, namespaces: Sequence[str]) -> Exposure:
    """The paths that lead into some namespaces; all of them where none is named."""
    if not namespaces:
        return report
    pairs = [
        (path, closing)
        for path, closing in zip(report.paths, report.closings, strict=True)
        if path.target.split("/")[0] in namespaces
    ]
    return Exposure([path for path, _ in pairs], [closing for _, closing in pairs], report.assumptions)


def _chosen(assumed: Assumptions) -> list[str]:
    """What the user assumed, in words."""
    texts = {
        "load balancers of which the input does not tell face the internet": assumed.internet_facing,
        "nodes of which the input does not tell have public addresses": assumed.public_nodes,
        "nothing filters in front of nodes for which the input has no firewall": assumed.unfiltered,
    }
    return [f"{'' if holds else 'it is not so that '}{text}" for text, holds in texts.items() if holds is not None]
