"""The worked examples with all layers: one change per layer flips the verdict, and the answer names that layer."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from command import ROOT, crenel
from output.shapes import Exposure

LAYERS = ROOT / "examples" / "layers"
RANGES = (
    "  externalTrafficPolicy: Local\n",
    "  externalTrafficPolicy: Local\n  loadBalancerSourceRanges: [10.0.0.0/8]\n",
)
POLICY = ("cidr: 0.0.0.0/0", "cidr: 192.168.0.0/16")
CHANGES = [
    ("gcp", "cluster.yaml", *RANGES, "source ranges"),
    ("gcp", "cluster.yaml", *POLICY, "network policy"),
    ("gcp", "firewall-rules.json", '"443"', '"8443"', "cloud firewall"),
    ("gcp", "firewall-rules.json", "34.50.1.1", "34.50.1.2", "cloud firewall"),
    ("gcp", "forwarding-rules.json", '"portRange": "443-443"', '"portRange": "80-80"', "listener"),
    ("gcp", "forwarding-rules.json", "EXTERNAL", "INTERNAL", "load balancer"),
    ("aws", "cluster.yaml", *RANGES, "source ranges"),
    ("aws", "cluster.yaml", *POLICY, "network policy"),
    ("aws", "security-groups.json", '"IpProtocol": "tcp"', '"IpProtocol": "udp"', "cloud firewall"),
    ("aws", "network-acls.json", '"RuleAction": "allow"', '"RuleAction": "deny"', "cloud firewall"),
    ("aws", "network-acls.json", '"To": 65535', '"To": 2000', "cloud firewall"),
    ("aws", "listeners.json", '"Port": 443', '"Port": 8443', "listener"),
    ("aws", "load-balancers.json", "internet-facing", "internal", "load balancer"),
    ("azure", "cluster.yaml", *RANGES, "source ranges"),
    ("azure", "cluster.yaml", *POLICY, "network policy"),
    ("azure", "security-groups.json", '"access": "Allow"', '"access": "Deny"', "cloud firewall"),
    (
        "azure",
        "security-groups.json",
        '"destinationPortRange": "443"',
        '"destinationPortRange": "80"',
        "cloud firewall",
    ),
    ("azure", "load-balancer.json", '"frontendPort": 443', '"frontendPort": 80', "listener"),
    ("azure", "cluster.yaml", "- ip: 20.50.1.1", "- ip: 10.0.1.100", "load balancer"),
]


def place(platform: str, folder: Path) -> Path:
    """A copy of an example that may be changed."""
    return Path(shutil.copytree(LAYERS / platform, folder / platform))


@pytest.mark.parametrize("platform", sorted({change[0] for change in CHANGES}))
def test_every_layer_lets_the_client_through(platform: str, tmp_path: Path) -> None:
    """As it is, the path is open, nothing else is, and the whole input was understood."""
    ran = crenel("exposure", "-f", str(place(platform, tmp_path)), "--all", "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    page = msgspec.json.decode(ran.out, type=Exposure)
    assert [path.destination for path in page.paths if path.state == "open"] == ["shop/web"]
    assert not [path for path in page.paths if path.state == "possible"]
    (path,) = [path for path in page.paths if path.state == "open"]
    assert path.witness is not None
    assert crenel("can", "internet", "shop/svc/web:443", "-f", str(tmp_path / platform)).code == 0
    assert crenel("can", "internet", "shop/db:5432", "-f", str(tmp_path / platform)).code == 1


@pytest.mark.parametrize(("platform", "file", "old", "new", "layer"), CHANGES)
def test_one_change_closes_the_path_at_its_layer(
    platform: str, file: str, old: str, new: str, layer: str, tmp_path: Path
) -> None:
    """The verdict is no, and the layer that was changed, alone, is named as blocking."""
    changed = place(platform, tmp_path) / file
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    ran = crenel("can", "internet", "shop/svc/web:443", "-f", str(changed.parent))
    assert ran.code == 1
    assert ran.out.startswith("denied: internet to shop/svc/web:443")
    ran = crenel("exposure", "-f", str(changed.parent), "--all", "-o", "json")
    page = msgspec.json.decode(ran.out, type=Exposure)
    (path,) = [path for path in page.paths if path.entry == "load balancer"]
    assert path.state == "closed"
    closed = [each.layer for each in path.layers if each.state == "closed"]
    assert set(closed) == {layer}


def test_the_firewall_of_a_node(tmp_path: Path) -> None:
    """Rules that iptables-save printed close a node port, and the answer has their line; without them it is open."""
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    rules = tmp_path / "worker-1.iptables"
    asked = ("can", "internet", "shop/web:8080", "-f", str(tmp_path), "--assume", "unfiltered=yes")
    assert crenel(*asked).code == 0
    rules.write_text("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --dport 8080 -j DROP\nCOMMIT\n")
    ran = crenel(*asked)
    assert ran.code == 1
    assert f"denies it\n          {rules}:3\n" in ran.out


CLUSTER = """\
apiVersion: v1
kind: Node
metadata: {name: worker-1}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}, {type: ExternalIP, address: 18.185.10.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: worker-1, containers: [{name: c, image: example.org/web, ports: [{containerPort: 8080}]}]}
status: {phase: Running, podIPs: [{ip: 10.244.1.5}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
"""
