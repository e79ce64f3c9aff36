"""Who comes to a workload from outside of the cluster, and how that is known."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from crenel.dialects.destinations import PRIVATE
from crenel.dialects.entries import Entry
from crenel.flows.observed import Observed, Verdict
from crenel.harden.needs.model import Evidence, EvidenceKind, Need, Outside, Pods
from crenel.harden.services.context import Context
from crenel.network.addresses import FAMILIES, INTERNET, AddressSet
from crenel.network.endpoints import Endpoint
from crenel.network.traffic import Match, TrafficTable


class Known(enum.Enum):
    """How it is known who comes."""

    DECLARED = "declared"
    OBSERVED = "observed"
    NOT = "not known"


@dataclass(frozen=True, slots=True)
class Clients:
    """Who comes from outside: all of `addresses` have to get there, and nobody else.

    `bound` says that the addresses are those that may come by the intents, rather than some that somebody named.
    `strays` were seen to come though nobody declared them.
    """

    known: Known
    addresses: AddressSet
    evidence: tuple[Evidence, ...]
    bound: bool = False
    strays: AddressSet = AddressSet()
    hidden: bool = False
    """Whether some were seen behind the address of a node, so that nobody knows who they are."""

    @property
    def public(self) -> bool:
        """Whether the whole internet is among them."""
        return any(INTERNET.only(family) <= self.addresses for family in FAMILIES if self.addresses.only(family))


class Coming:
    """Answers who comes, by the needs of one context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._gathered = context.gathered
        self.private = PRIVATE | context.wishes.internal
        """The user's own networks."""

    def to(self, entries: Iterable[Entry]) -> Clients:
        """Who comes to what stands behind some ways in."""
        targets = self._targets(entries)
        needs = [each for pods, ports in targets.items() for each in _meeting(self._needs[pods], ports)]
        declared = list(_with(needs, EvidenceKind.DECLARED))
        observed = list(_with(needs, EvidenceKind.OBSERVED))
        forbidden = list(self._forbidding(targets))
        nodes = self._gathered.ground.node_addresses
        seen = _union(each for each, _ in observed) - nodes
        if declared:
            wanted = _union(each for each, _ in declared)
            evidence = [*_evidence(declared), *forbidden]
            return Clients(Known.DECLARED, wanted, tuple(evidence), strays=seen - wanted)
        if forbidden:
            bound = _union(need.source.addresses for need in needs if isinstance(need.source, Outside))
            return Clients(Known.DECLARED, bound, tuple(forbidden), bound=True)
        if self.long_enough:
            hidden = any(each <= nodes for each, _ in observed)
            return Clients(Known.OBSERVED, seen, tuple(_evidence(observed)), hidden=hidden)
        return Clients(Known.NOT, AddressSet(), tuple(_evidence(observed)))

    def _targets(self, entries: Iterable[Entry]) -> dict[Pods, list[Match]]:
        """The workloads behind some ways in, with the ports of their pods."""
        found: dict[Pods, list[Match]] = defaultdict(list)
        for backend in (each for entry in entries for each in entry.backends if each.endpoint is not None):
            pods = self._names.get(self._endpoints[backend.endpoint or 0].name)
            if pods is not None:
                found[pods] += backend.traffic
        return found

    @cached_property
    def _endpoints(self) -> Mapping[int, Endpoint]:
        return self._context.subject.network.endpoints

    @cached_property
    def _names(self) -> Mapping[str, Pods]:
        ground = self._gathered.ground
        endpoints = ground.model.network.endpoints
        return {endpoints[index].name: pods for pods, indices in ground.owners.items() for index in indices}

    @cached_property
    def _needs(self) -> Mapping[Pods, Sequence[Need]]:
        """The needs of those outside, by whom they need."""
        return _by_target(self._gathered.needs.needs)

    @cached_property
    def _forbidden(self) -> Mapping[Pods, Sequence[Need]]:
        return _by_target(each.need for each in self._gathered.conflicts)

    def _forbidding(self, targets: Mapping[Pods, list[Match]]) -> Iterator[Evidence]:
        """The statements by which some of those who come may not."""
        met = {each for pods, ports in targets.items() for each in _meeting(self._forbidden[pods], ports)}
        for conflict in self._gathered.conflicts:
            if conflict.need in met:
                statement = conflict.statement
                text = f"intent {statement.title} forbids others"
                yield Evidence(EvidenceKind.DECLARED, text, statement.origin, statement.field)

    @property
    def long_enough(self) -> bool:
        """Whether it was observed for so long that who was not seen is taken not to come."""
        rows = self._context.wishes.observed
        first = min((row.first for row in rows if row.first is not None), default=None)
        last = max((row.last for row in rows if row.last is not None), default=None)
        return first is not None and last is not None and last - first >= self._context.wishes.least

    def window(self) -> Evidence:
        """From when to when it was observed."""
        rows = self._context.wishes.observed
        first = min(row.first for row in rows if row.first is not None)
        last = max(row.last for row in rows if row.last is not None)
        return Evidence(EvidenceKind.OBSERVED, f"flows from {first:%Y-%m-%d} to {last:%Y-%m-%d}")

    def at_nodes(self, ports: Iterable[int]) -> list[Observed]:
        """The connections to some ports of nodes that were seen, and not dropped."""
        wanted = set(ports)
        rows = self._context.wishes.observed
        return [
            row
            for row in rows
            if row.verdict is not Verdict.DROPPED and row.port in wanted and row.target.startswith("node/")
        ]


def _by_target(needs: Iterable[Need]) -> Mapping[Pods, Sequence[Need]]:
    found: dict[Pods, list[Need]] = defaultdict(list)
    for need in needs:
        if isinstance(need.source, Outside) and isinstance(need.target, Pods):
            found[need.target].append(need)
    return found


def _meeting(needs: Sequence[Need], ports: Sequence[Match]) -> Iterator[Need]:
    """The needs that are for some ports of a workload, or for any."""
    table = TrafficTable([*ports, *(each.traffic for each in needs if each.traffic is not None)])
    wanted = table.sum(ports)
    yield from (each for each in needs if each.traffic is None or table.mask(each.traffic) & wanted)


def _with(needs: Iterable[Need], kind: EvidenceKind) -> Iterator[tuple[AddressSet, Evidence]]:
    for need in needs:
        for each in need.evidence:
            if each.kind is kind and isinstance(need.source, Outside):
                yield need.source.addresses, each


def _evidence(pairs: Iterable[tuple[AddressSet, Evidence]]) -> Iterator[Evidence]:
    yield from dict.fromkeys(each for _, each in pairs)


def _union(sets: Iterable[AddressSet]) -> AddressSet:
    found = AddressSet()
    for each in sets:
        found |= each
    return found
