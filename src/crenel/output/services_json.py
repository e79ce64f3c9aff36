"""A plan for Services and TLS as data, for the JSON of `crenel harden`."""

from __future__ import annotations

from typing import Any

from crenel.harden.services.model import Change, Plan
from crenel.provenance import field_text


def data(plan: Plan) -> dict[str, Any]:
    """All of it: ``changes`` with their ``state``, ``stays``, ``refused``, and the diff of each file."""
    states = (("made", plan.made), ("waiting", plan.waiting))
    changes = [{**_change(each), "state": state} for state, found in states for each in found]
    changes += [{**_change(each.change), "state": "withheld", "why": each.why} for each in plan.withheld]
    return {
        "changes": changes,
        "stays": [
            {"subject": each.subject, "why": each.why, "file": each.origin.source, "line": each.origin.line(each.field)}
            for each in plan.stays
        ],
        "files": [{"path": each.path, "new": each.old is None, "diff": each.diff()} for each in plan.files],
        "refused": list(plan.refused),
        "component": dict(plan.component),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "what": change.what,
        "object": change.thing.title,
        "file": change.file,
        "line": change.line,
        "field": field_text(change.field),
        "reason": change.reason,
        "certainty": change.certainty.value,
        "question": change.question,
        "evidence": [{"kind": each.kind.value, "text": str(each)} for each in change.evidence],
        "cuts": list(change.cuts),
        "new": [each.thing.title for each in change.new],
        "notes": list(change.notes),
    }
