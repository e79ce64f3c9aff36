"""Addresses become who had them at the time; what nobody had is shown, and never guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import crenel
from crenel.flows.observed import Observations
from flows.tables import rows_of

HEADER = "source,destination,port,protocol,start\n"


def pod(name: str, address: str, created: str = "", **more: Any) -> dict[str, Any]:
    workload = name.rpartition("-")[0]
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": workload, "uid": workload, "controller": True}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "shop", "labels": {"app": workload}, "ownerReferences": [owner],
            **({"creationTimestamp": created} if created else {}),
        },
        "spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 8080}]}], **more},
        "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]},
    }  # fmt: skip


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.0.20", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
}
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n1"},
    "spec": {"podCIDR": "10.1.0.0/16", "podCIDRs": ["10.1.0.0/16"]},
    "status": {"addresses": [{"type": "InternalIP", "address": "192.168.0.1"}]},
}


def snapshot(path: Path, taken: str, *objects: dict[str, Any]) -> str:
    head = {"apiVersion": "crenel/v1", "kind": "Snapshot", "metadata": {"name": "snapshot"}, "spec": {"taken": taken}}
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [head, *objects]}))
    return str(path)


def observed(tmp_path: Path, lines: str, *states: str, header: str = HEADER) -> Observations:
    (tmp_path / "flows.csv").write_text(header + lines)
    networks = [crenel.load(state) for state in states]
    return networks[-1].observe([str(tmp_path / "flows.csv")], earlier=networks[:-1])


def test_an_address_is_that_of_its_time(tmp_path: Path) -> None:
    """An address that changed hands is the first pod's before, the second one's after, and nobody's before both."""
    first = snapshot(
        tmp_path / "1.json", "2024-01-02T00:00:00Z", NODE, pod("web-0", "10.1.0.5", "2024-01-01T00:00:00Z")
    )
    second = snapshot(
        tmp_path / "2.json", "2024-01-05T00:00:00Z", NODE, pod("db-0", "10.1.0.5", "2024-01-04T00:00:00Z")
    )
    lines = "".join(
        f"198.51.100.9,10.1.0.5,8080,tcp,{when}T12:00:00Z\n"
        for when in ("2023-12-31", "2024-01-01", "2024-01-03", "2024-01-04", "2024-02-01")
    )
    found = observed(tmp_path, lines, first, second)
    assert rows_of(found) == [
        ("198.51.100.9", "shop/db", "TCP/8080", 2, "forwarded", "told"),
        ("198.51.100.9", "shop/web", "TCP/8080", 2, "forwarded", "told"),
    ]
    assert [(each.end, each.count) for each in found.unmapped] == [("10.1.0.5", 1)]
    assert list(found.notes) == ["1 record mapped to pods that were gone when the cluster was read next"]


def test_pods_nodes_and_services_have_addresses(tmp_path: Path) -> None:
    """A pod of the host network is its node; a Service stays one; what else is inside cannot be mapped."""
    state = snapshot(
        tmp_path / "now.json", "", NODE, SERVICE, pod("web-0", "10.1.0.5"),
        pod("agent-0", "192.168.0.1", hostNetwork=True),
    )  # fmt: skip
    lines = "".join(
        f"{source},{target},{port},tcp,2024-01-01T00:00:00Z\n"
        for source, target, port in (
            ("192.168.0.1", "10.1.0.5", 8080), ("10.1.0.5", "10.96.0.20", 80), ("10.1.0.5", "10.1.0.77", 80),
            ("10.1.0.5", "127.0.0.1", 80), ("10.1.0.5", "224.0.0.1", 80), ("::ffff:10.1.0.5", "8.8.8.8", 53),
        )
    )  # fmt: skip
    found = observed(tmp_path, lines, state)
    assert rows_of(found) == [
        ("node/n1", "shop/web", "TCP/8080", 1, "forwarded", "told"),
        ("shop/web", "8.8.8.8", "TCP/53", 1, "forwarded", "told"),
        ("shop/web", "shop/svc/web", "TCP/80", 1, "forwarded", "told"),
    ]
    assert {each.end for each in found.unmapped} == {"10.1.0.77", "127.0.0.1", "224.0.0.1"}
    assert "1 record to Services: which backend got them is not in the log" in found.notes


def test_two_pods_with_one_address_have_none(tmp_path: Path) -> None:
    """Where two claim the same address from the same time, nobody is guessed."""
    state = snapshot(tmp_path / "now.json", "", NODE, pod("web-0", "10.1.0.5"), pod("db-0", "10.1.0.5"))
    found = observed(tmp_path, "198.51.100.9,10.1.0.5,8080,tcp,2024-01-01\n", state)
    assert not found.rows
    assert [(each.end, each.count) for each in found.unmapped] == [("10.1.0.5", 1)]


def test_without_a_time_only_lasting_addresses_are_mapped(tmp_path: Path) -> None:
    """A record without a time is mapped where nobody else ever had the address."""
    old = snapshot(tmp_path / "1.json", "", NODE, pod("web-0", "10.1.0.5", "2024-01-01T00:00:00Z"))
    now = snapshot(
        tmp_path / "2.json", "", NODE, pod("db-0", "10.1.0.5", "2024-01-04T00:00:00Z"),
        pod("cart-0", "10.1.0.6", "2024-01-01T00:00:00Z"),
    )  # fmt: skip
    lines = "10.1.0.6,10.1.0.5,8080,tcp\n10.1.0.6,8.8.8.8,53,udp\n"
    found = observed(tmp_path, lines, old, now, header="source,destination,port,protocol\n")
    assert rows_of(found) == [("shop/cart", "8.8.8.8", "UDP/53", 1, "forwarded", "told")]
    assert [each.end for each in found.unmapped] == ["10.1.0.5"]


def test_slices_stand_for_pods_that_are_not_read(tmp_path: Path) -> None:
    """With manifests and EndpointSlices alone, an address behind a Service of one workload is that workload's."""
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        },
    }  # fmt: skip
    piece = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"addresses": ["10.1.0.9"]}], "ports": [{"port": 8080}],
    }  # fmt: skip
    state = snapshot(tmp_path / "now.json", "", deployment, SERVICE, piece)
    found = observed(tmp_path, "8.8.8.8,10.1.0.9,8080,tcp,2024-01-01\n", state)
    assert rows_of(found) == [("8.8.8.8", "shop/web", "TCP/8080", 1, "forwarded", "told")]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("web-6d4b75cb6d-x2x4z", "Deployment", "shop/web"),
        ("web-6d4b75cb6d-*", "Deployment", "shop/web"),
        ("web-0", "StatefulSet", "shop/web"),
        ("web-*", "StatefulSet", "shop/web"),
        ("web-x2x4z", "DaemonSet", "shop/web"),
        ("web-x2x4z", "Deployment", "shop/web-x2x4z"),
        ("other-6d4b75cb6d-x2x4z", "Deployment", "shop/other-6d4b75cb6d-x2x4z"),
    ],
)
def test_names_of_pods_lead_to_the_workload_that_makes_them(
    name: str, kind: str, expected: str, tmp_path: Path
) -> None:
    """With manifests alone, a pod's name is its workload's where controllers of that kind name pods so."""
    workload = {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        },
    }  # fmt: skip
    flow = {
        "start_time": 1, "end_time": 2, "source_namespace": "-", "source_name": "pub", "dest_namespace": "shop",
        "dest_name": name, "dest_port": 80, "proto": "tcp", "action": "allow",
    }  # fmt: skip
    log = tmp_path / "log"
    log.write_text(json.dumps(flow))
    found = crenel.load([workload]).observe([str(log)])
    assert [(row.source, row.target) for row in found.rows] == [("internet", expected)]
