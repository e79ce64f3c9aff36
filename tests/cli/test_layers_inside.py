"""Firewalls of the infrastructure in `map`, `can` and `diff`: between pods, nodes, databases and outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command import crenel
from output.shapes import Difference, Map, Verdict

ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]


def permission(port: int | None, *cidrs: str, groups: tuple[str, ...] = ()) -> dict[str, Any]:
    """A rule of a security group for one TCP port, or for all traffic."""
    ports = {"FromPort": port, "ToPort": port, "IpProtocol": "tcp"} if port else {"IpProtocol": "-1"}
    return {
        **ports, "IpRanges": [{"CidrIp": each} for each in cidrs],
        "UserIdGroupPairs": [{"GroupId": each} for each in groups],
    }  # fmt: skip


def group(name: str, *inwards: dict[str, Any]) -> dict[str, Any]:
    """A security group that lets everything out."""
    out = [permission(None, "0.0.0.0/0")]
    return {
        "GroupId": f"sg-{name}", "GroupName": name, "VpcId": "vpc-1", "IpPermissions": list(inwards),
        "IpPermissionsEgress": out,
    }  # fmt: skip


def interface(name: str, address: str, security: str, *more: str, instance: str = "") -> dict[str, Any]:
    """A network interface with one group."""
    attachment = {"Attachment": {"InstanceId": instance, "Status": "attached"}} if instance else {}
    addresses = [{"PrivateIpAddress": each, "Primary": not place} for place, each in enumerate((address, *more))]
    return {
        "NetworkInterfaceId": f"eni-{name}", "SubnetId": "subnet-1", "VpcId": "vpc-1", "PrivateIpAddress": address,
        "AvailabilityZone": "eu-west-1a", "PrivateIpAddresses": addresses, "Ipv6Addresses": [], "Ipv4Prefixes": [],
        "Groups": [{"GroupId": f"sg-{security}", "GroupName": security}], "Description": "", **attachment,
    }  # fmt: skip


NODES = """\
apiVersion: v1
kind: Node
metadata: {name: node-1}
spec: {providerID: "aws:///eu-west-1a/i-1"}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-2}
spec: {providerID: "aws:///eu-west-1a/i-2"}
status: {addresses: [{type: InternalIP, address: 10.0.1.11}]}
"""


def pod(name: str, node: str, address: str, owner: str = "") -> str:
    """A running pod, of a ReplicaSet where it has an owner."""
    controller = f'{{apiVersion: apps/v1, kind: ReplicaSet, name: {owner}, uid: "1", controller: true}}'
    owners = f"ownerReferences: [{controller}], " if owner else ""
    return (
        f"---\napiVersion: v1\nkind: Pod\n"
        f"metadata: {{name: {name}, namespace: shop, {owners}labels: {{app: {owner or name}}}}}\n"
        f"spec: {{nodeName: {node}, containers: [{{name: c, image: example.org/c}}]}}\n"
        f"status: {{phase: Running, podIPs: [{{ip: {address}}}]}}\n"
    )


TUNNELLED = pod("web", "node-1", "10.244.1.5") + pod("api", "node-2", "10.244.2.5")
ROUTED = pod("web", "node-1", "10.0.1.50") + pod("api", "node-2", "10.0.1.60") + pod("near", "node-1", "10.0.1.51")
SPREAD = pod("all-1", "node-1", "10.244.1.9", "all") + pod("all-2", "node-2", "10.244.2.9", "all")
DATABASE = [permission(5432, groups=("sg-nodes",)), permission(9000, "10.0.1.10/32"), permission(9001, "10.244.1.5/32")]


def write(folder: Path, pods: str, *groups: dict[str, Any]) -> Path:
    """An input of two nodes and a database of the same network."""
    folder.mkdir(exist_ok=True)
    (folder / "cluster.yaml").write_text(NODES + pods)
    interfaces = [
        interface("1", "10.0.1.10", "nodes", "10.0.1.50", "10.0.1.51", instance="i-1"),
        interface("2", "10.0.1.11", "nodes", "10.0.1.60", instance="i-2"),
        interface("db", "10.0.1.200", "db"),
    ]
    subnet = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1a"}
    (folder / "interfaces.json").write_text(json.dumps({"NetworkInterfaces": interfaces}))
    (folder / "subnets.json").write_text(json.dumps({"Subnets": [subnet]}))
    (folder / "groups.json").write_text(json.dumps({"SecurityGroups": list(groups)}, indent=1))
    return folder


def asked(folder: Path, source: str, target: str) -> str:
    """The outcome of one question."""
    ran = crenel("can", source, target, "-f", str(folder), "-o", "json")
    return msgspec.json.decode(ran.out, type=Verdict).outcome


@pytest.mark.parametrize(
    ("says", "source", "target", "outcome"),
    [
        ("a group that refers to the nodes' group lets their pods in", "shop/web", "10.0.1.200:5432", "allowed"),
        ("another port it does not", "shop/web", "10.0.1.200:3306", "denied"),
        ("a tunnelled pod comes with the address of its node", "shop/web", "10.0.1.200:9000", "allowed"),
        ("and not with that of another one", "shop/api", "10.0.1.200:9000", "denied"),
        ("nor with its own", "shop/web", "10.0.1.200:9001", "denied"),
        ("of replicas on both nodes some come from the right one", "shop/all", "10.0.1.200:9000", "unknown"),
        ("a group counts for all replicas when all nodes have it", "shop/all", "10.0.1.200:5432", "allowed"),
        ("a tunnel hides what pods say to each other", "shop/web", "shop/api:8080", "allowed"),
        ("nodes are kept apart by their group", "node/node-1", "node/node-2:22", "denied"),
        ("so are pods and the nodes of others", "shop/web", "node/node-2:22", "denied"),
        ("their own node they reach", "shop/web", "node/node-1:22", "allowed"),
        ("nothing leads in from the internet", "8.8.8.8", "shop/web:8080", "denied"),
    ],
)  # fmt: skip
def test_pods_behind_their_nodes(says: str, source: str, target: str, outcome: str, tmp_path: Path) -> None:
    """Firewalls see the nodes of an overlay network."""
    folder = write(tmp_path / "in", TUNNELLED + SPREAD, group("nodes"), group("db", *DATABASE))
    assert asked(folder, source, target) == outcome, says


@pytest.mark.parametrize(
    ("says", "source", "target", "outcome"),
    [
        ("pods on two nodes meet the group of the nodes", "shop/web", "shop/api:8080", "denied"),
        ("what it lets in from itself is open", "shop/web", "shop/api:80", "allowed"),
        ("pods on one node do not meet it", "shop/web", "shop/near:8080", "allowed"),
        ("a routed pod comes with its own address", "shop/web", "10.0.1.200:9000", "denied"),
    ],
)
def test_pods_with_addresses_of_the_network(says: str, source: str, target: str, outcome: str, tmp_path: Path) -> None:
    """Firewalls see the pods themselves where the network routes them."""
    nodes = group("nodes", permission(80, groups=("sg-nodes",)))
    folder = write(tmp_path / "in", ROUTED, nodes, group("db", *DATABASE))
    assert asked(folder, source, target) == outcome, says


def test_what_blocks_is_named_with_its_line(tmp_path: Path) -> None:
    """The trace names the group that has no rule, and policies that would block as well."""
    folder = write(tmp_path / "in", TUNNELLED, group("nodes"), group("db", *DATABASE))
    ran = crenel("can", "shop/web", "10.0.1.200:3306", "-f", str(folder))
    assert ran.code == 1
    assert "denies  security group sg-db (db) isolates 10.0.1.200/32 for ingress and no rule of it allows" in ran.out
    assert f"{folder}/groups.json:" in ran.out
    assert "note: assumed: a security group that a rule refers to is carried by no interface" in ran.err


def test_the_map_has_what_all_layers_let_through(tmp_path: Path) -> None:
    """Lines are what policies and firewalls allow together; the report states what it rests on."""
    folder = write(tmp_path / "in", ROUTED, group("nodes"), group("db", *DATABASE))
    ran = crenel("map", "-f", str(folder), "--to", "shop/api", "-o", "json")
    assert ran.code == 0
    page = msgspec.json.decode(ran.out, type=Map)
    assert page.connections == []
    assert any(each.message.startswith("assumed: ") for each in page.notices)
    ran = crenel("map", "-f", str(folder / "cluster.yaml"), "--to", "shop/api", "-o", "json")
    assert msgspec.json.decode(ran.out, type=Map).connections != []


def test_a_difference_of_firewalls(tmp_path: Path) -> None:
    """A rule that a group loses is a difference, and the group is named as its cause."""
    old = write(tmp_path / "old", ROUTED, group("nodes", permission(80, groups=("sg-nodes",))), group("db"))
    new = write(tmp_path / "new", ROUTED, group("nodes"), group("db"))
    ran = crenel("diff", str(old), str(new), "-o", "json")
    assert ran.code == 1
    page = msgspec.json.decode(ran.out, type=Difference)
    assert page.added == []
    gone = {(str(each.source), str(each.destination)) for each in page.removed}
    assert ("shop/api", "shop/web") in gone
    assert ("shop/near", "shop/web") not in gone
    assert [each.title for each in page.causes] == ["security group sg-nodes (nodes)"]
    assert crenel("diff", str(new), str(new)).code == 0
