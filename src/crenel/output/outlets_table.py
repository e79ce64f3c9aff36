"""Where workloads can go outside of the cluster, as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.output import outlets_words as words
from crenel.output.columns import aligned
from crenel.output.paint import BOLD, PLAIN, Paint
from crenel.output.words import clean
from crenel.questions.exposure.outbound import Outlet
from crenel.questions.verdict import Traffic


def render(outlets: Sequence[Outlet], everything: Traffic, assumptions: Sequence[str], paint: Paint = PLAIN) -> str:
    """Write a line for each workload and sort of destination, then what the answer rests on."""
    rows = words.rows(outlets, everything)
    if not rows:
        return "Nothing leaves the cluster.\n"
    head, *body = aligned([words.HEADER, *(tuple(map(clean, row)) for row in rows)])
    lines = [paint(BOLD, head), *body]
    lacking = dict.fromkeys(text for each in outlets for text in each.lacks)
    notes = [*(f"not in the input: {clean(text)}" for text in lacking), *(f"assumed: {clean(t)}" for t in assumptions)]
    return "\n".join([*lines, *([""] if notes else []), *notes, ""])
