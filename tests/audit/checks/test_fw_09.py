"""FW-09: denials that an allowance overrides."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.walls import amazon, entry, group, nodes, rule

WIDE = rule("wide", "10.0.0.0/8", "{IPProtocol: all}", priority=900)


def test_real_command(tmp_path: Path) -> None:
    """The denial is named at its line, with what comes before it."""
    text = nodes(WIDE, rule("lab", "10.9.0.0/16", "{IPProtocol: all}", deny=True))
    assert command("FW-09", text, tmp_path) == [
        (
            "32 high vpc firewall rule lab: this rule denies nothing: vpc firewall rule wide comes before it and "
            "allows what it speaks of"
        )
    ]


def test_in_a_network_acl() -> None:
    """Entries of a network ACL are tried by their numbers, however they are listed."""
    entries = (entry(110, "10.9.0.0/16", deny=True), entry(100, "10.0.0.0/8"), entry(100, "0.0.0.0/0", out=True))
    (line,) = messages("FW-09", amazon(group("sg-1"), entries))
    assert line == (
        "high network acl acl-1 (subnet-1): the rule number 110 denies nothing: number 100 comes before it and allows "
        "what it speaks of"
    )


def test_clean() -> None:
    """A denial of more than is allowed before, and one that comes first, have an effect."""
    for denial in (
        rule("lab", "10.9.0.0/16", "{IPProtocol: all}", deny=True, priority=800),
        rule("rest", "0.0.0.0/0", "{IPProtocol: all}", deny=True),
        rule("same", "10.9.0.0/16", "{IPProtocol: all}", deny=True, priority=900),
    ):
        assert messages("FW-09", nodes(WIDE, denial)) == []
