"""AU-02: an ignore that has expired."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.pieces import deployment

POD = deployment("web")
TABLE = '[[set-aside]]\nchecks = ["NP-01"]\nreason = "later"\nuntil = {}\n'


def test_real_command(tmp_path: Path) -> None:
    """The comment is named with its reason, and sets nothing aside any more."""
    text = f"# crenel: ignore[NP-01] until 2020-01-31: later\n{POD}"
    assert command("AU-02", text, tmp_path) == ["1 medium comment input.yaml:1: has expired on 2020-01-31: later"]
    assert len(messages("NP-01", text)) == 1


def test_a_table(tmp_path: Path) -> None:
    """A table of the configuration expires as well, at its own line."""
    (tmp_path / "crenel.toml").write_text("\n" + TABLE.format("2020-01-31"))
    assert command("AU-02", POD, tmp_path) == ["2 medium ignore of NP-01: has expired on 2020-01-31: later"]


def test_clean(tmp_path: Path) -> None:
    """What lasts is fine."""
    (tmp_path / "crenel.toml").write_text(TABLE.format("2999-01-31"))
    assert command("AU-02", POD, tmp_path) == []
    assert messages("AU-02", f"# crenel: ignore[NP-01] until 2999-01-31: later\n{POD}") == []
