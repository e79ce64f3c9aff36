"""Which endpoints an address set or a peer description matches: surely, and possibly.

This is the only matcher of addresses. Networks use it for all endpoints at once, and again for one endpoint that a
question brings along.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable

from crenel.bits import span, union
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.rules import Peers


def name_matches(pattern: str, name: str) -> bool:
    """Whether a DNS name is covered by a name or a ``*.`` pattern: one or more whole labels, not the apex.

    The rule is that of ClusterNetworkPolicy v1alpha2 (clusternetworkpolicy_types.go:541-552). `name` may be a pattern
    itself; it is covered when all names it stands for are.
    """
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if pattern == name:
        return True
    return pattern.startswith("*.") and name.endswith(pattern[1:])


class Matcher:
    """Matches peers against a fixed set of endpoints, for one family or (None) for all at once.

    Results are bitsets (sure, possible) with sure a subset of possible.
    """

    def __init__(self, endpoints: Iterable[tuple[int, Endpoint]], family: Family | None = None) -> None:
        self._family = family
        self._everyone = 0
        self.reachable = 0
        """Those that have, or may get, an address of the family."""
        self.double = 0
        """Those of them that have the other family as well."""
        self.elsewhere = 0
        """The blocks and the names."""
        self._outside = 0
        self._named_ends: list[tuple[int, Endpoint]] = []
        self._placed: dict[Family, list[tuple[int, int]]] = {4: [], 6: []}
        self._blocks: dict[Family, list[tuple[int, int, int]]] = {4: [], 6: []}
        self._roaming: dict[tuple[tuple[Family, ...], AddressSet], int] = {}
        self._inside = 0
        self._several: dict[int, int] = {}
        self._memo: dict[tuple[AddressSet, bool], tuple[int, int]] = {}
        everyone, reachable, double, outside, inside = [], [], [], [], []
        for index, endpoint in endpoints:
            addressed = family is None or family in endpoint.families
            if not addressed and endpoint.kind is Kind.BLOCK:
                continue
            everyone.append(index)
            if addressed:
                reachable.append(index)
                if family is not None and len(endpoint.families) > 1:
                    double.append(index)
            if endpoint.kind is Kind.BLOCK:
                outside.append(index)
                self._add_block(index, endpoint)
            elif endpoint.kind is Kind.NAME:
                self._named_ends.append((index, endpoint))
            elif endpoint.kind is not Kind.LOCAL:
                if endpoint.kind is Kind.WORKLOAD and not endpoint.hosted:
                    inside.append(index)
                self._add_member(index, endpoint)
        self._everyone, self.reachable, self.double = union(everyone), union(reachable), union(double)
        self._outside, self._inside = union(outside), union(inside)
        self.elsewhere = self._outside | union(index for index, _ in self._named_ends)
        for each in FAMILIES:
            self._placed[each].sort()
            self._blocks[each].sort()

    @property
    def everyone(self) -> int:
        """All endpoints it knows."""
        return self._everyone

    def admit(self, other: Matcher) -> None:
        """Count the endpoints of another matcher among everyone; rules already matched stay as they are."""
        self._everyone |= other.everyone
        self.reachable |= other.reachable
        self.double |= other.double

    def _add_block(self, index: int, endpoint: Endpoint) -> None:
        assert endpoint.addresses is not None
        for family in endpoint.addresses.families():
            for first, last in endpoint.addresses.ranges(family):
                self._blocks[family].append((first, last, index))

    def _add_member(self, index: int, endpoint: Endpoint) -> None:
        if endpoint.addresses is None:
            kind = (endpoint.families, endpoint.ranges)
            self._roaming[kind] = self._roaming.get(kind, 0) | 1 << index
            return
        for family in endpoint.families:
            if self._family not in (None, family):
                continue
            for first, last in endpoint.addresses.ranges(family):
                self._placed[family] += [(value, index) for value in range(first, last + 1)]
        count = sum(endpoint.addresses.only(f).size() for f in endpoint.families if self._family in (None, f))
        if count > 1:
            self._several[index] = count

    def match(self, peers: Peers) -> tuple[int, int]:
        """The endpoints that a rule's peers match. Returns (sure, possible)."""
        sure, possible = self._matched(peers)
        return (sure, possible) if peers.doubt is None else (0, possible)

    def _matched(self, peers: Peers) -> tuple[int, int]:
        if peers.everyone:
            return self._everyone, self._everyone
        sure = peers.endpoints & self._everyone
        possible = sure | peers.possible & self._everyone
        if peers.addresses is not None:
            found, maybe = self.addresses(peers.addresses, peers.outside_only)
            sure |= found
            possible |= found | maybe
        if peers.names:
            found, maybe = self._named(peers.names)
            sure |= found
            possible |= found | maybe
        return sure, possible

    def addresses(self, wanted: AddressSet, outside_only: bool = False) -> tuple[int, int]:
        """The endpoints whose addresses lie in a set. Returns (sure, possible)."""
        key = (wanted, outside_only)
        if (known := self._memo.get(key)) is None:
            known = self._memo[key] = self._addresses(wanted, outside_only)
        return known

    def _addresses(self, wanted: AddressSet, outside_only: bool) -> tuple[int, int]:
        met: list[int] = []
        masks = 0
        for family in wanted.families():
            placed, blocks = self._placed[family], self._blocks[family]
            for first, last in wanted.ranges(family):
                start = bisect_left(placed, (first, -1))
                stop = bisect_right(placed, (last, 1 << 62))
                met += [index for _, index in placed[start:stop]]
                masks |= _blocks_between(blocks, first, last)
        possible = union(met) | masks
        known = possible & ~self._partly(met)
        for (families, ranges), roaming in self._roaming.items():
            certain, maybe = self._unplaced(families, ranges, wanted)
            known |= roaming if certain else 0
            possible |= roaming if maybe else 0
        for index, endpoint in self._named_ends:
            covered, met_at_all = self._name_in(endpoint.families, wanted)
            known |= covered << index
            possible |= met_at_all << index
        if outside_only:
            known &= ~self._inside
            possible &= ~self._inside
        return known, possible | known

    def _partly(self, met: list[int]) -> int:
        """Those met at some of their addresses only."""
        times = Counter(index for index in met if index in self._several)
        return union(index for index, count in times.items() if count < self._several[index])

    def _unplaced(self, families: tuple[Family, ...], ranges: AddressSet, wanted: AddressSet) -> tuple[bool, bool]:
        """Whether one without an address surely, possibly gets one in a set (DESIGN: pods without an address)."""
        certain, maybe = True, False
        for family in families:
            if self._family not in (None, family):
                continue
            own = ranges.only(family)
            if own:
                certain = certain and own <= wanted
                maybe = maybe or bool(own & wanted)
            else:
                certain = certain and wanted.covers(family)
                maybe = maybe or bool(wanted.only(family))
        return certain and maybe, maybe

    def _name_in(self, families: tuple[Family, ...], wanted: AddressSet) -> tuple[int, int]:
        """Whether a name that resolves in some families surely, possibly leads into a set."""
        asked = [family for family in families if self._family in (None, family)]
        maybe = any(wanted.only(family) for family in asked)
        return int(maybe and all(wanted.covers(family) for family in asked)), int(maybe)

    def _named(self, patterns: tuple[str, ...]) -> tuple[int, int]:
        sure = possible = 0
        for index, endpoint in self._named_ends:
            name = endpoint.name.removeprefix("dns:")
            if any(name_matches(pattern, name) for pattern in patterns):
                sure |= 1 << index
            elif any(name_matches(name, pattern) for pattern in patterns):
                possible |= 1 << index
        return sure, sure | possible | self._outside


def _blocks_between(blocks: list[tuple[int, int, int]], first: int, last: int) -> int:
    """The blocks inside a range. Blocks are cut on every boundary of the input, so none is half inside."""
    start = bisect_left(blocks, (first, -1, -1))
    stop = bisect_right(blocks, (last, last, 1 << 62))
    if start >= stop:
        return 0
    low, high = blocks[start][2], blocks[stop - 1][2]
    if high - low == stop - 1 - start:
        return span(low, high + 1)
    return union(index for _, _, index in blocks[start:stop])
