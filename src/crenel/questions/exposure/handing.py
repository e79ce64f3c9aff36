"""Inside the infrastructure: from a node, or a proxy's pod, on to a pod that stands behind another interface.

Only pods whose addresses the network between machines knows are seen there; the tunnel of an overlay network hides all
others. What stays on one node meets no firewall between machines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crenel.dialects.joined import OWN
from crenel.network.addresses import Family
from crenel.network.traffic import Match
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.paths import NOBODY, Layer, Reach, State
from crenel.questions.exposure.trip import FIREWALL, Trip


class Handing:
    """Asks the firewalls between machines about connections that begin inside."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._homes = {
            name: node for node, names in ground.joined.machines.items() for name in names if not name.startswith(OWN)
        }

    def from_nodes(self, trip: Trip, nodes: Sequence[str]) -> Layer | None:
        """A layer for some nodes that hand on what they took; None where no firewall sees it, of one of them at least.

        Any node takes a connection, so it is enough that one of them gets through.
        """
        pod = trip.backend.endpoint
        ends = self._ends(pod) if pod is not None else []
        if not ends or {self._homes.get(_landlord(end)) for end in ends} & set(nodes):
            return None
        sources = [name for node in nodes for name in self.ground.joined.machines.get(node, ()) if name in self._homes]
        where = trip.destination(self.ground.network)
        return self._between(sources, ends, f"node {nodes[0]}", where, trip.family, trip.target) if sources else None

    def from_pod(self, source: int, target: int, family: Family, match: Match) -> Layer | None:
        """The same for the pods of a proxy."""
        sources, ends = self._ends(source), self._ends(target)
        if not sources or not ends or {_landlord(each) for each in sources} & {_landlord(each) for each in ends}:
            return None
        names = [self.ground.network.endpoints[each].name for each in (source, target)]
        return self._between(sources, ends, names[0], names[1], family, match)

    def _ends(self, pod: int) -> list[str]:
        """The interfaces that have the addresses of a pod, where filters stand at them."""
        return [name for name in self.ground.joined.tenants.get(pod, ()) if self.ground.guarded(name)]

    def _between(
        self, sources: Sequence[str], ends: Sequence[str], source: str, target: str, family: Family, match: Match
    ) -> Layer:
        reach, best = NOBODY, (sources[0], ends[0])
        for pair, found in self._asked(sources, ends, family, match):
            if found.possible and not reach.possible:
                best = pair
            reach |= found
            if reach.state is State.OPEN:
                best = pair
                break
        index, (first, last) = self.ground.wire.index, best
        lacks = f"what the filters between {first} and {last} do with it" if reach.state is State.POSSIBLE else ""
        return Layer(
            FIREWALL, f"{source} to {target}", reach, f"from {first} to {last}", lacks,
            lambda: self.ground.firewall_steps(index(first), last, family, match),
        )  # fmt: skip

    def _asked(
        self, sources: Iterable[str], ends: Sequence[str], family: Family, match: Match
    ) -> Iterator[tuple[tuple[str, str], Reach]]:
        for source in sources:
            for end in ends:
                yield (source, end), self.ground.between(self.ground.wire.index(source), end, family, match)


def _landlord(tenant: str) -> str:
    """The interface that a tenant's addresses are on; its own one (`crenel.dialects.joined`)."""
    return tenant.rpartition(" at ")[2]
