"""What speaks against a statement about connections: rectangles that are not as it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from crenel.bits import members, union
from crenel.intents import Allow, Deny, End, Exemption, Isolated, Only, Statement, Way
from crenel.network.endpoints import Kind
from crenel.network.locality import LOCAL
from crenel.network.rules import Direction
from crenel.questions.explain import passage
from crenel.questions.parties import Parties
from crenel.questions.proving.ends import Aim, Chosen, Ends, Targets
from crenel.questions.proving.solving import Certainty, Hole, Part, Solving

OWN_NODE = "what runs on the node of a pod itself, such as the kubelet, reaches the pod: no NetworkPolicy stops that"


@dataclass(frozen=True, slots=True)
class Objections:
    """All that speaks against a statement. `examined` counts pairs of ends; none where it is about nobody."""

    parts: tuple[Part, ...] = ()
    examined: int = 0
    missing: tuple[str, ...] = ()
    """What was named and is not there."""
    lost: tuple[str, ...] = ()
    """Targets without the port that was asked for, in words."""
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts or self.lost)


@dataclass(slots=True)
class Asking:
    """One model, ready for statements."""

    ends: Ends
    solving: Solving
    spoken: Parties = field(init=False)

    def __post_init__(self) -> None:
        self.spoken = Parties(self.ends.network)

    @property
    def sources(self) -> Chosen:
        """Everybody who can open a connection, in the families that the cluster or its rules speak of."""
        everybody = self.spoken.workloads | self.spoken.nodes | self.spoken.blocks
        return Chosen(everybody, everybody)

    @property
    def targets(self) -> Chosen:
        """Everybody who can be addressed."""
        everybody = self.sources.sure | self.spoken.names
        return Chosen(everybody, everybody)


def objections(statement: Statement, asking: Asking) -> Objections:
    """Ask about a statement; what comes from ``internet`` is not among it where that means the ways in.

    Raises:
        EndError: one of its ends cannot be read.
    """
    match statement:
        case Allow():
            return _allow(statement, asking)
        case Deny():
            return _deny(statement, asking)
        case Only():
            return _only(statement, asking)
        case Isolated():
            return _isolated(statement, asking)
    raise TypeError(statement)


def _allow(statement: Allow, asking: Asking) -> Objections:
    sources, targets = asking.ends.sources(statement.sources, internet=True), asking.ends.targets(statement.targets)
    found = _parts(asking, sources.chosen, targets, Certainty.SURE)
    missing = (*sources.missing, *targets.missing)
    examined = asking.solving.pairs(sources.chosen, targets.aims)
    return Objections(found, examined, missing, targets.lost)


def _deny(statement: Deny, asking: Asking) -> Objections:
    sources, targets = asking.ends.sources(statement.sources, internet=True), asking.ends.targets(statement.targets)
    found = _parts(asking, sources.chosen, targets, Certainty.NONE)
    missing = (*sources.missing, *targets.missing)
    notes = (*targets.lost, *_nearby(asking, found))
    return Objections(found, asking.solving.pairs(sources.chosen, targets.aims), missing, notes=notes)


def _parts(asking: Asking, sources: Chosen, targets: Targets, wanted: Certainty) -> tuple[Part, ...]:
    """All that is not as it is wanted."""
    parts = (part for aim in targets.aims for part in asking.solving.parts(sources, aim))
    return tuple(part for part in parts if part.certainty is not wanted)


def _nearby(asking: Asking, parts: Iterable[Part]) -> Iterator[str]:
    """A word about sources that are, or may be, let through for the node that they run on."""
    locality = asking.ends.network.locality
    for part in parts:
        near = locality.near(members(part.targets)[0])
        if part.sources & (near.sure | near.perhaps):
            yield OWN_NODE
            return


def _only(statement: Only, asking: Asking) -> Objections:
    named, targets = asking.ends.sources(statement.sources), asking.ends.targets(statement.targets)
    parts: list[Part] = []
    for aim in targets.aims:
        everybody = asking.solving.parts(asking.sources, aim, local=False)
        parts += _open(asking, everybody, [Hole(named.chosen, aim)])
    examined = asking.solving.pairs(asking.sources, targets.aims)
    notes = (*targets.lost, *named.missing, *_own_node(asking, [aim.chosen for aim in targets.aims]))
    return Objections(tuple(parts), examined, targets.missing if not targets.aims else (), notes=notes)


def _isolated(statement: Isolated, asking: Asking) -> Objections:
    inside = asking.ends.sources(statement.inside)
    beyond = asking.sources.without(inside.chosen)
    holes, patterns, lost = _holes(statement.exemptions, inside.chosen, asking)
    parts: list[Part] = []
    examined = 0
    if statement.way is not Way.OUT:
        aim = Aim(inside.chosen)
        parts += _open(asking, asking.solving.parts(beyond, aim, local=False), holes)
        examined += asking.solving.pairs(beyond, [aim])
    if statement.way is not Way.IN:
        aim = Aim(asking.targets.without(inside.chosen))
        found = _open(asking, asking.solving.parts(inside.chosen, aim), holes)
        parts += (part for part in found if not asking.solving.implied(part, patterns))
        examined += asking.solving.pairs(inside.chosen, [aim])
    notes = [*lost]
    if statement.way is not Way.OUT:
        notes += _own_node(asking, [inside.chosen])
    return Objections(tuple(parts), examined if inside.chosen else 0, tuple(inside.missing), notes=tuple(notes))


def _holes(
    exemptions: Iterable[Exemption], inside: Chosen, asking: Asking
) -> tuple[list[Hole], frozenset[str], list[str]]:
    """What is exempted, the names among it, and what of it is not there."""
    holes: list[Hole] = []
    lost: list[str] = []
    for each in exemptions:
        sources = inside
        if each.sources:
            named = asking.ends.sources(each.sources)
            sources, lost = named.chosen, [*lost, *named.missing]
        targets = _targets(each.targets, inside, asking)
        lost += [*targets.missing, *targets.lost]
        holes += [Hole(sources, aim) for aim in targets.aims]
    names = asking.ends.network.of_kind(Kind.NAME)
    patterns = {
        asking.ends.network.endpoints[index].name.removeprefix("dns:")
        for hole in holes
        for index in members(hole.aim.chosen.sure & names)
    }
    return holes, frozenset(patterns), lost


def _targets(end: End, inside: Chosen, asking: Asking) -> Targets:
    return asking.ends.targets(end) if end else Targets((Aim(inside),))


def _open(asking: Asking, parts: Iterable[Part], holes: list[Hole]) -> Iterator[Part]:
    """What is, or may be, let through beside the holes; only perhaps where it may be one of them."""
    maybe = 0
    for hole in holes:
        maybe |= hole.sources.possible & ~hole.sources.sure
    for part in parts:
        if part.certainty is not Certainty.NONE:
            for piece in asking.solving.without(part, holes):
                yield from _doubted(piece, maybe)


def _doubted(part: Part, maybe: int) -> Iterator[Part]:
    if part.certainty is not Certainty.SURE or not part.sources & maybe:
        yield part
        return
    if part.sources & ~maybe:
        yield replace(part, sources=part.sources & ~maybe)
    yield replace(part, sources=part.sources & maybe, certainty=Certainty.POSSIBLE)


def _own_node(asking: Asking, chosen: Iterable[Chosen]) -> Iterator[str]:
    """A word about the node of a pod, where policies stop others and not that."""
    network, mask = asking.ends.network, 0
    for view in network.views:
        for stage in view.of(Direction.INGRESS):
            mask |= stage.isolated.possible if stage.stage.local_exempt else 0
    for index in members(mask & union(index for each in chosen for index in members(each.everyone))):
        if passage(network, network.views[0], LOCAL, index, network.table.everything).possible:
            yield OWN_NODE
            return


__all__ = ["OWN_NODE", "Asking", "Objections", "objections"]
