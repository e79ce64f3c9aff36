"""Do the statements hold: each judged, with the connection that speaks against it and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from crenel.dialects.assemble import Assembly
from crenel.dialects.model import Input, Model
from crenel.intents import Allow, Deny, End, Intents, Isolated, Only, Statement, Tls
from crenel.network.network import Cuts
from crenel.network.traffic import ALL
from crenel.provenance import Problem
from crenel.questions.directory import Directory
from crenel.questions.explain import passage
from crenel.questions.proving import tls
from crenel.questions.proving.ends import EndError, Ends, cuts
from crenel.questions.proving.ground import Ground
from crenel.questions.proving.mending import Mender
from crenel.questions.proving.objections import Asking, Objections, objections
from crenel.questions.proving.result import Counterexample, Proof, Result, State
from crenel.questions.proving.solving import Certainty, Solving
from crenel.questions.proving.waysin import Answer, answers, is_from_internet
from crenel.questions.proving.witness import chosen, example
from crenel.questions.verdict import Outcome


def prove(ground: Ground, intents: Intents) -> Proof:
    """Judge all statements."""
    proving = Proving(ground, intents.statements)
    results: list[Result] = []
    problems: list[Problem] = []
    for statement in intents.statements:
        try:
            results.append(proving.judged(statement))
        except EndError as error:
            problems.append(Problem(str(error), statement.origin, error.field))
            results.append(Result(statement, State.UNREADABLE, str(error)))
    forbidding = [each for each in results if isinstance(each.statement, Deny | Only | Isolated)]
    unsure = (ground.unsure,) if ground.unsure and any(each.state is State.HOLDS for each in forbidding) else ()
    return Proof(tuple(proving.mended(results)), tuple(problems), (*ground.notes, *unsure))


def where(statements: Sequence[Statement]) -> Callable[[Assembly], Cuts]:
    """Where statements cut the address space and traffic, so that answers are about exactly what they name."""

    def further(assembly: Assembly) -> Cuts:
        ends = [end for statement in statements for end in ends_of(statement)]
        addresses, traffic = cuts(ends, assembly.blueprint.inside)
        return Cuts(frozenset(addresses), frozenset(traffic))

    return further


def ends_of(statement: Statement) -> Iterator[End]:
    """All ends of a statement."""
    match statement:
        case Allow() | Deny() | Only():
            yield statement.sources
            yield statement.targets
        case Isolated():
            yield statement.inside
            for each in statement.exemptions:
                yield each.sources
                yield each.targets
        case Tls():
            yield statement.targets


class Proving:
    """Judges statements about one ground."""

    def __init__(self, ground: Ground, statements: Sequence[Statement]) -> None:
        self.ground = ground
        self.statements = statements
        self._further = where(statements)
        self.model = ground.build(ground.given, self._further)
        self.asking = self.ask(self.model)
        self._bare: Proving | None = None

    def ask(self, model: Model) -> Asking:
        """A model, ready for statements."""
        return Asking(Ends(Directory(model)), Solving(model.network))

    def rebuilt(self, given: Input) -> Model:
        """The model of another input, cut alike."""
        return self.ground.build(given, self._further)

    def judged(self, statement: Statement) -> Result:
        """What holds for a statement; what nothing enforces forbids nothing.

        Raises:
            EndError: one of its ends cannot be read.
        """
        found = self._judged(statement)
        if found.state is not State.HOLDS or not isinstance(statement, Deny | Only | Isolated):
            return found
        if not self.ground.idle or self.ground.bare is None:
            return found
        if self._bare is None:
            self._bare = Proving(self.ground.bare(), self.statements)
        without = self._bare._judged(statement)
        if without.state is State.HOLDS:
            return found
        says = f"denied by policy, not enforced: {self.ground.idle}"
        return replace(without, says=says, advice="a network plugin that enforces these policies")

    def _judged(self, statement: Statement) -> Result:
        if isinstance(statement, Tls):
            return tls.judged(statement, self.asking.ends, self.ground.outside)
        outside = isinstance(statement, Allow | Deny) and is_from_internet(statement)
        found = Objections() if outside and not _others(statement) else objections(statement, self.asking)
        ways: list[Answer] = []
        missing = [*found.missing]
        if outside:
            assert isinstance(statement, Allow | Deny)
            ways = list(answers(statement, self.asking.ends, self.ground.outside, missing))
        return self._result(statement, found, ways, tuple(dict.fromkeys(missing)))

    def _result(
        self, statement: Statement, found: Objections, ways: Sequence[Answer], missing: tuple[str, ...]
    ) -> Result:
        wanted = Outcome.ALLOWED if isinstance(statement, Allow) else Outcome.DENIED
        wrong = [each for each in ways if each.verdict.outcome is not wanted]
        examined = found.examined + len(ways)
        if not found and not wrong:
            if missing or not examined:
                says = "; ".join(missing or found.notes) or "no pair of ends is meant"
                return Result(statement, State.NOTHING, says, examined)
            return Result(statement, State.HOLDS, _holds(statement, examined), examined, notes=found.notes)
        against = self._example(found, wrong)
        return Result(
            statement,
            self._state(found, wrong, wanted),
            _violated(against) if against is not None else "; ".join(found.lost),
            examined,
            tuple(self.asking.solving.connections(found.parts)),
            against,
            advice="; ".join(dict.fromkeys(each.closing for each in wrong if each.closing))
            if isinstance(statement, Deny)
            else "",
            notes=(*found.notes, *found.lost, *missing, *self._unnamed(statement, found)),
        )

    def _state(self, found: Objections, wrong: Sequence[Answer], wanted: Outcome) -> State:
        against = Certainty.NONE if wanted is Outcome.ALLOWED else Certainty.SURE
        if found.lost or any(part.certainty is against for part in found.parts):
            return State.VIOLATED
        if any(each.verdict.outcome is not Outcome.UNKNOWN for each in wrong):
            return State.VIOLATED
        return State.UNKNOWN

    def _example(self, found: Objections, wrong: Sequence[Answer]) -> Counterexample | None:
        """The most certain connection that speaks against a statement."""
        decided = [part for part in found.parts if part.certainty is not Certainty.POSSIBLE]
        if found.parts and (decided or not any(each.verdict.outcome is not Outcome.UNKNOWN for each in wrong)):
            return example(self.asking.solving, decided or found.parts)
        if not wrong:
            return None
        return min(wrong, key=lambda each: each.verdict.outcome is Outcome.UNKNOWN).example()

    def _unnamed(self, statement: Statement, found: Objections) -> Iterator[str]:
        """What passes where a statement names no port and means all of them."""
        if not isinstance(statement, Allow) or not found.parts:
            return
        part, source, target = chosen(self.asking.ends.network, found.parts)
        network = self.asking.ends.network
        if part.traffic & part.traffic - 1 == 0:
            return
        passing = passage(network, part.view, source, target, ALL).sure
        if passing and any(aim.matches is None for aim in self.asking.ends.targets(statement.targets).aims):
            written = " ".join(f"{name}/{ports}" for name, ports in network.table.describe(passing))
            yield f"no port is named, so that all traffic is meant; {written} passes"

    def mended(self, results: Sequence[Result]) -> Iterator[Result]:
        """The results, with the smallest change for those that do not hold."""
        mender = Mender(self, [each.statement for each in results if each.state is State.HOLDS])
        for result in results:
            mendable = result.state in (State.VIOLATED, State.UNKNOWN) and result.connections and not result.advice
            if mendable and self.ground.mendable:
                yield replace(result, mending=mender.mended(result.statement))
            else:
                yield result


def _others(statement: Statement) -> bool:
    """Whether there are sources beside the internet."""
    return isinstance(statement, Allow | Deny) and any(part.text != "internet" for part in statement.sources)


def _holds(statement: Statement, examined: int) -> str:
    number = f"{examined:,} pair{'s' if examined != 1 else ''}"
    match statement:
        case Allow():
            return f"allowed for {number}"
        case Deny():
            return f"denied for {number}"
        case Only():
            return f"nobody else gets there ({number})"
    return f"nothing else crosses the border ({number})"


def _violated(against: Counterexample) -> str:
    line = f"{against.source} to {against.target} {against.traffic}"
    verb = {Outcome.ALLOWED: "is allowed", Outcome.DENIED: "is denied"}.get(against.outcome)
    if verb is None:
        return f"not known whether {line} is allowed"
    return f"{line} {verb}"
