"""Needs that intents declare, and needs that they forbid.

``allow`` is a need. What ``deny``, ``only`` and ``isolated`` speak of is taken out of all other needs, those that
``allow`` declares included: each time that is a conflict, which is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from crenel.bits import members
from crenel.dialects.assemble import Assembly
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import (
    Basket,
    End,
    Everybody,
    Evidence,
    EvidenceKind,
    Named,
    Need,
    Needs,
    Outside,
    Pods,
    Traffic,
)
from crenel.intents import Allow, Deny, Intents, Isolated, Only, Statement, Way
from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.endpoints import Kind
from crenel.network.network import Cuts
from crenel.network.traffic import ALL, Match
from crenel.provenance import Problem
from crenel.questions.directory import Directory
from crenel.questions.proving.ends import Aim, EndError, Ends
from crenel.questions.proving.prove import where


@dataclass(frozen=True, slots=True)
class Conflict:
    """A need that a statement forbids, and that was left out for it."""

    need: Need
    statement: Statement


def cuts(declared: Intents) -> _Cutter:
    """Where a model has to be cut so that intents can be asked about."""
    return _Cutter(declared)


class _Cutter:
    def __init__(self, declared: Intents) -> None:
        self._declared = declared

    def __call__(self, assembly: Assembly) -> Cuts:
        found = where(self._declared.statements)(assembly)
        return replace(found, addresses=found.addresses | {INTERNET - assembly.blueprint.inside})


class Declared:
    """The statements of some intents, against one model that is cut where they cut."""

    def __init__(self, ground: Ground, declared: Intents, outside: End) -> None:
        self._ground = ground
        self._network = ground.model.network
        self._ends = Ends(Directory(ground.model))
        self._statements = declared.statements
        self._outside = outside
        self.problems: list[Problem] = []

    def allowed(self, basket: Basket) -> None:
        """Add what ``allow`` says."""
        for each in self._statements:
            if isinstance(each, Allow):
                try:
                    self._allow(each, basket)
                except EndError as error:
                    self.problems.append(Problem(str(error), each.origin, error.field))

    def _allow(self, statement: Allow, basket: Basket) -> None:
        evidence = Evidence(EvidenceKind.DECLARED, f"intent {statement.title}", statement.origin, statement.field)
        found = self._ends.sources(statement.sources, internet=True)
        paths = [part for part in statement.targets if "://" in part.text]
        targets = self._ends.targets(tuple(part for part in statement.targets if part not in paths))
        for text in (*found.missing, *targets.missing, *targets.lost):
            basket.remark(f"intent {statement.title}", text, statement.origin, statement.field)
        sources = [*self._named(found.chosen.everyone), *([self._outside] if found.internet else [])]
        for aim in targets.aims:
            for target in self._named(aim.chosen.everyone):
                for source in sources:
                    if isinstance(source, Pods) or isinstance(target, Pods):
                        basket.add(source, target, aim.matches if aim.matches is not None else [None], evidence)

    def _named(self, mask: int) -> Iterator[End]:
        """A set of endpoints as ends."""
        addresses = AddressSet()
        nodes = AddressSet()
        seen: set[Pods] = set()
        for index in members(mask):
            endpoint = self._network.endpoints[index]
            if endpoint.kind is Kind.WORKLOAD:
                pods = self._ground.of(index)
                if pods not in seen:
                    seen.add(pods)
                    yield pods
            elif endpoint.kind is Kind.NAME:
                yield Named(endpoint.name.removeprefix("dns:"))
            elif endpoint.kind is Kind.NODE:
                nodes |= endpoint.addresses or AddressSet()
            elif endpoint.addresses is not None:
                addresses |= endpoint.addresses
        if nodes:
            yield Outside(nodes, "the nodes")
        if addresses:
            yield Outside(addresses)

    def without_forbidden(self, needs: Needs) -> tuple[Needs, tuple[Conflict, ...]]:
        """The needs that no statement forbids, and those that one does."""
        bans = list(self._bans())
        if not bans:
            return needs, ()
        kept: list[Need] = []
        conflicts: list[Conflict] = []
        for need in needs.needs:
            left = [need]
            broken: dict[int, Statement] = {}  # by identity: selectors in statements have no hash
            for ban in bans:
                after = [part for each in left for part in self._less(each, ban)]
                if after != left:
                    broken.setdefault(id(ban.statement), ban.statement)
                left = after
            kept += left
            conflicts += (Conflict(need, each) for each in broken.values())
        return replace(needs, needs=tuple(kept)), tuple(conflicts)

    def _bans(self) -> Iterator[_Ban]:
        for each in self._statements:
            try:
                if isinstance(each, Deny | Only):
                    yield from self._between(each)
                elif isinstance(each, Isolated):
                    yield self._border(each)
            except EndError as error:
                self.problems.append(Problem(str(error), each.origin, error.field))

    def _between(self, statement: Deny | Only) -> Iterator[_Ban]:
        sources = self._ends.sources(statement.sources, internet=True)
        who = sources.chosen.everyone | (self._blocks(INTERNET) if sources.internet else 0)
        targets = self._ends.targets(tuple(part for part in statement.targets if "://" not in part.text))
        for aim in targets.aims:
            if isinstance(statement, Deny):
                yield _Ban(statement, who, aim.chosen.everyone, aim.traffic)
            else:
                yield _Ban(statement, ~who, aim.chosen.everyone, aim.traffic)

    def _border(self, statement: Isolated) -> _Ban:
        inside = self._ends.sources(statement.inside).chosen.everyone
        exempt: list[tuple[int, tuple[Aim, ...] | None]] = []
        for each in statement.exemptions:
            who = inside
            if each.sources:
                found = self._ends.sources(each.sources, internet=True)
                who = found.chosen.everyone | (self._blocks(INTERNET) if found.internet else 0)
            exempt.append((who, self._ends.targets(each.targets).aims if each.targets else None))
        return _Ban(statement, inside, inside, ALL, statement.way, tuple(exempt))

    def _blocks(self, addresses: AddressSet) -> int:
        mask = 0
        for index in self._network.blocks_within(addresses):
            mask |= 1 << index
        return mask

    def _mask(self, end: End) -> int:
        if isinstance(end, Pods):
            return self._ground.mask(end)
        if isinstance(end, Named):
            return 1 << self._network.admit_name(end.name)
        if isinstance(end, Everybody):
            return self._network.of_kind(Kind.WORKLOAD, Kind.NODE, Kind.BLOCK)
        nodes = [
            index
            for index, each in self._network.endpoints.items()
            if each.kind is Kind.NODE and each.addresses is not None and each.addresses & end.addresses
        ]
        return self._blocks(end.addresses) | sum(1 << index for index in nodes)

    def _less(self, need: Need, ban: _Ban) -> Iterator[Need]:
        """What is left of a need under a ban."""
        sources, targets = self._mask(need.source), self._mask(need.target)
        traffic = ALL if need.traffic is None else self._network.table.mask(need.traffic)
        if ban.way is not None:
            yield from self._less_at_border(need, ban, sources, targets, traffic)
            return
        hit, met = sources & ban.sources, targets & ban.targets
        if not (hit and met and traffic & ban.traffic):
            yield need
            return
        yield from self._split(need, hit, met, ban.traffic)

    def _less_at_border(self, need: Need, ban: _Ban, sources: int, targets: int, traffic: int) -> Iterator[Need]:
        entering = ban.way is not Way.OUT and bool(targets & ban.targets) and bool(sources & ~ban.sources)
        leaving = ban.way is not Way.IN and bool(sources & ban.sources) and bool(targets & ~ban.targets)
        if not (entering or leaving) or self._exempt(ban, sources, targets, traffic):
            yield need

    def _exempt(self, ban: _Ban, sources: int, targets: int, traffic: int) -> bool:
        for who, aims in ban.exempt:
            if sources & ~who:
                continue
            if aims is None and not targets & ~ban.targets:
                return True
            for aim in aims or ():
                if not targets & ~aim.chosen.everyone and not traffic & self._network.table.everything & ~aim.traffic:
                    return True
        return False

    def _split(self, need: Need, hit: int, met: int, banned: int) -> Iterator[Need]:
        """The parts of a need that a ban leaves: other addresses, other traffic."""
        if isinstance(need.source, Outside) and isinstance(need.target, Pods):
            left = need.source.addresses - self._addresses(hit)
            if left:
                yield replace(need, source=Outside(left, need.source.words))
        if isinstance(need.target, Outside) and isinstance(need.source, Pods):
            left = need.target.addresses - self._addresses(met)
            if left:
                yield replace(need, target=Outside(left, need.target.words))
        yield from (replace(need, traffic=each) for each in self._unbanned(need.traffic, banned))

    def _unbanned(self, traffic: Traffic, banned: int) -> Iterator[Match]:
        table = self._network.table
        mask = (table.everything if traffic is None else table.mask(traffic)) & ~banned & table.everything
        if mask and banned != ALL:
            for index in members(mask):
                slot = table.slots[index]
                if slot.protocol >= 0:
                    yield Match(slot.protocol, (slot.first, slot.last) if slot.first else None)

    def _addresses(self, mask: int) -> AddressSet:
        found = AddressSet()
        for index in members(mask):
            found |= self._network.endpoints[index].addresses or AddressSet()
        return found


@dataclass(frozen=True, slots=True)
class _Ban:
    """What a statement forbids: from some to others with some traffic; with `way`, over the border of `sources`."""

    statement: Statement
    sources: int
    targets: int
    traffic: int
    way: Way | None = None
    exempt: tuple[tuple[int, tuple[Aim, ...] | None], ...] = ()
