"""Statements about what comes from ``internet``: paths from outside, as `crenel.questions.exposure` walks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from crenel.dialects.joined import Joined
from crenel.intents import Allow, Deny, Selection
from crenel.network.endpoints import Kind
from crenel.network.traffic import Match
from crenel.questions.exposure.asking import leading, verdict
from crenel.questions.exposure.paths import State as PathState
from crenel.questions.exposure.report import Exposure
from crenel.questions.exposure.targets import INTERNET, is_url
from crenel.questions.places import Place, PlaceError
from crenel.questions.proving.ends import EndError, Ends
from crenel.questions.proving.result import Counterexample
from crenel.questions.verdict import Decision, Outcome, Traffic, Verdict


@dataclass(frozen=True, slots=True)
class Outside:
    """What questions about ways in are asked of; all but the URLs is worked out when it is needed."""

    joined: Callable[[], Joined]
    exposed: Callable[[], Exposure]
    url: Callable[[str], Verdict]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found about one target: its verdict, and the setting that closes the way in, where there is one."""

    target: str
    verdict: Verdict
    closing: str = ""

    def example(self) -> Counterexample:
        """The verdict as one connection."""
        found = self.verdict
        port = _first(found.passing or found.uncertain or found.traffic)
        witness = found.witness[0] if found.witness else None
        kept = (Decision.DENY,) if found.outcome is Outcome.DENIED else (Decision.ALLOW, Decision.POSSIBLE)
        steps = tuple(step for step in found.trace if step.decision in kept)
        return Counterexample(
            witness.source if witness is not None else INTERNET,
            self.target,
            port,
            found.outcome,
            None,
            steps,
            tuple(text.removeprefix("unknown: ") for text in found.reasons if text.startswith("unknown: ")),
            "; ".join(found.reasons) if not steps else "",
        )


def is_from_internet(statement: Allow | Deny) -> bool:
    """Whether a statement is, in part, about ways in."""
    return any(part.text == INTERNET for part in statement.sources)


def answers(statement: Allow | Deny, ends: Ends, outside: Outside, missing: list[str]) -> Iterator[Answer]:
    """What holds for each target; for one that must not be reached all its endpoints are asked about at once.

    Targets that are not there go to `missing`.

    Raises:
        EndError: a target cannot be read, or is outside itself.
    """
    for part in statement.targets:
        if is_url(part.text):
            try:
                yield Answer(part.text, outside.url(part.text))
            except PlaceError as error:
                raise EndError(str(error), part.field) from None
            continue
        names, service, asked = ends.place(part)
        inside = frozenset(name for name in names if ends.network.endpoints[_index(ends, name)].kind is Kind.WORKLOAD)
        if names and not inside:
            raise EndError(f"{part.text!r} is outside itself: what comes from internet is about workloads", part.field)
        if not names and service is None:
            missing.append(f"nothing is meant by {part.text or 'the labels'}")
            continue
        places = _places(part, outside, inside, service is None and isinstance(statement, Allow))
        for place in places if service is None else [Place(part.text, (), service=service)]:
            for matches in _each(asked) if isinstance(statement, Allow) else [asked]:
                yield _answer(place, matches, outside)


def _places(part: Selection, outside: Outside, names: frozenset[str], apart: bool) -> Iterator[Place]:
    """The target as one place, or as one for each of its endpoints."""
    endpoints = outside.joined().model.network.endpoints
    found = {each.name: index for index, each in endpoints.items() if each.name in names}
    if apart:
        yield from (Place(name, (found[name],)) for name in sorted(found))
    else:
        text = part.text or (next(iter(found)) if len(found) == 1 else f"{len(found)} workloads")
        yield Place(text, tuple(found.values()))


def _index(ends: Ends, name: str) -> int:
    return ends.network.blueprint.registry.index(name)


def _each(asked: tuple[Match, ...] | None) -> Sequence[tuple[Match, ...] | None]:
    return [None] if asked is None else [(match,) for match in asked]


def _answer(place: Place, asked: tuple[Match, ...] | None, outside: Outside) -> Answer:
    network, report = outside.joined().model.network, outside.exposed()
    found = verdict(report, place, asked, network)
    paths = leading(report, place, asked, network)
    target = place.text
    best = next((path for state in (PathState.OPEN, PathState.POSSIBLE) for path in paths if path.state is state), None)
    if best is None:
        return Answer(target, found)
    closing = next(closing for path, closing in zip(report.paths, report.closings, strict=True) if path is best)
    return Answer(best.target, found, f"{closing.what} ({closing.place})" if closing is not None else "")


def _first(traffic: Traffic) -> str:
    """One port of some traffic."""
    for protocol, ports in traffic:
        return f"{protocol}/{ports.split(',')[0]}" if ports != "*" else protocol
    return "any port"
