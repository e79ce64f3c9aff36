"""AU-01: an ignore comment that lacks something."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import deployment

POD = deployment("web")


def test_real_command(tmp_path: Path) -> None:
    """The comment is named at its line."""
    assert command("AU-01", f"# crenel: ignore[NP-01]\n{POD}", tmp_path) == [
        "1 medium comment input.yaml:1: sets nothing aside: it lacks a date: until YYYY-MM-DD, a reason behind a colon"
    ]


@pytest.mark.parametrize(
    ("comment", "lacks"),
    [
        ("ignore until 2999-01-01: because", "the checks in brackets"),
        ("ignore[NP-01] until 2999-01-01", "a reason behind a colon"),
        ("ignore[NP-01]: because", "a date: until YYYY-MM-DD"),
        ("ignore[NP-01] until tomorrow: because", "a date in place of 'tomorrow'"),
    ],
)
def test_what_is_missing(comment: str, lacks: str) -> None:
    """The message says what is missing; such a comment sets nothing aside."""
    text = f"# crenel: {comment}\n{POD}"
    assert messages("AU-01", text) == [f"medium comment -:1: sets nothing aside: it lacks {lacks}"]
    assert len(messages("NP-01", text)) == 1


def test_clean() -> None:
    """A comment that has all of it is fine, and so is one that is about something else."""
    assert messages("AU-01", f"# crenel: ignore[NP-01] until 2999-01-01: because\n{POD}") == []
    assert messages("AU-01", f"# crenel is a tool\n{POD}") == []
