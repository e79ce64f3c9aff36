"""FW-07: rules that those before them leave nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.walls import amazon, entry, group, nodes, rule, tcp

HALVES = (entry(90, "10.0.0.0/9", deny=True), entry(91, "10.128.0.0/9", deny=True))
SHADOWED = entry(100, "10.0.0.0/8", "443")
OUT = entry(100, "0.0.0.0/0", out=True)


def test_real_command(tmp_path: Path) -> None:
    """Two halves leave nothing to the whole, and the rule is named at its line."""
    assert command("FW-07", amazon(group("sg-1"), (*HALVES, SHADOWED, OUT)), tmp_path) == [
        (
            "28 medium network acl acl-1 (subnet-1): the rule number 100 allows nothing: number 90, number 91 come "
            "before it, and what it speaks of is denied"
        )
    ]


def test_the_same_again() -> None:
    """A rule that says what those before it do is low."""
    entries = (entry(90, "10.0.0.0/8"), entry(95, "192.0.2.0/24", deny=True), entry(100, "10.1.0.0/16"), OUT)
    assert messages("FW-07", amazon(group("sg-1"), entries)) == [
        (
            "low network acl acl-1 (subnet-1): the rule number 100 allows nothing: number 90 comes before it, and does "
            "the same"
        )
    ]


def test_priorities_across_rules() -> None:
    """Rules of Google Cloud are one list by their priorities, wherever they are written."""
    text = nodes(
        rule("web", "10.1.0.0/16", tcp("443")), rule("shut", "10.0.0.0/8", "{IPProtocol: all}", deny=True, priority=5)
    )
    (line,) = messages("FW-07", text)
    assert line.startswith(
        "medium vpc firewall rule web: this rule allows nothing: vpc firewall rule shut comes before it"
    )


@pytest.mark.parametrize(
    "text",
    [
        amazon(group("sg-1"), (HALVES[0], SHADOWED, OUT)),
        amazon(group("sg-1"), (SHADOWED, entry(110, "10.0.0.0/8", deny=True), OUT)),
        amazon(group("sg-1"), (entry(100, "0.0.0.0/0"), OUT, entry(32767, "0.0.0.0/0", deny=True))),
        nodes(rule("web", "10.1.0.0/16", tcp("443"))),
    ],
    ids=["a half", "allowed before", "the last entry", "alone"],
)
def test_clean(text: str) -> None:
    """A rule that decides anything at all, and the entry that ends every network ACL, are no findings."""
    assert messages("FW-07", text) == []
