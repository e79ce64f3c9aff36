"""What can send or receive, and the registry that hands out its index."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.traffic import Match
from crenel.provenance import NOWHERE, Origin


class Kind(enum.Enum):
    """What sort of endpoint it is."""

    WORKLOAD = "workload"
    NODE = "node"
    BLOCK = "block"
    """A block of addresses that no rule of the input splits."""
    NAME = "name"
    """A DNS name, or a pattern of names, as a destination."""
    LOCAL = "local"
    """The node that the other end runs on: a relation, not a place."""


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One member of the network. Identical replicas are one endpoint.

    `name` is unique and is what reports print. `addresses` is None while they are not known; `ranges` is where they
    will lie then (empty: not known either). `hosted` endpoints share a node's network: no rule has them as subject.
    `nodes` are the names of the nodes it runs on, None while not placed.
    """

    name: str
    kind: Kind
    group: str = ""
    addresses: AddressSet | None = None
    ranges: AddressSet = AddressSet()
    families: tuple[Family, ...] = FAMILIES
    hosted: bool = False
    nodes: frozenset[str] | None = None
    replicas: int | None = None
    ports: tuple[tuple[str, int, int], ...] = ()
    """Named ports: (name, protocol, port); one name may stand for several."""
    listens: tuple[tuple[int, int], ...] = ()
    """Declared ports: (protocol, port)."""
    members: tuple[str, ...] = ()
    """Names of the replicas, where they are known."""
    origin: Origin = field(default=NOWHERE)

    @property
    def title(self) -> str:
        """What texts call it: its name, or its addresses when it is a block, whose name nobody would know."""
        return str(self.addresses) if self.kind is Kind.BLOCK else self.name

    def named(self, match: Match) -> tuple[Match, ...]:
        """What a port by name means at this endpoint: nothing if it declares no such port."""
        return tuple(
            Match(protocol, (port, port))
            for name, protocol, port in self.ports
            if name == match.name and match.protocol in (None, protocol)
        )


LOCAL_NODE = Endpoint("the pod's own node", Kind.LOCAL)


class Registry:
    """Hands out indices: once per name, never moved. Two networks that share one can be compared bit by bit."""

    def __init__(self) -> None:
        self._indices: dict[str, int] = {LOCAL_NODE.name: 0}

    def index(self, name: str) -> int:
        """The index of a name, a new one when it was never seen."""
        return self._indices.setdefault(name, len(self._indices))

    def known(self, name: str) -> int | None:
        """The index of a name, or None."""
        return self._indices.get(name)

    def __len__(self) -> int:
        return len(self._indices)
