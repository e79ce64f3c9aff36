"""FW-14: ports that the cluster needs."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.walls import machine, nodes, rule, tcp

CLUSTER = nodes(labels='node-role.kubernetes.io/control-plane: ""') + machine("n2", "10.0.1.11", "")
FLANNEL = """apiVersion: v1
kind: ConfigMap
metadata: {name: kube-flannel-cfg, namespace: kube-flannel}
data: {net-conf.json: '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}'}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-flannel-ds, namespace: kube-flannel}
spec:
  selector: {matchLabels: {app: flannel}}
  template:
    metadata: {labels: {app: flannel}}
    spec: {hostNetwork: true, containers: [{name: kube-flannel, image: ghcr.io/flannel-io/flannel:v0.25.1}]}
---
"""
DENY = rule("shut", "10.0.1.0/24", tcp("10250"), deny=True)
OPEN = rule("nodes", "10.0.1.0/24", "{IPProtocol: tcp}")


def test_real_command(tmp_path: Path) -> None:
    """The rule that stops the kubelet is named at its line, with the nodes."""
    assert command("FW-14", CLUSTER + DENY + OPEN, tmp_path) == [
        "34 high vpc firewall rule shut: the kubelet (TCP/10250) is stopped from n1 to n2"
    ]


def test_what_the_platform_stops() -> None:
    """Where nothing but the default of the platform stops it, the node is named."""
    text = CLUSTER + rule("nodes", "10.0.1.0/24", tcp("10250"))
    assert messages("FW-14", text) == ["high node n1: the API server (TCP/6443) is stopped from n2 to n1"]


def test_the_tunnel_of_the_plugin() -> None:
    """The tunnel that the network plugin is configured with has to be open both ways."""
    assert messages("FW-14", CLUSTER + OPEN + FLANNEL) == [
        "high node n1: the tunnel of Flannel (UDP/8472) is stopped from n2 to n1",
        "high node n2: the tunnel of Flannel (UDP/8472) is stopped from n1 to n2",
    ]
    assert messages("FW-14", CLUSTER + OPEN + FLANNEL.replace("vxlan", "host-gw")) == []
    tunnel = rule("tunnel", "10.0.1.0/24", '{IPProtocol: udp, ports: ["8472"]}')
    assert messages("FW-14", CLUSTER + OPEN + FLANNEL + tunnel) == []


def test_clean() -> None:
    """What is open is no finding, and of a cluster whose control plane is not in the input nothing is known."""
    assert messages("FW-14", CLUSTER + OPEN) == []
    assert messages("FW-14", nodes() + machine("n2", "10.0.1.11", "")) == []
