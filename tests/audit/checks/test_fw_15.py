"""FW-15: egress of nodes."""

from __future__ import annotations

import json
from pathlib import Path

from audit.asking import command, messages
from audit.walls import POD, ROUTE, amazon, entry, group, nodes, rule, tcp
from dialects.azure import samples

OUT = rule("out", "0.0.0.0/0", "{IPProtocol: all}", out=True)


def test_real_command(tmp_path: Path) -> None:
    """The rule that allows everything is named at its line."""
    assert command("FW-15", nodes(OUT), tmp_path) == [
        "23 medium vpc firewall rule out: this rule lets n1 connect to the internet on as good as every TCP port"
    ]


def test_the_default_of_the_platform() -> None:
    """Where no rule says anything, the node is named."""
    assert messages("FW-15", nodes(rule("web", "0.0.0.0/0", tcp("443")))) == [
        "medium node n1: the lack of a rule lets n1 connect to the internet on as good as every TCP port"
    ]


def test_without_a_route() -> None:
    """Where no route leads out it is low, and for the pedantic."""
    text = nodes(OUT, public="").replace(ROUTE, ROUTE.replace("destRange: 0.0.0.0/0", "destRange: 203.0.113.0/24"))
    assert messages("FW-15", text) == []
    (line,) = messages("FW-15", text, "--persona", "pedantic")
    assert line.startswith("low vpc firewall rule out: ")


def test_clean() -> None:
    """Some ports, and some addresses, are no finding."""
    closed = rule("rest", "0.0.0.0/0", "{IPProtocol: all}", out=True, deny=True, priority=65000)
    assert messages("FW-15", nodes(rule("web", "0.0.0.0/0", tcp("443"), out=True), closed)) == []
    assert messages("FW-15", nodes(rule("net", "203.0.113.0/24", "{IPProtocol: all}", out=True), closed)) == []


def test_the_nearest_of_several() -> None:
    """Where a security group and a network ACL allow everything, it is the group that is named."""
    groups = group("sg-1") + '\n    IpPermissionsEgress: [{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}]'
    entries = (entry(100, "0.0.0.0/0"), entry(100, "0.0.0.0/0", out=True))
    (line,) = messages("FW-15", amazon(groups, entries), "--persona", "pedantic")
    assert "security group sg-1 (nodes): this rule lets i-1 connect to the internet" in line


def test_a_group_in_several_places() -> None:
    """A network security group of Azure that guards a subnet and interfaces of it is one finding."""
    text = "".join(f"{json.dumps(each)}\n---\n" for each in samples.twice())
    (line,) = messages("FW-15", POD + text)
    assert "the rule AllowInternetOutBound lets a and 1 more connect to the internet" in line
