"""The smallest change that makes a statement hold: edit by edit, each solved again, until nothing speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from crenel.dialects.change import amended
from crenel.dialects.model import Model
from crenel.intents import Allow, Deny, Isolated, Only, Statement
from crenel.network.lowering import Entry, View
from crenel.network.rules import Direction
from crenel.network.traffic import Match, parse_traffic
from crenel.questions.connections import Connection
from crenel.questions.diff import compare
from crenel.questions.places import Place
from crenel.questions.proving.guards import Guards
from crenel.questions.proving.objections import Asking, Objections, objections
from crenel.questions.proving.result import Mending
from crenel.questions.proving.solving import Solving
from crenel.questions.proving.witness import chosen
from crenel.questions.remedies import restricting
from crenel.questions.remedies.proposal import Blocked, Edit, Remedy, manifest
from crenel.questions.remedies.restricting import Open
from crenel.questions.remedies.smallest import openness, remedy

if TYPE_CHECKING:
    from crenel.questions.proving.prove import Proving

_MOST_EDITS = 6
_MOST_STATEMENTS = 20
"""How many statements are mended in one run: each is solved many times."""
_MOST_RECTANGLES = 48
_SHOWN = 5


class Mender:
    """Looks for changes; `held` are the statements that hold, which a change had better not break."""

    def __init__(self, proving: Proving, held: Sequence[Statement]) -> None:
        self._proving = proving
        self._held = [each for each in held if isinstance(each, Allow | Deny | Only | Isolated)]
        self._left = _MOST_STATEMENTS

    def mended(self, statement: Statement) -> Mending | None:
        """The smallest change found; None where no edit of policies makes the statement hold."""
        if self._left <= 0:
            return None
        self._left -= 1
        closes = not isinstance(statement, Allow)
        if (many := self._too_many(statement)) is not None:
            return None if closes else self._first(many)
        changed = self._walled(statement) if isinstance(statement, Isolated) else None
        for spare in (True, False) if closes else (True,):
            changed = changed or self._changed(statement, closes=closes, spare=spare)
        if changed is None and closes:
            return self._nearest(statement)
        if changed is None or not changed[1]:
            return None
        model, edits = changed
        broken = self._broken(model, self._held)
        extra = _extra(self._proving.model, model, closes=closes)
        return Mending(Remedy(tuple(_merged(edits)), tuple(extra)), closes, tuple(each.title for each in broken))

    def _walled(self, statement: Isolated) -> tuple[Model, list[Edit]] | None:
        """One policy around a namespace, where that is all that it lacks."""
        model = self._proving.model
        edit = Guards(self._proving.asking.ends, self._proving.statements).border(statement)
        if edit is None or _is_known(model, edit):
            return None
        changed = amended(model, [edit.policy]).model
        if self._broken(changed, [statement, *self._held]):
            return None
        return changed, [edit]

    def _changed(self, statement: Statement, *, closes: bool, spare: bool) -> tuple[Model, list[Edit]] | None:
        """The model in which a statement holds, and the edits that lead there.

        Those that `spare` others go before those that leave less that speaks against it.
        """
        model, edits = self._proving.model, list[Edit]()
        while found := objections(statement, asking := self._proving.ask(model)):
            if not found.parts or len(edits) >= _MOST_EDITS:
                return None
            if closes:
                step = self._closed(statement, model, found, spare=spare)
            else:
                step = _opened(model, asking.solving, found)
            if step is None:
                return None
            model, edits = step[0], [*edits, *step[1]]
        return model, edits

    def _too_many(self, statement: Statement) -> Objections | None:
        """What speaks against a statement, where it is more than a handful of edits could mend."""
        found = objections(statement, self._proving.asking)
        pairs = sum(part.sources.bit_count() * part.targets.bit_count() for part in found.parts)
        number = len(found.parts) if not isinstance(statement, Allow) else pairs
        return found if number > _MOST_RECTANGLES else None

    def _first(self, found: Objections) -> Mending | None:
        """The change that allows the counterexample alone."""
        model = self._proving.model
        step = _opened(model, self._proving.asking.solving, found)
        if step is None:
            return None
        return Mending(Remedy(tuple(step[1]), tuple(_extra(model, step[0], closes=False))), whole=False)

    def _nearest(self, statement: Statement) -> Mending | None:
        """The change of rules that forbids the counterexample alone, where what forbids all would be long."""
        model = self._proving.model
        found = objections(statement, self._proving.asking)
        step = self._closed(statement, model, found, spare=True) if found.parts else None
        if step is None or any(edit.replaces is None for edit in step[1]):
            return None
        broken = self._broken(step[0], self._held)
        extra = _extra(model, step[0], closes=True)
        remedy = Remedy(tuple(_merged(step[1])), tuple(extra))
        return Mending(remedy, closes=True, breaks=tuple(each.title for each in broken), whole=False)

    def _broken(self, model: Model, statements: Sequence[Statement]) -> list[Statement]:
        """The statements that do not hold any more."""
        asking = self._proving.ask(model)
        return [each for each in statements if objections(each, asking)]

    def _closed(
        self, statement: Statement, model: Model, found: Objections, *, spare: bool
    ) -> tuple[Model, list[Edit]] | None:
        """The edits after which least else is closed, and least is left that speaks against a statement."""
        asking = self._proving.ask(model)
        before = _weight(found, asking.solving)
        allowing = [each for each in self._held if isinstance(each, Allow)]
        best: tuple[tuple[int, int, int, int, int], tuple[Model, list[Edit]]] | None = None
        for order, (changed, edits) in enumerate(self._candidates(model, asking, found)):
            after = self._proving.ask(changed)
            left = _weight(objections(statement, after), after.solving)
            if left < before:
                broken = len(self._broken(changed, allowing))
                beside = max(0, _lost(model, changed) - (before - left))
                rank = (broken, *((beside, left) if spare else (left, beside)), len(edits), order)
                if best is None or rank < best[0]:
                    best = rank, (changed, edits)
        return best[1] if best is not None else None

    def _candidates(self, model: Model, asking: Asking, found: Objections) -> Iterator[tuple[Model, list[Edit]]]:
        """What closes either end of one connection."""
        part, source, target = chosen(asking.ends.network, found.parts)
        for end in (
            Open(part.view, Direction.INGRESS, target, source, part.traffic),
            Open(part.view, Direction.EGRESS, source, target, part.traffic),
        ):
            for narrowed, edits in _narrowed(model, end):
                if edits:
                    yield narrowed, edits
                bare = restricting.unguarded(narrowed, replace(end, view=_view(narrowed, end)))
                if bare is None:
                    continue
                for edit in Guards(asking.ends, self._proving.statements).edits(bare):
                    change = amended(narrowed, [edit.policy])
                    if not _is_known(model, edit) and change.near is not None:
                        yield change.model, [*edits, edit]


def _merged(edits: Sequence[Edit]) -> list[Edit]:
    """The edits, with those of a policy that is new itself in that policy."""
    found: dict[str, Edit] = {}
    for number, edit in enumerate(edits):
        first = found.get(edit.title)
        if first is not None and first.replaces is None:
            found[edit.title] = Edit(edit.policy, None, first.text, manifest(edit.policy))
        else:
            found[edit.title if first is None else f"{edit.title} {number}"] = edit
    return list(found.values())


def _is_known(model: Model, edit: Edit) -> bool:
    """Whether there is a policy of that name already."""
    place = edit.policy.namespace, edit.policy.name
    return any((each.namespace, each.name) == place for each in model.given.decoded.network_policies)


def _narrowed(model: Model, end: Open) -> Iterator[tuple[Model, list[Edit]]]:
    """The model with no rule left that allows a connection at one end, by the edits that close least; once without any.

    Where a rule can be narrowed in several ways that all do, they are offered apart.
    """
    entries = restricting.allowing(model, end)
    if not entries:
        yield model, []
        return
    for changed, edit in _lifting(model, end, entries[0]):
        current, edits = changed, [edit]
        while len(edits) < _MOST_EDITS:
            seen = replace(end, view=_view(current, end))
            left = restricting.allowing(current, seen)
            further = list(_lifting(current, seen, left[0])) if left else []
            if not further:
                break
            nearest = min(further, key=lambda each: _lost(current, each[0]))
            current, edits = nearest[0], [*edits, nearest[1]]
        yield current, edits


def _lifting(model: Model, end: Open, entry: Entry) -> Iterator[tuple[Model, Edit]]:
    """The edits of a rule after which one rule less allows the connection."""
    before = len(restricting.allowing(model, end))
    for edit in restricting.edits(model, end, entry):
        change = amended(model, [edit.policy], [edit.replaces] if edit.replaces is not None else [])
        if change.near is None:
            continue
        seen = replace(end, view=_view(change.model, end))
        if len(restricting.allowing(change.model, seen)) < before:
            yield change.model, edit


def _view(model: Model, end: Open) -> View:
    return next(view for view in model.network.views if view.family == end.view.family)


def _lost(before: Model, after: Model) -> int:
    """How much a change closes, at the ends of the workloads whose policies differ."""
    near = _differing(before, after)
    return sum(openness(before, way, near) - openness(after, way, near) for way in Direction)


def _differing(before: Model, after: Model) -> tuple[int, int]:
    """The sources and the targets that policies of one side only guard."""
    found = {Direction.EGRESS: 0, Direction.INGRESS: 0}
    stages = zip(before.assembly.blueprint.stages, after.assembly.blueprint.stages, strict=True)
    for old, new in stages:
        was = {policy for rank in old.ranks for policy in rank}
        for policy in was ^ {policy for rank in new.ranks for policy in rank}:
            found[old.direction] |= policy.subjects | policy.possible
    return found[Direction.EGRESS], found[Direction.INGRESS]


def _weight(found: Objections, solving: Solving) -> int:
    """How much speaks against a statement: pairs of ends × ports."""
    table = solving.network.table
    return sum(part.sources.bit_count() * part.targets.bit_count() * table.weight(part.traffic) for part in found.parts)


def _opened(model: Model, solving: Solving, found: Objections) -> tuple[Model, list[Edit]] | None:
    """The smallest change that allows one of the pairs."""
    part, source, target = chosen(solving.network, found.parts)
    ends = [Place(solving.network.endpoints[index].title, (index,)) for index in (source, target)]
    change = remedy(model, Blocked(source, target, _matches(solving, part.traffic), *ends))
    if change is None:
        return None
    for edit in change.edits:
        model = amended(model, [edit.policy], [edit.replaces] if edit.replaces is not None else []).model
    return model, list(change.edits)


def _matches(solving: Solving, traffic: int) -> tuple[Match, ...] | None:
    """Some traffic as it is written; None for all of it."""
    table = solving.network.table
    if traffic & table.everything == table.everything:
        return None
    written = [name if ports == "*" else f"{name}/{ports}" for name, ports in table.describe(traffic)]
    return tuple(match for text in written if text != "other" for match in parse_traffic(text))


def _extra(before: Model, after: Model, *, closes: bool) -> Iterator[str]:
    """What a change allows, or closes, as text."""
    if before.network.blueprint.registry is not after.network.blueprint.registry:
        return
    difference = compare(before, after)
    changes = difference.removed if closes else difference.added
    listed = [change.connection for change in changes if not change.connection.implied]
    for connection in listed[:_SHOWN]:
        yield _text(connection)
    if len(listed) > _SHOWN:
        yield f"and {len(listed) - _SHOWN} more"


def _text(connection: Connection) -> str:
    traffic = " ".join(name if ports == "*" else f"{name}/{ports}" for name, ports in connection.traffic)
    return f"{connection.source} to {connection.destination} {traffic}"
