"""FW-01: node ports that the internet gets to."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import service
from audit.walls import machine, nodes, rule, tcp

RANGE = rule("ports", "0.0.0.0/0", tcp("30000-32767"))
NODE_PORT = service("web", "type: NodePort, ports: [{port: 80, nodePort: 30080}]")


def test_real_command(tmp_path: Path) -> None:
    """The rule that opens the range is named at its line, with the Service that has such a port."""
    assert command("FW-01", nodes(RANGE) + NODE_PORT, tmp_path) == [
        (
            "23 critical vpc firewall rule ports: this rule lets the internet to node ports (TCP/30000-32767) of n1; "
            "service shop/web has port 30080"
        )
    ]


def test_less_where_nothing_listens() -> None:
    """High where no Service of the input has a node port, or where nothing but ports of Services is open."""
    assert messages("FW-01", nodes(RANGE)) == [
        (
            "high vpc firewall rule ports: this rule lets the internet to node ports (TCP/30000-32767) of n1; "
            "no Service of the input has one of them"
        )
    ]
    alone = rule("ports", "0.0.0.0/0", tcp("30080"))
    assert messages("FW-01", nodes(alone) + NODE_PORT) == [
        (
            "high vpc firewall rule ports: this rule lets the internet to node ports (TCP/30080) of n1; "
            "service shop/web has port 30080"
        )
    ]


def test_once_for_all_nodes() -> None:
    """A rule is one finding, however many nodes are behind it."""
    (line,) = messages("FW-01", nodes(RANGE) + machine("n2", "10.0.1.11", "34.10.0.2"))
    assert "of n1 and 1 more" in line


def test_without_a_route() -> None:
    """Where the internet is not routed to the nodes it is low, and for the pedantic."""
    text = nodes(RANGE, public="")
    assert messages("FW-01", text) == []
    (line,) = messages("FW-01", text, "--persona", "pedantic")
    assert line.startswith("low vpc firewall rule ports: ")
    assert line.endswith("lowered: the internet is not routed there (no external IPv4 address)")


def test_halves_of_the_internet() -> None:
    """Two halves are the internet."""
    assert len(messages("FW-01", nodes(rule("ports", "0.0.0.0/1, 128.0.0.0/1", tcp("30000-32767"))))) == 1


def test_the_range_of_the_api_server() -> None:
    """The range is that of the API server's flag, where the input has it."""
    server = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver, namespace: kube-system}\nspec: {containers: "
        "[{name: x, image: example.org/x, command: [kube-apiserver, --service-node-port-range=20000-20100]}]}\n---\n"
    )
    (line,) = messages("FW-01", nodes(rule("ports", "0.0.0.0/0", tcp("20000-31000"))) + server)
    assert "(TCP/20000-20100)" in line


@pytest.mark.parametrize(
    "text",
    [
        nodes(rule("ports", "35.191.0.0/16, 130.211.0.0/22", tcp("30000-32767"))),
        nodes(rule("ports", "0.0.0.0/0", tcp("443"))),
        nodes(RANGE, rule("shut", "0.0.0.0/0", tcp("30000-32767"), deny=True, priority=900)),
        NODE_PORT + nodes(),
    ],
    ids=["load balancer", "another port", "denied before", "no rule"],
)
def test_clean(text: str) -> None:
    """What the load balancer alone gets to, other ports, and what an earlier rule denies are no findings."""
    assert messages("FW-01", text) == []
