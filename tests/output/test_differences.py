"""The formats of a difference, where it is large."""

from __future__ import annotations

import re

import pytest

from crenel.output import difference_markdown, difference_table
from crenel.output.reports import DifferenceReport
from crenel.provenance import Origin
from crenel.questions.causes import Cause
from crenel.questions.diff import Change, Difference
from output.reports import HOSTILE, connection

GITHUB = 65_536
"""How long a comment may be."""


def report(changes: int, removed: int = 0, name: str = "w") -> DifferenceReport:
    """A difference of many connections, each with causes of its own."""
    made = [
        Change(connection(f"a/{name}{number}", "b/db"), "none", "sure", (f"networkpolicy a/{number}",))
        for number in range(max(changes, removed))
    ]
    causes = [
        Cause(f"networkpolicy a/{number}", "changed", Origin(f"deploy/{number}.yaml", locate=lambda _: 7))
        for number in range(max(changes, removed))
    ]
    return DifferenceReport(Difference(tuple(made[:changes]), tuple(made[:removed]), tuple(causes)))


@pytest.mark.parametrize(("added", "removed"), [(13, 0), (5000, 3), (5000, 5000)])
def test_a_comment_is_never_too_long(added: int, removed: int) -> None:
    """However much differs, GitHub takes the comment, every part has rows, and what is left out is counted."""
    text = difference_markdown.render(report(added, removed))
    assert len(text.encode()) < GITHUB
    shown = text.count("TCP/5432")
    left_out = sum(int(number) for number in re.findall(r"(\d+) more rows left out", text.partition("Causes (")[0]))
    assert shown + left_out == added + removed
    assert text.count("<details>") == text.count("</details>") == 2 + (removed > difference_markdown.OPEN)
    assert shown > 0 and "`deploy/0.yaml:7`" in text


def test_a_short_difference_is_open() -> None:
    """What fits is shown without a click, with the cause of each change."""
    text = difference_markdown.render(report(2))
    assert "<details>" not in text
    assert "| `a/w1` | `b/db` | TCP/5432 | `networkpolicy a/1` |" in text


def test_long_lists_of_causes_are_counted() -> None:
    """A change that many objects bear on names the first."""
    change = Change(connection("a/web", "b/db"), "none", "sure", ("networkpolicy a/x", "networkpolicy a/y", "z"))
    other = Change(connection("a/api", "b/db"), "none", "sure", ("networkpolicy a/x",))
    table = difference_table.render(DifferenceReport(Difference((change, other), (), ())))
    assert "+  a/web   b/db         TCP/5432  networkpolicy a/x and 2 more\n" in table


def test_hostile_names_break_no_line() -> None:
    """A name with quotes, pipes and line breaks stays in its cell, and mentions nobody."""
    text = difference_markdown.render(report(2, name=HOSTILE))
    rows = [line for line in text.partition("**Causes**")[0].splitlines() if line.startswith("|")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [5, 5, 5, 5]
    assert "@team" not in text
    assert len(difference_table.render(report(2, name=HOSTILE)).splitlines()) == 9
