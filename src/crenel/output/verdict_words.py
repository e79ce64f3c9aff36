"""What the reports for people say about a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from crenel.output.reports import VerdictReport
from crenel.output.words import clean, short_traffic
from crenel.questions.remedies.proposal import Edit, Remedy
from crenel.questions.verdict import Decision, Outcome, Step, Verdict, Witness

HEADLINES = {
    Outcome.ALLOWED: "allowed",
    Outcome.DENIED: "denied",
    Outcome.PARTIAL: "partly allowed",
    Outcome.UNKNOWN: "unknown",
}
DECISIONS = {
    Decision.ALLOW: "allows",
    Decision.DENY: "denies",
    Decision.PASS: "passes",
    Decision.NONE: "-",
    Decision.POSSIBLE: "maybe",
}
_SHOWN_EXTRA = 10

ALSO = "also"
"""The decision of a step that would block as well, if it were reached."""


def headline(verdict: Verdict) -> str:
    """The answer in words: ``denied: shop/web to shop/db TCP/5432``."""
    answer = HEADLINES[verdict.outcome]
    if verdict.enforced is False:
        answer = f"{answer} by policy, not enforced"
    return clean(f"{answer}: {verdict.source} to {verdict.destination}{asked(verdict)}")


def asked(verdict: Verdict) -> str:
    """The traffic of the question, unless the destination's text says it already."""
    text = short_traffic(verdict.traffic)
    port = verdict.destination.rpartition(":")[2]
    return "" if text in (f"TCP/{port}", "/".join(reversed(port.split("/")))) else f" {text}"


def decision(step: Step) -> str:
    """What a step did, in one word."""
    return DECISIONS[step.decision] if step.decisive else ALSO


def by_direction(verdict: Verdict) -> Iterator[tuple[str, list[Step]]]:
    """The steps of each direction, egress first."""
    ordered = sorted(verdict.trace, key=lambda step: step.direction.value)
    for direction, steps in groupby(ordered, key=lambda step: step.direction.value):
        yield direction, list(steps)


def explanations(verdict: Verdict) -> list[str]:
    """The reasons that the trace does not give: of what is allowed in part, and where there is no trace."""
    if verdict.outcome is Outcome.PARTIAL or not verdict.trace:
        return [clean(reason) for reason in verdict.reasons]
    return []


def dependencies(report: VerdictReport) -> list[str]:
    """What an unknown outcome depends on, and what would settle it."""
    conditions = report.verdict.conditions
    lines = [clean(condition) for condition in conditions]
    if not report.pod_ranges_known and any(" an address in " in condition for condition in conditions):
        lines.append("--pod-cidr CIDR says where pods get their addresses from, and may settle it")
    return lines


def witness_text(packet: Witness) -> str:
    """One packet that gets through."""
    port = "" if packet.port is None else f"/{packet.port}"
    return clean(f"{packet.source} to {packet.destination} {packet.protocol}{port} (IPv{packet.family})")


def edit_text(edit: Edit) -> str:
    """One edit of a proposed change as a line."""
    return clean(f"{edit.text} ({place_text(edit.file, edit.line)})" if edit.file else edit.text)


def extra_texts(change: Remedy) -> list[str]:
    """What a change would allow beside what is asked for, the first few of it."""
    shown = [clean(text) for text in change.extra[:_SHOWN_EXTRA]]
    left = len(change.extra) - len(shown)
    return [*shown, f"... and {left} more"] if left else shown


def place_text(file: str, line: int | None) -> str:
    """``file:line``, as much of it as is known."""
    return clean(file if line is None else f"{file}:{line}")
