"""The whole answer to the question what outside can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crenel.dialects import proxies
from crenel.dialects.joined import Joined
from crenel.questions.exposure.assumptions import Assumptions
from crenel.questions.exposure.closing import Setting, cheapest
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
    first = list(Walker(ground, assumed).paths())
    served = proxies.find(joined.proxies, joined.model.given.decoded, joined.model.scope, declared or {})
    paths = [*first, *Proxied(ground, served).paths(first)]
    assumptions = [*_chosen(assumed), *joined.infrastructure.assumptions]
    if joined.infrastructure.tiers:
        assumptions.append("firewalls let nodes hand on to pods on other nodes")
    return Exposure(paths, cheapest(paths), assumptions)


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
