"""A proof as JSON; docs/json.md describes the shape."""

from __future__ import annotations

from typing import Any

from crenel.output import schema
from crenel.output.reports import ProofReport
from crenel.output.verdict_json import change_shape, step_shape
from crenel.output.words import clean
from crenel.questions.proving.result import Counterexample, Mending, Result, State


def render(report: ProofReport) -> bytes:
    """Write all results."""
    proof = report.proof
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "proof",
            "statements": list(map(_result, proof.results)),
            "summary": {state.value: proof.count(state) for state in State},
            "assumptions": list(proof.notes),
            "notices": schema.notices(report.context),
        }
    )


def _result(result: Result) -> dict[str, Any]:
    statement = result.statement
    file, line = schema.place(statement.origin, statement.line)
    return {
        "name": clean(statement.title),
        "verb": statement.verb,
        "reason": clean(statement.reason) or None,
        "file": file,
        "line": line,
        "state": result.state.value,
        "says": clean(result.says),
        "examined": result.examined,
        "counterexample": None if result.counterexample is None else _example(result.counterexample),
        "connections": list(schema.links(result.connections)),
        "change": None if result.mending is None else _mending(result.mending),
        "advice": clean(result.advice) or None,
        "notes": list(map(clean, result.notes)),
    }


def _example(against: Counterexample) -> dict[str, Any]:
    return {
        "source": clean(against.source),
        "target": clean(against.target),
        "traffic": against.traffic,
        "family": f"IPv{against.family}" if against.family else None,
        "outcome": against.outcome.value,
        "trace": list(map(step_shape, against.steps)),
        "conditions": list(map(clean, against.conditions)),
        "note": clean(against.note) or None,
    }


def _mending(mending: Mending) -> dict[str, Any]:
    return {
        **change_shape(mending.remedy),
        "closes": mending.closes,
        "breaks": list(map(clean, mending.breaks)),
        "whole": mending.whole,
    }
