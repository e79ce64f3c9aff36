"""Proves changes: what they cut is what they promise, nobody who is known to need it is cut off, nothing else differs.

All are tried together on a copy of the input. Where something is wrong they are halved until those that are to blame
stand alone; these are withheld, each with the reason.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from crenel.audit.catalogue import rules
from crenel.audit.exposed import way
from crenel.dialects.entries import EntryKind
from crenel.editing.values import RefusalError
from crenel.harden.needs.model import EvidenceKind, Need, Outside, Pods
from crenel.harden.services.context import Context
from crenel.harden.services.model import Change, Withheld
from crenel.harden.services.rewriting import rewritten
from crenel.harden.tls import admitting
from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.traffic import Match, TrafficTable
from crenel.provenance import FieldPath, Problem, Severity
from crenel.questions.exposure.paths import Path, State
from crenel.questions.parties import EVERY, Party
from crenel.questions.proving.ends import EndError
from crenel.questions.proving.ground import ground
from crenel.questions.proving.prove import Proving
from crenel.questions.proving.result import State as Holding

_Place = tuple[str, int, FieldPath]
_Key = tuple[object, ...]
_FEW = 6
"""How many ranges are named."""


@dataclass(frozen=True)
class Proved:
    """The changes that may be made together, those that may not, and the network with the former."""

    changes: tuple[Change, ...]
    withheld: tuple[Withheld, ...]
    after: Context


def prove(context: Context, candidates: Sequence[Change], earlier: Proved | None = None) -> Proved:
    """Find the changes that keep their promises, together with those of `earlier`, whose others are tried again."""
    first = _Side(context)
    base = first if earlier is None else _Side(earlier.after)
    accepted = () if earlier is None else earlier.changes
    proved = _settled(first, base, accepted, tuple(candidates))
    after = _Side(proved.after)
    known = {each.id for each in accepted}
    cuts = _Cuts(base, after)
    told = tuple(each if each.id in known else cuts.told(each) for each in proved.changes)
    return replace(proved, changes=told)


def _settled(first: _Side, base: _Side, accepted: tuple[Change, ...], candidates: tuple[Change, ...]) -> Proved:
    """What of some candidates can be made on top of what is accepted already; `base` is the side with the latter."""
    if not candidates:
        return Proved(accepted, (), base.context)
    tried = (*accepted, *candidates)
    try:
        after = _Side(Context(rewritten(first.context.network, tried), first.context.wishes))
    except RefusalError as error:
        why: str | None = str(error)
    else:
        why = next(_objections(first, after, tried), None)
        if why is None:
            return Proved(tried, (), after.context)
    if len(candidates) == 1:
        return Proved(accepted, (Withheld(candidates[0], why or ""),), base.context)
    middle = len(candidates) // 2
    lower = _settled(first, base, accepted, candidates[:middle])
    upper = _settled(first, _Side(lower.after), lower.changes, candidates[middle:])
    return replace(upper, withheld=(*lower.withheld, *upper.withheld))


class _Side:
    """One network, as far as two are compared."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @cached_property
    def paths(self) -> Mapping[_Key, Path]:
        """The paths from outside that somebody gets through, or may."""
        found = self.context.subject.exposure.paths
        return {_key(path): path for path in found if path.state is not State.CLOSED}

    @cached_property
    def by_target(self) -> Mapping[str, Sequence[Path]]:
        """The same by what they lead to."""
        found: dict[str, list[Path]] = defaultdict(list)
        for path in self.paths.values():
            found[path.target].append(path)
        return found

    @cached_property
    def problems(self) -> set[tuple[str, str]]:
        """What is wrong with the input."""
        return {_told_apart(each) for each in self.context.network.problems if each.severity is not Severity.NOTICE}

    @cached_property
    def proof(self) -> Mapping[int, Holding]:
        """What holds of the intents, by their numbers; those that cannot be read are left out."""
        statements = self.context.wishes.intents.statements
        if not statements:
            return {}
        proving, found = Proving(ground(self.context.network), statements), {}
        for each in statements:
            with contextlib.suppress(EndError):
                found[each.number] = proving.judged(each).state
        return found

    def findings(self, checks: Iterable[str]) -> set[tuple[str, str]]:
        """What some checks find, as (check, object)."""
        wanted = set(checks)
        return {
            (each.check.id, each.object)
            for rule in rules()
            if rule.check.id in wanted
            for each in rule.findings(self.context.subject)
        }

    def reached(self, need: Need, names: Sequence[str], kinds: Collection[EntryKind]) -> AddressSet:
        """The addresses of the internet, of those of a need, that get to the pods it is for by some sort of way in.

        Whether private addresses get to an internal load balancer is not asked: networks beside the cluster's own are
        in no input.
        """
        assert isinstance(need.source, Outside)
        found = AddressSet()
        for path in self._for(need, names):
            if path.entry.kind in kinds:
                found |= path.possible & need.source.addresses & INTERNET
        return found

    def kinds(self, need: Need, names: Sequence[str]) -> set[EntryKind]:
        """The sorts of ways in that lead to where a need leads: node ports only where there is no other."""
        found = {path.entry.kind for path in self._for(need, names)}
        return found - {EntryKind.NODE_PORT} or found

    def _for(self, need: Need, names: Sequence[str]) -> Iterator[Path]:
        yield from (path for name in names for path in self.by_target.get(name, ()) if _is_for(need, path))


def _told_apart(problem: Problem) -> tuple[str, str]:
    return problem.object, problem.message


def _key(path: Path) -> _Key:
    entry = path.entry
    return (
        entry.kind, entry.title, entry.port, entry.address, path.family, path.protocol, path.target, path.target_port,
        path.request, path.route[0].source if path.route else "", path.route[0].document if path.route else 0,
    )  # fmt: skip


def _is_for(need: Need, path: Path) -> bool:
    if need.traffic is None:
        return True
    port = Match(path.protocol, (path.target_port, path.target_port))
    table = TrafficTable([port, need.traffic])
    return bool(table.mask(port) & table.mask(need.traffic))


def _objections(before: _Side, after: _Side, changes: Sequence[Change]) -> Iterator[str]:
    """What speaks against some changes together, the plainest first."""
    for title, message in sorted(after.problems - before.problems):
        yield f"the result would be wrong: {title}: {message}" if title else f"the result would be wrong: {message}"
    yield from _beyond(before, after, changes)
    yield from _needs_cut(before, after)
    identified = frozenset(each for change in changes for each in change.promise.identified)
    yield from _given_up(before, after, doubtful=bool(identified))
    yield from _different(before, after, identified)
    yield from admitting.objections(before.context, after.context, changes)
    yield from _left(after, changes)


def _beyond(before: _Side, after: _Side, changes: Sequence[Change]) -> Iterator[str]:
    """Paths that are cut, or opened, though nobody promised it."""
    entries = {each for change in changes for each in change.promise.entries}
    routes = {each for change in changes for each in change.promise.routes}
    requests = {path.request for path in after.paths.values()}
    for key, path in before.paths.items():
        if not _lost(path, after.paths.get(key)):
            continue
        if not _is_promised(path, entries, routes):
            yield f"it would also cut {way(path)} to {path.target}"
        elif _route(path) in routes and _encrypted(path.request) not in requests:
            yield f"{_encrypted(path.request)} would not get there: {path.entry.title} has no port for it"
    for key, path in after.paths.items():
        if _lost(path, before.paths.get(key)) and _route(path) not in routes:
            yield f"it would open {way(path)} to {path.target}"


def _encrypted(request: str) -> str:
    """The same request in HTTPS."""
    return request.replace("http://", "https://", 1)


def _lost(path: Path, other: Path | None) -> AddressSet:
    """Who gets through a path, or may, and not through another."""
    return path.possible - other.possible if other is not None else path.possible


def _is_promised(path: Path, entries: set[tuple[EntryKind, str]], routes: set[_Place]) -> bool:
    return (path.entry.kind, path.entry.title) in entries or _route(path) in routes


def _route(path: Path) -> _Place | None:
    return (path.route[0].source, path.route[0].document, path.route[0].item) if path.route is not None else None


def _needs_cut(before: _Side, after: _Side) -> Iterator[str]:
    """Needs that somebody declared, or that were seen, of those who came and would not come any more."""
    gathered = before.context.gathered
    ground = gathered.ground
    endpoints = ground.model.network.endpoints
    for need in gathered.needs.needs:
        known = {each.kind for each in need.evidence} & {EvidenceKind.DECLARED, EvidenceKind.OBSERVED}
        if not known or not isinstance(need.source, Outside) or not isinstance(need.target, Pods):
            continue
        names = [endpoints[index].name for index in ground.owners.get(need.target, ())]
        kinds = before.kinds(need, names)
        if lost := before.reached(need, names, kinds) - after.reached(need, names, kinds):
            text = next(each for each in need.evidence if each.kind in known)
            yield f"it would cut a need: {lost.cidrs()[0]} comes to {need.target} ({text})"


def _given_up(before: _Side, after: _Side, *, doubtful: bool) -> Iterator[str]:
    """Intents that would not hold any more; that certificates decide, which no policy shows, is no such thing."""
    titles = {each.number: each.title for each in before.context.wishes.intents.statements}
    for number, state in before.proof.items():
        now = after.proof.get(number)
        if state is Holding.HOLDS and now is not Holding.HOLDS and not (doubtful and now is Holding.UNKNOWN):
            yield f"intent {titles[number]} would not hold any more"


def _different(before: _Side, after: _Side, identified: frozenset[str]) -> Iterator[str]:
    """Connections inside of the cluster that differ; what comes from outside has been compared path by path."""
    found = before.context.network.diff(after.context.network)
    for each in found.removed:
        promised = each.after == "possible" and _spaces(before, each.connection.destinations) <= identified
        if not promised and not each.connection.sources.outside:
            yield f"{each.connection.source} would not reach {each.connection.destination} any more"
    for each in found.added:
        yield f"{each.connection.source} would reach {each.connection.destination}"


def _spaces(side: _Side, party: Party) -> set[str]:
    """The namespaces that a party has workloads of, or may have."""
    everywhere = {each.namespace for each in side.context.subject.workloads}
    return everywhere if EVERY in party.names else {name.partition("/")[0] for name in party.names}


def _left(after: _Side, changes: Sequence[Change]) -> Iterator[str]:
    """Findings that are still there though a change was to mend them."""
    wanted = {each for change in changes for each in change.mends}
    for check, title in sorted(wanted & after.findings(check for check, _ in wanted)):
        yield f"{check} would still find {title}"


class _Cuts:
    """The paths that are cut between two sides, by what may have cut them."""

    def __init__(self, before: _Side, after: _Side) -> None:
        self._before = before
        self._requests = {path.request for path in after.paths.values()}
        self._by_entry: dict[tuple[EntryKind, str], list[tuple[Path, AddressSet]]] = defaultdict(list)
        self._by_route: dict[_Place | None, list[tuple[Path, AddressSet]]] = defaultdict(list)
        for key, path in before.paths.items():
            if lost := _lost(path, after.paths.get(key)):
                if not path.request:
                    self._by_entry[path.entry.kind, path.entry.title].append((path, lost))
                elif _route(path) is not None:
                    self._by_route[_route(path)].append((path, lost))

    def told(self, change: Change) -> Change:
        """A change with what it cuts."""
        found = [pair for each in change.promise.entries for pair in self._by_entry.get(each, ())]
        found += [pair for route in change.promise.routes for pair in self._by_route.get(route, ())]
        return replace(change, cuts=tuple(sorted({self._text(path, lost) for path, lost in found})))

    def _text(self, path: Path, lost: AddressSet) -> str:
        moved = _encrypted(path.request) in self._requests - {path.request}
        more = _used(self._before, path) or (": sent to HTTPS" if moved else "")
        who = _who(self._before, lost, path)
        return f"{who} by {way(path)} to {path.target}:{path.target_port}{more}"


def _who(side: _Side, lost: AddressSet, path: Path) -> str:
    ground = side.context.subject.ground
    public = ground.addresses(ground.universe(path.family)) & INTERNET
    rest = (public - lost).cidrs()
    few = f" except {', '.join(rest)}" if rest else ""
    whole = f"the internet{few}" if lost & public and len(rest) <= _FEW else str(lost)
    return whole if path.state is State.OPEN else f"{whole}, as far as it got through,"


def _used(side: _Side, path: Path) -> str:
    """Who was seen to use it, of those whom an intent forbids to."""
    gathered = side.context.gathered
    endpoints = gathered.ground.model.network.endpoints
    for need in (each.need for each in gathered.conflicts):
        seen = [each for each in need.evidence if each.kind is EvidenceKind.OBSERVED]
        if not seen or not isinstance(need.source, Outside) or not isinstance(need.target, Pods):
            continue
        names = {endpoints[index].name for index in gathered.ground.owners.get(need.target, ())}
        if path.target in names and _is_for(need, path):
            return f" (forbidden, and used: {need.source}, {seen[0].text})"
    return ""
