"""FW-05: SSH or RDP of nodes, reachable from the internet."""

from __future__ import annotations

import json
from pathlib import Path

from audit.asking import command, inside, messages
from audit.pieces import node
from audit.walls import POD, allow, amazon, entry, group, nodes, rule, tcp

SSH = rule("ssh", "0.0.0.0/0", tcp("22", "3389"))


def test_real_command(tmp_path: Path) -> None:
    """The rule that opens SSH is named at its line; RDP counts on Windows alone."""
    assert command("FW-05", nodes(SSH), tmp_path) == [
        "23 high vpc firewall rule ssh: this rule lets the internet to SSH (TCP/22) of n1"
    ]
    found = messages("FW-05", nodes(SSH, labels="kubernetes.io/os: windows"))
    assert [line.partition(" lets ")[2] for line in found] == [
        "the internet to RDP (TCP/3389) of n1",
        "the internet to SSH (TCP/22) of n1",
    ]


def test_machines_without_nodes() -> None:
    """Where the input has no nodes, all machines are looked at."""
    text = nodes(SSH).replace("kind: Node\n", "kind: Namespace\n").replace("spec: {providerID", "x: {providerID")
    plan = POD + text.partition("---\n")[2].partition("---\n")[2]
    assert messages("FW-05", plan) == ["high vpc firewall rule ssh: this rule lets the internet to SSH (TCP/22) of n1"]


def test_what_the_input_lacks_is_no_finding() -> None:
    """On AWS the network ACL decides as well: where it is not in the input, nothing is sure."""
    assert messages("FW-05", amazon(group("sg-1", allow(22, "0.0.0.0/0"))), "--persona", "pedantic") == []
    entries = (entry(100, "0.0.0.0/0"), entry(100, "0.0.0.0/0", out=True))
    text = amazon(group("sg-1", allow(22, "0.0.0.0/0")), entries)
    (line,) = messages("FW-05", text, "--persona", "pedantic")
    assert line.startswith("low security group sg-1 (nodes): this rule lets the internet to SSH (TCP/22) of i-1; ")
    assert line.endswith("; lowered: the internet is not routed there (eni-1 has no public IPv4 address)")


def test_answers_count() -> None:
    """A network ACL that lets no answer out closes the port."""
    entries = (entry(100, "0.0.0.0/0"), entry(100, "0.0.0.0/0", "443", out=True))
    assert messages("FW-05", amazon(group("sg-1", allow(22, "0.0.0.0/0")), entries), "--persona", "pedantic") == []


def test_clean() -> None:
    """An office, and what the cloud offers for it, are not the internet."""
    assert messages("FW-05", nodes(rule("ssh", "35.235.240.0/20, 8.8.8.0/24", tcp("22")))) == []


def test_a_firewall_of_a_host_alone(tmp_path: Path) -> None:
    """Where the input has nothing but the firewall of the host, what stands in front of it is not known."""
    port = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}
    place = {"family": "inet", "table": "t", "chain": "in", "handle": 2}
    chain = {"family": "inet", "table": "t", "name": "in", "handle": 1, "type": "filter", "hook": "input", "prio": 0}
    listed = [
        {"metainfo": {"json_schema_version": 1, "version": "1.0.6"}},
        {"table": {"family": "inet", "name": "t", "handle": 1}},
        {"chain": {**chain, "policy": "drop"}},
        {"rule": {**place, "expr": [port, {"accept": None}]}},
    ]
    (tmp_path / "n1.nft.json").write_text(json.dumps({"nftables": listed}), "utf-8")

    def found(*arguments: str, public: str = "") -> list[str]:
        (tmp_path / "cluster.yaml").write_text(POD + node(public=public), "utf-8")
        ran = inside("-f", str(tmp_path), "-o", "json", "--select", "FW-05", *arguments)
        return [f"{each['severity']} {each['message']}" for each in json.loads(ran.out)["findings"]]

    says = "the rule handle 2 of chain in lets the internet to SSH (TCP/22) of n1; lowered: "
    assert found() == []
    assert found("--persona", "pedantic") == [f"low {says}the internet is not routed there"]
    assert found(public="34.10.0.1") == [f"medium {says}whether the internet is routed there is not known"]
