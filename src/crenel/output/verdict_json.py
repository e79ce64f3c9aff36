"""A verdict as JSON: laid out for one, or a line for each of a batch."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.output import schema
from crenel.output.reports import VerdictReport
from crenel.output.words import clean
from crenel.questions.remedies.proposal import Remedy
from crenel.questions.verdict import Step


class StepShape(msgspec.Struct):
    """One step of a trace."""

    stage: str
    direction: str
    decision: str
    rule: str
    policy: str | None
    file: str | None
    line: int | None
    decisive: bool


def render(report: VerdictReport) -> bytes:
    """Write one verdict."""
    return schema.encoded(shape(report))


def render_line(report: VerdictReport) -> bytes:
    """Write one verdict on one line, its end included."""
    return msgspec.json.encode(shape(report)) + b"\n"


def render_error(message: str, line: int) -> bytes:
    """Write the answer to a question of a batch that could not be read, or that names what is not there."""
    fields = {"schema": schema.SCHEMA, "kind": "error", "error": clean(message), "line": line}
    return msgspec.json.encode(fields) + b"\n"


def shape(report: VerdictReport) -> dict[str, Any]:
    """Shape a verdict; `schema` says in what way."""
    verdict = report.verdict
    return {
        "schema": schema.SCHEMA,
        "kind": "verdict",
        "source": verdict.source,
        "destination": verdict.destination,
        "traffic": schema.ports(verdict.traffic),
        "outcome": verdict.outcome.value,
        "allowed": verdict.allowed,
        "passing": schema.ports(verdict.passing),
        "uncertain": schema.ports(verdict.uncertain),
        "enforced": verdict.enforced,
        "trace": list(map(step_shape, verdict.trace)),
        "reasons": list(map(clean, verdict.reasons)),
        "witness": list(verdict.witness),
        "conditions": list(verdict.conditions),
        "notes": list(verdict.notes),
        "change": None if report.change is None else change_shape(report.change),
        "notices": schema.notices(report.context),
    }


def step_shape(step: Step) -> StepShape:
    """Shape one step of a trace."""
    file, line = schema.place(step.origin, step.line)
    return StepShape(
        step.stage, step.direction.value, step.decision.value, step.rule, step.policy or None, file, line, step.decisive
    )


def change_shape(change: Remedy) -> dict[str, Any]:
    """Shape a change of policies."""
    edits = []
    for edit in change.edits:
        file, line = schema.place(edit.origin, edit.line)
        edits.append({"title": edit.title, "action": edit.text, "file": file, "line": line, "yaml": edit.yaml or None})
    return {"edits": edits, "extra": list(change.extra)}
