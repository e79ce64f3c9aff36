"""What the reports for people say about a proof."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.output.verdict_words import decision, place_text
from crenel.output.words import clean, count
from crenel.questions.proving.result import Counterexample, Mending, Proof, Result, State

WORDS = {
    State.HOLDS: "holds",
    State.VIOLATED: "violated",
    State.UNKNOWN: "unknown",
    State.NOTHING: "nothing",
    State.UNREADABLE: "unreadable",
}
_COUNTED = {
    State.VIOLATED: "violated",
    State.UNKNOWN: "not known",
    State.NOTHING: "about nobody",
    State.UNREADABLE: "unreadable",
}
MOST_CONNECTIONS = 8
"""How many lines of what speaks against a statement are shown to people."""


def conclusion(proof: Proof) -> str:
    """How many statements there are, and how many do not hold."""
    held = proof.count(State.HOLDS)
    found = [f"{held} hold{'s' if held == 1 else ''}"]
    found += [f"{number} {word}" for state, word in _COUNTED.items() if (number := proof.count(state))]
    return f"{count(len(proof.results), 'statement')}: {', '.join(found)}"


def title(result: Result) -> str:
    """What a statement is called."""
    return clean(result.statement.title)


def place(result: Result) -> str:
    """Where a statement stands."""
    return place_text(result.statement.file, result.statement.line) if result.statement.file else ""


def steps(against: Counterexample) -> Iterator[tuple[str, str, str, str]]:
    """The steps of a counterexample: direction, decision, rule, where."""
    for step in against.steps:
        where = place_text(step.file, step.line) if step.file else ""
        yield step.direction.value, decision(step), clean(step.rule), where


def example(against: Counterexample) -> str:
    """One connection: ``shop/web to shop/db TCP/5432 (IPv6)``."""
    family = f" (IPv{against.family})" if against.family else ""
    return clean(f"{against.source} to {against.target} {against.traffic}{family}")


def change_title(mending: Mending) -> str:
    """What a change is for."""
    what = "it" if mending.whole else "this one connection"
    return f"the smallest change that {'forbids' if mending.closes else 'allows'} {what}:"


def extra_title(mending: Mending) -> str:
    """What is listed below a change."""
    return "this closes:" if mending.closes else "this allows:"


def explained(result: Result) -> list[str]:
    """The notes on a result, and what it depends on."""
    against = result.counterexample
    lines = [f"depends on: {text}" for text in against.conditions] if against is not None else []
    if any(" an address in " in text for text in lines):
        lines.append("--pod-cidr CIDR says where pods get their addresses from, and may settle it")
    lines += [against.note] if against is not None and against.note else []
    return [clean(text) for text in (*lines, *result.notes)]
