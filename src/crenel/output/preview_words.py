"""How reports write what of observed traffic would break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crenel.flows.observed import Observations
from crenel.output.flows_words import end, traffic
from crenel.output.reports import Context
from crenel.output.words import count
from crenel.questions.observing.preview import Broken, Preview, steps_of


@dataclass(frozen=True, slots=True)
class PreviewReport:
    """What of observed traffic would break, with what was observed."""

    preview: Preview
    observed: Observations
    context: Context = field(default_factory=Context)


def sentence(broken: Broken) -> str:
    """A connection in one line."""
    row = broken.observed
    return f"{end(row.source, row)} to {end(row.target, row)} {traffic(row)}, {count(row.count, 'record')}"


def reasons(broken: Broken) -> Iterator[str]:
    """What blocks it."""
    return steps_of(broken)


def verdict(found: Preview) -> str:
    """The whole in one line."""
    asked = found.kept + len(found.broken) + len(found.uncertain)
    if not found.broken and not found.uncertain:
        text = f"None of {count(asked, 'observed connection')} would break."
    else:
        text = f"{len(found.broken)} of {count(asked, 'observed connection')} would break"
        text += f", {len(found.uncertain)} may break." if found.uncertain else "."
    extra = []
    if found.dropped:
        was = "was dropped already when it was" if found.dropped == 1 else "were dropped already when they were"
        extra.append(f"{found.dropped} {was} seen")
    if found.unasked:
        has = "has" if len(found.unasked) == 1 else "have"
        extra.append(f"{len(found.unasked)} {has} an end that the input does not have")
    return f"{text} Not counted: {'; '.join(extra)}." if extra else text
