"""Names for sets of endpoints, as short as they can be: ``shop/web``, ``shop/*``, ``* except kube-system/*``, CIDRs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from crenel.bits import key, members, union
from crenel.network.addresses import AddressSet
from crenel.network.endpoints import Kind
from crenel.network.network import Network

_HANDFUL = 4
EVERY = "*"
"""All workloads."""


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a connection: the union of `names` without `exceptions`.

    A name is an endpoint, ``NAMESPACE/*``, ``*`` (every workload), ``node/*``, a CIDR or ``dns:NAME``.
    """

    names: tuple[str, ...]
    exceptions: tuple[str, ...] = ()
    outside: bool = False
    """Whether it is made of addresses or DNS names."""

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What to sort parties by; cheaper than comparing them."""
        return self.names, self.exceptions

    @property
    def single(self) -> bool:
        """Whether it is exactly one endpoint or one CIDR."""
        return len(self.names) == 1 and not self.exceptions and not self.names[0].endswith("*")

    def __str__(self) -> str:
        text = ", ".join(self.names)
        return f"{text} except {', '.join(self.exceptions)}" if self.exceptions else text


class Parties:
    """Splits sets of endpoints into classes that can be named, and names them."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[tuple[int, int], Party] = {}

    @cached_property
    def workloads(self) -> int:
        """All workloads."""
        return self._network.of_kind(Kind.WORKLOAD)

    @cached_property
    def nodes(self) -> int:
        """All nodes."""
        return self._network.of_kind(Kind.NODE)

    @cached_property
    def blocks(self) -> int:
        """The blocks outside, of the families that the cluster or its rules speak of."""
        families = set(self._network.blueprint.spoken_families())
        return union(
            index
            for index, endpoint in self._network.endpoints.items()
            if endpoint.kind is Kind.BLOCK and families & set(endpoint.families)
        )

    @cached_property
    def names(self) -> int:
        """The DNS names that rules mention; those that questions brought along are nobody else's concern."""
        return self._network.of_kind(Kind.NAME) & self._network.native

    @cached_property
    def groups(self) -> dict[str, int]:
        """The workloads of each namespace."""
        found: dict[str, list[int]] = defaultdict(list)
        for index in members(self.workloads):
            found[self._network.endpoints[index].group].append(index)
        return {group: union(found[group]) for group in sorted(found)}

    def classes(self, mask: int) -> list[int]:
        """Split a set into workloads, nodes, blocks and names; empty parts are left out."""
        return [
            part for part in (mask & self.workloads, mask & self.nodes, mask & self.blocks, mask & self.names) if part
        ]

    def expanded(self, mask: int) -> list[Party]:
        """One party per endpoint; blocks are joined into the shortest CIDRs."""
        if mask & self.blocks:
            return [Party((cidr,), outside=True) for cidr in self.addresses(mask).cidrs()]
        return [Party((name,), outside=bool(mask & self.names)) for name in self._sorted(mask)]

    def named(self, mask: int) -> Party:
        """One party for a whole set of one class."""
        wanted = key(mask)
        if (known := self._known.get(wanted)) is None:
            known = self._known[wanted] = self._named(mask)
        return known

    def _named(self, mask: int) -> Party:
        if mask & self.blocks:
            cidrs, holes = self.addresses(mask).written()
            return Party(tuple(cidrs), tuple(holes), outside=True)
        if mask & self.workloads:
            return self._workload_party(mask)
        if mask & self.nodes and mask == self.nodes and mask.bit_count() > 1:
            return Party(("node/*",))
        return Party(tuple(self._sorted(mask)), outside=bool(mask & self.names))

    def members(self, party: Party, within: int) -> int:
        """Who of a set a party made from it stands for."""
        if len(party.names) > 1 or party.exceptions:
            return within
        name = party.names[0]
        if name.endswith("/*") and name[:-2] in self.groups:
            return self.groups[name[:-2]] & within
        index = self._network.blueprint.registry.known(name)
        return 1 << index & within if index is not None else within

    def addresses(self, mask: int) -> AddressSet:
        """The addresses of some blocks."""
        v4: list[tuple[int, int]] = []
        v6: list[tuple[int, int]] = []
        for index in members(mask & self.blocks):
            found = self._network.endpoints[index].addresses or AddressSet()
            v4 += found.v4
            v6 += found.v6
        return AddressSet() | AddressSet(tuple(v4), tuple(v6))

    def _sorted(self, mask: int) -> list[str]:
        return sorted(self._network.endpoints[index].name for index in members(mask))

    def _workload_party(self, mask: int) -> Party:
        if mask.bit_count() == 1:
            return Party(tuple(self._sorted(mask)))
        if mask == self.workloads:
            return Party((EVERY,))
        if (few := self._few(mask)) is not None:
            return Party(tuple(few))
        if 2 * mask.bit_count() > self.workloads.bit_count():
            plain, rest = self._terms(mask), self._terms(self.workloads & ~mask)
            if len(rest) + 1 < len(plain):
                return Party((EVERY,), tuple(rest))
        return self._with_holes(mask)

    def _few(self, mask: int) -> list[str] | None:
        """The names of a handful of workloads, none of which make up half of their namespace; the usual case."""
        if mask.bit_count() > _HANDFUL:
            return None
        chosen = [self._network.endpoints[index] for index in members(mask)]
        if any(self._sizes[each.group] <= 2 * len(chosen) for each in chosen):
            return None
        return sorted(each.name for each in chosen)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {group: inside.bit_count() for group, inside in self.groups.items()}

    def _met(self, mask: int) -> list[tuple[str, int]]:
        """The namespaces that a set has members in."""
        if mask.bit_count() >= len(self.groups):
            return [(group, inside) for group, inside in self.groups.items() if mask & inside]
        names = {self._network.endpoints[index].group for index in members(mask)}
        return [(group, self.groups[group]) for group in sorted(names)]

    def _terms(self, mask: int) -> list[str]:
        """Whole namespaces and single workloads that add up to a set."""
        return [term for group, inside in self._met(mask) for term in self._plain(group, mask & inside, inside)]

    def _plain(self, group: str, common: int, inside: int) -> list[str]:
        if common == inside and inside.bit_count() > 1:
            return [f"{group}/*"]
        return self._sorted(common)

    def _with_holes(self, mask: int) -> Party:
        """Use ``NAMESPACE/* except ...`` for each namespace where that is shorter."""
        names: list[str] = []
        holes: list[str] = []
        for group, inside in self._met(mask):
            common, missing = mask & inside, inside & ~mask
            if missing and missing.bit_count() + 1 < common.bit_count():
                names.append(f"{group}/*")
                holes += self._sorted(missing)
            else:
                names += self._plain(group, common, inside)
        return Party(tuple(names), tuple(holes))
