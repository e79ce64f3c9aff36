"""FW-03: etcd, reachable from the internet."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.walls import nodes, rule, tcp

ETCD = rule("etcd", "0.0.0.0/0", tcp("2379-2380"))


def test_real_command(tmp_path: Path) -> None:
    """The rule that opens etcd of a node of the control plane is named at its line."""
    text = nodes(ETCD, labels='node-role.kubernetes.io/control-plane: ""')
    assert command("FW-03", text, tmp_path) == [
        "23 critical vpc firewall rule etcd: this rule lets the internet to etcd (TCP/2379-2380) of n1"
    ]


def test_a_pod_of_etcd() -> None:
    """A node that a pod of etcd is on has etcd, whatever its labels are."""
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd-n1, namespace: kube-system}\n"
        "spec: {nodeName: n1, hostNetwork: true, containers: [{name: etcd, image: registry.k8s.io/etcd}]}\n---\n"
    )
    assert len(messages("FW-03", nodes(ETCD) + pod)) == 1


def test_clean() -> None:
    """A node that only works has no etcd; other nodes of the control plane may get there."""
    assert messages("FW-03", nodes(ETCD)) == []
    inside = rule("etcd", "10.0.1.0/28", tcp("2379-2380"))
    assert messages("FW-03", nodes(inside, labels='node-role.kubernetes.io/control-plane: ""')) == []
