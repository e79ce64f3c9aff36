"""FW-02: the kubelet, reachable from the internet."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.walls import nodes, rule, tcp


def test_real_command(tmp_path: Path) -> None:
    """The rule that opens the kubelet is named at its line."""
    assert command("FW-02", nodes(rule("all", "0.0.0.0/0", "{IPProtocol: all}")), tmp_path) == [
        "23 critical vpc firewall rule all: this rule lets the internet to the kubelet (TCP/10250,10255) of n1"
    ]


def test_the_port_that_is_mostly_off() -> None:
    """The port without authentication alone is less: it is off unless somebody turned it on."""
    assert messages("FW-02", nodes(rule("old", "0.0.0.0/0", tcp("10255")))) == [
        (
            "medium vpc firewall rule old: this rule lets the internet to the kubelet (TCP/10255) of n1; lowered: that "
            "port is off unless somebody turned it on"
        )
    ]


def test_clean() -> None:
    """The control plane's range, and an office, are not the internet."""
    assert messages("FW-02", nodes(rule("all", "172.16.0.0/28, 198.51.100.0/24", tcp("10250")))) == []
