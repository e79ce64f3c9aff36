"""What of observed traffic would break, as JSON."""

from __future__ import annotations

from typing import Any

from crenel.output import schema
from crenel.output.flows_json import reading, shaped
from crenel.output.preview_words import PreviewReport
from crenel.output.verdict_json import step_shape
from crenel.output.words import clean
from crenel.questions.observing.preview import Broken, Preview


def render(report: PreviewReport) -> bytes:
    """Write what breaks, what may, and what could not be asked."""
    found = report.preview
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "preview",
            **data(found),
            **reading(report.observed),
            "notices": schema.notices(report.context),
        }
    )


def data(found: Preview) -> dict[str, Any]:
    """What became of the rows."""
    return {
        "broken": [_shaped(each) for each in found.broken],
        "uncertain": [_shaped(each) for each in found.uncertain],
        "unasked": [{"observed": shaped(each.observed), "reason": clean(each.reason)} for each in found.unasked],
        "kept": found.kept,
        "dropped": found.dropped,
    }


def _shaped(broken: Broken) -> dict[str, Any]:
    return {
        "observed": shaped(broken.observed),
        "outcome": broken.outcome.value,
        "reasons": [clean(reason) for reason in broken.reasons],
        "blocking": [step_shape(each) for each in broken.blocking],
    }
