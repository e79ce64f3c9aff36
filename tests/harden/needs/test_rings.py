"""Parts of one program that find each other."""

from __future__ import annotations

from typing import Any

from harden.pieces import Object, config, gathered, service, shown, workload

RING = config("ring", {"config.yaml": "members:\n  join:\n  - ring\nwriter:\n  peer_url: http://reader:80\n"})
HEADLESS: Object = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "ring", "namespace": "shop"},
    "spec": {"clusterIP": "None", "selector": {"part": "ring"}, "ports": [{"port": 7946, "targetPort": "gossip"}]},
}  # fmt: skip


def part(name: str, kind: str = "Deployment", replicas: int = 2, **more: Any) -> Object:
    """A member of the ring, which mounts the common file."""
    ports = [(7946, "gossip"), (9095, "grpc"), (3100, "http")]
    volumes = [{"name": "c", "configMap": {"name": "ring"}}]
    labels = {"app": name, "part": "ring"}
    return workload(name, kind=kind, replicas=replicas, labels=labels, ports=ports, spec={"volumes": volumes}, **more)


def test_a_ring() -> None:
    """Members gossip with all others, their own replicas included, and ask those that keep data."""
    found = shown(gathered(part("reader"), part("writer", "StatefulSet"), HEADLESS, RING))
    assert [line for line in found if "7946" in line] == [
        "shop/reader -> shop/reader TCP/7946", "shop/reader -> shop/writer TCP/7946",
        "shop/writer -> shop/reader TCP/7946", "shop/writer -> shop/writer TCP/7946",
    ]  # fmt: skip
    assert [line for line in found if "9095" in line] == [
        "shop/reader -> shop/writer TCP/9095 ?", "shop/writer -> shop/writer TCP/9095 ?",
    ]  # fmt: skip


def test_one_replica_has_no_peers() -> None:
    """A Deployment of one replica needs nothing of itself."""
    found = shown(gathered(part("reader", replicas=1), HEADLESS, RING))
    assert not any(line.startswith("shop/reader -> shop/reader") for line in found)


def test_other_programs_are_no_members() -> None:
    """Who gossips with a ring and is another program is not taken to ask its members."""
    stranger = part("reader", image="registry.example/other:1")
    found = shown(gathered(stranger, part("writer", "StatefulSet"), HEADLESS, RING))
    assert "shop/reader -> shop/writer TCP/9095 ?" not in found


def test_a_port_for_finding_each_other() -> None:
    """Replicas use a port by which they discover each other."""
    found = shown(gathered(workload("auth", replicas=2, ports=[(7800, "discovery")])))
    assert "shop/auth -> shop/auth TCP/7800 ?" in found
    alone = shown(gathered(workload("auth", ports=[(7800, "discovery")])))
    assert "shop/auth -> shop/auth TCP/7800 ?" not in alone


def test_a_section_of_another_one() -> None:
    """A section of a common file that has the name of one who shares it is for that one alone."""
    reader = service("reader", 80, "http")
    found = shown(gathered(part("reader"), part("app-writer"), part("mover"), HEADLESS, RING, reader))
    assert [line for line in found if line.endswith("shop/reader TCP/3100")] == [
        "shop/app-writer -> shop/reader TCP/3100"
    ]
    nobody = shown(gathered(part("reader"), part("mover"), HEADLESS, RING, reader))
    assert "shop/mover -> shop/reader TCP/3100" in nobody
