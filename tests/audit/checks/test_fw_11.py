"""FW-11: the default security group."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.walls import amazon, group

DEFAULT = group("sg-2", 'IpProtocol: "-1", UserIdGroupPairs: [{GroupId: sg-2}]', name="default")


def test_real_command(tmp_path: Path) -> None:
    """The group is named at its line, with what carries it."""
    assert command("FW-11", amazon(DEFAULT, carried="sg-2"), tmp_path) == [
        "17 medium security group sg-2 (default): eni-1 carries it, which is what gets no other group"
    ]


def test_rules_without_carriers() -> None:
    """One that nothing carries, but that has rules, is for the pedantic."""
    text = amazon(group("sg-1") + DEFAULT)
    assert messages("FW-11", text) == []
    assert messages("FW-11", text, "--persona", "pedantic") == [
        (
            "low security group sg-2 (default): nothing carries it, but it has rules, which whatever gets no other "
            "group will have"
        )
    ]


def test_clean() -> None:
    """Groups that somebody made, and a default group without rules, are no findings."""
    assert messages("FW-11", amazon(group("sg-1")), "--persona", "pedantic") == []
    assert messages("FW-11", amazon(group("sg-1") + group("sg-2", name="default")), "--persona", "pedantic") == []
