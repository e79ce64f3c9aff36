"""The checks that there are, as text for people."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.audit.catalogue import Rule
from crenel.output.columns import aligned

HEADER = ("CHECK", "SEVERITY", "PERSONA", "FINDS")


def render(rules: Sequence[Rule]) -> str:
    """Write a line for each check."""
    rows = [(each.check.id, each.check.severity.word, each.check.persona.word, each.check.title) for each in rules]
    return "\n".join([*aligned([HEADER, *rows]), ""])
