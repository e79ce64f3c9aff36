"""The proof: what is written is read back by our own loader, and what it allows is compared with the needs.

Asked is the model: for every workload of the hardened namespaces who reaches it and whom it reaches, with what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import filterfalse

from crenel.bits import members, union
from crenel.dialects.foreign import is_cluster_wide, is_foreign
from crenel.dialects.model import Input, Model, build_alike
from crenel.dialects.understood import is_understood
from crenel.harden.needs.ground import governed
from crenel.harden.needs.model import Everybody, Named, Need
from crenel.harden.policies.masks import Masks, address_cuts
from crenel.harden.policies.model import Written
from crenel.kubernetes.decode import Decoded, decode
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.operators import is_predictable
from crenel.network.endpoints import Kind
from crenel.network.network import by_member
from crenel.network.traffic import ALL
from crenel.provenance import NOWHERE, Problem
from crenel.sources.document import Document, Reading
from crenel.sources.manifests import ManifestReader


@dataclass(frozen=True, slots=True)
class Excess:
    """Something that is allowed and that no need asks for. `sources` and `targets` are sets of endpoints."""

    sources: int
    targets: int
    traffic: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of the comparison, with the models before and after."""

    before: Model
    after: Model
    missing: tuple[Need, ...]
    """Needs that are not allowed."""
    doubtful: tuple[Need, ...]
    """Needs that are allowed unless something holds that the input does not say."""
    excess: tuple[Excess, ...]
    problems: tuple[Problem, ...] = ()
    """What is wrong with the written text, which would be a mistake of ours."""


def documents_of(written: Iterable[Written]) -> tuple[list[Document], list[Problem]]:
    """The objects of what was written, as our loader finds them, and what it complains about."""
    reader, total = ManifestReader(), Reading()
    for each in written:
        total.extend(reader.read(each.path, each.text.encode()))
    return total.documents, total.problems


def read_back(written: Iterable[Written]) -> Decoded:
    """Read what was written as any other input is read."""
    documents, problems = documents_of(written)
    decoded = decode(documents, foreign=is_foreign, predictable=is_predictable, cluster_wide=is_cluster_wide)
    decoded.problems[:0] = problems
    return decoded


def with_written(given: Input, found: Decoded) -> Input:
    """An input with what was written."""
    decoded = given.decoded
    return replace(
        given,
        decoded=replace(
            decoded,
            network_policies=[*decoded.network_policies, *found.network_policies],
            admin_policies=[*decoded.admin_policies, *found.admin_policies],
            foreign_policies=[*decoded.foreign_policies, *found.foreign_policies],
        ),
    )


def prove(
    given: Input, kept: Input, written: Sequence[Written], needs: Sequence[Need], namespaces: Sequence[str]
) -> Proof:
    """Compare what is allowed with what is needed, over the workloads of some namespaces.

    `given` is the input as it is, `kept` what of it stays, to which what was `written` is added.
    """
    found = read_back(written)
    cuts = address_cuts(needs)
    before, after = build_alike([given, with_written(kept, found)], further=lambda _: cuts)
    asked = _Asked(after, needs, namespaces)
    missing, doubtful = asked.judged()
    problems = (*found.problems, *map(_unread, filterfalse(is_understood, found.foreign_policies)))
    return Proof(before, after, tuple(missing), tuple(doubtful), tuple(asked.excess()), problems)


def _unread(policy: ForeignPolicy) -> Problem:
    return Problem(f"{policy.title} is not read back", policy.origin or NOWHERE)


class _Asked:
    def __init__(self, model: Model, needs: Sequence[Need], namespaces: Sequence[str]) -> None:
        self._network = model.network
        self._masks = Masks(model)
        self._needs = [need for need in needs if self._masks.of(need.source) and self._masks.of(need.target)]
        groups = model.scope.groups
        self._inside = union(i for i, each in groups.items() if governed(each, namespaces))
        endpoints = self._network.endpoints
        floating = (i for i, each in endpoints.items() if each.hosted and not each.addresses)
        self._floating = union(floating) | self._network.of_kind(Kind.NAME)
        """Those whose address is not known, a node's or a name's: rules by addresses cannot certainly mean them."""
        hosts = union(i for i, each in endpoints.items() if each.kind is Kind.NODE or each.hosted)
        self._by_address = hosts | self._network.of_kind(Kind.BLOCK)
        everyone = self._network.of_kind(Kind.WORKLOAD, Kind.NODE, Kind.BLOCK, Kind.NAME)
        self._sure: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        """By (view, target) who reaches it with what; a view is an address family where those differ."""
        self._possible: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for number, view in enumerate(self._network.views):
            for region in self._network.solve(view, everyone & ~self._network.of_kind(Kind.NAME), everyone):
                into = self._sure if region.sure else self._possible
                for target in members(region.destinations):
                    sources = region.sources if self._inside >> target & 1 else region.sources & self._inside
                    if sources:
                        into[number, target].append((sources, region.traffic))

    def judged(self) -> tuple[list[Need], list[Need]]:
        """The needs that are denied in some pair of their ends, and those that are allowed only perhaps."""
        missing: list[Need] = []
        doubtful: list[Need] = []
        for need in self._needs:
            targets = self._masks.of(need.target)
            if isinstance(need.target, Everybody):
                targets &= ~self._inside  # who reaches these, their own needs say
            views = range(len(self._network.views))
            states = {self._judged(need, view, target) for target in members(targets) for view in views}
            if None in states:
                missing.append(need)
            elif False in states:
                doubtful.append(need)
        return missing, doubtful

    def _judged(self, need: Need, view: int, target: int) -> bool | None:
        """Whether a need is surely allowed at one target in one view; None where it is denied to somebody."""
        place, wanted, left = (view, target), self._wanted(need), self._relevant(need, view, target)
        for sources, traffic in self._sure.get(place, ()):
            left &= ~sources if not wanted & ~traffic else -1
        if not left:
            return True
        perhaps = 0
        for sources, traffic in by_member([*self._sure.get(place, ()), *self._possible.get(place, ())]):
            perhaps |= sources if not wanted & ~traffic else 0
        if left & ~perhaps:
            return None
        return bool(self._floating >> target & 1) or not left & ~self._floating

    def _relevant(self, need: Need, view: int, target: int) -> int:
        """The sources of a need that are asked about at one target: those of which one end is hardened, not itself."""
        seen = self._network.views[view]
        if not seen.destinations >> target & 1:
            return 0
        sources = self._masks.of(need.source) & seen.sources_of(target)
        if not self._inside >> target & 1:
            sources &= self._inside
        if isinstance(need.source, Everybody):
            sources &= ~self._inside  # whom these reach, their own needs say
        sources &= ~self._apart(sources, target)
        return sources & ~(1 << target) if self._network.endpoints[target].replicas in (0, 1) else sources

    def _apart(self, sources: int, target: int) -> int:
        """Those that are known by addresses alone, none of a family that the target has: no rule names them to it."""
        own = self._network.endpoints[target].addresses
        if not own:
            return 0
        found = ((each, self._network.endpoints[each].addresses) for each in members(sources & self._by_address))
        return union(each for each, has in found if has and not set(has.families()) & set(own.families()))

    def _wanted(self, need: Need) -> int:
        mask = ALL if need.traffic is None else self._network.table.mask(need.traffic)
        return mask & self._network.table.everything

    def excess(self) -> Iterator[Excess]:
        """What is allowed beyond the needs."""
        wanted: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for need in self._needs:
            for target in members(self._masks.of(need.target)):
                wanted[target].append((self._masks.of(need.source), self._wanted(need)))
        named = [need for need in self._needs if isinstance(need.target, Named)]
        implied = [(self._masks.of(need.source), self._wanted(need)) for need in named]
        for target in members(self._network.of_kind(Kind.BLOCK)) if implied else ():
            wanted[target] += implied  # the addresses that the names may have
        found: dict[tuple[int, int, bool], int] = defaultdict(int)
        for sure, allowed in ((True, self._sure), (False, self._possible)):
            for (_, target), parts in allowed.items():
                for sources, traffic in _minus(parts, wanted.get(target, ())):
                    kept = sources & ~(1 << target) if self._network.endpoints[target].replicas in (0, 1) else sources
                    if kept:
                        found[kept, traffic, sure] |= 1 << target
        for (sources, traffic, sure), targets in found.items():
            yield Excess(sources, targets, traffic, sure)


def _minus(parts: Sequence[tuple[int, int]], wanted: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What some (members, traffic) have beyond others."""
    asked = by_member(wanted)
    for who, what in by_member(parts):
        left = who
        for also, too in asked:
            if common := left & also:
                if rest := what & ~too:
                    yield common, rest
                left &= ~also
        if left:
            yield left, what
