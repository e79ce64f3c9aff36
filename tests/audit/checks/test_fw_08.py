"""FW-08: allowances that others make as well."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.walls import allow, amazon, group


def test_real_command(tmp_path: Path) -> None:
    """The narrower of two is named at its line."""
    text = amazon(group("sg-1", allow(443, "10.0.0.0/8"), allow(443, "10.1.0.0/16")))
    assert command("FW-08", text, tmp_path) == [
        (
            "22 low security group sg-1 (nodes): this rule lets through nothing that is not let through without it, by "
            "another rule"
        )
    ]


def test_several_together() -> None:
    """Two halves imply the whole; one of three is left out at a time."""
    text = amazon(group("sg-1", allow(443, "10.0.0.0/9"), allow(443, "10.128.0.0/9"), allow(443, "10.0.0.0/8")))
    assert len(messages("FW-08", text)) == 2, "both halves can go, and then the whole has to stay"


def test_of_another_group() -> None:
    """What another group implies is for the pedantic."""
    text = amazon(group("sg-1", allow(443, "10.1.0.0/16")) + group("sg-2", allow(443, "10.0.0.0/8"), name="wide"))
    both = text.replace("Groups: [{GroupId: sg-1}]", "Groups: [{GroupId: sg-1}, {GroupId: sg-2}]")
    assert messages("FW-08", both) == []
    (line,) = messages("FW-08", both, "--persona", "pedantic")
    assert line.endswith("without it, by security group sg-2 (wide)")
    assert messages("FW-08", text, "--persona", "pedantic") == [], "no interface has both"


def test_clean() -> None:
    """Other ports and other addresses are not implied."""
    assert (
        messages("FW-08", amazon(group("sg-1", allow(443, "10.0.0.0/8", "11.0.0.0/8"), allow(80, "10.1.0.0/16")))) == []
    )
