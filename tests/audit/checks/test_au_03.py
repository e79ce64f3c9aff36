"""AU-03: an ignore that sets nothing aside."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.pieces import DENY, deployment

COMMENT = "# crenel: ignore[NP-01] until 2999-01-31: later\n"
BOTH = "NP-01,AU-03"


def test_real_command(tmp_path: Path) -> None:
    """The comment is named where it stands."""
    assert command(BOTH, COMMENT + deployment("web") + DENY, tmp_path) == [
        "1 low comment input.yaml:1: sets no finding aside"
    ]


def test_a_table(tmp_path: Path) -> None:
    """So is a table of the configuration."""
    (tmp_path / "crenel.toml").write_text('[[set-aside]]\nchecks = ["NP"]\nreason = "later"\nuntil = 2999-01-31\n')
    assert command("NP,AU-03", deployment("web") + DENY, tmp_path) == ["1 low ignore of NP: sets no finding aside"]
    assert command("NP,AU-03", deployment("web"), tmp_path) == []


def test_clean() -> None:
    """One that is used is fine; of one whose check did not run, nothing is known."""
    assert messages(BOTH, COMMENT + deployment("web")) == []
    assert messages("SV,AU-03", COMMENT + deployment("web") + DENY) == []
