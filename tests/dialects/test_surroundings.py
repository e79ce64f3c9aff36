"""What the input says about the cluster's address space."""

from __future__ import annotations

import pytest

import crenel
from questions.cluster import Object, node, pod, service, workload


def dual(name: str) -> Object:
    """A Service that says its families."""
    return service(name, [{"port": 80}], {"app": "web"}, ipFamilies=["IPv6"])


@pytest.mark.parametrize(
    ("objects", "families"),
    [
        ([], (4,)),
        ([workload("shop/web")], (4,)),
        ([pod("shop/p", "10.0.0.1")], (4,)),
        ([pod("shop/p", "fd00::1")], (6,)),
        ([pod("shop/p", ("10.0.0.1", "fd00::1"))], (4, 6)),
        ([node("k1", "192.168.0.1", pods="fd00::/64")], (4, 6)),
        ([service("shop/s", [{"port": 80}], clusterIP="fd00::1")], (6,)),
        ([service("shop/s", [{"port": 80}], clusterIP="None")], (4,)),
        ([dual("shop/s")], (6,)),
    ],
)
def test_families(objects: list[Object], families: tuple[int, ...]) -> None:
    """A cluster has the families that its nodes, pods, Services and ranges show; without any evidence it is IPv4."""
    net = crenel.load([workload("shop/web"), *objects])
    assert net.model.network.blueprint.families == families


def test_ranges() -> None:
    """Pods get addresses from the ranges of the nodes; one that is given takes their place."""
    objects = [node("k1", "192.168.0.1", pods="10.0.1.0/24"), node("k2", "192.168.0.2", pods="10.0.2.0/24"),
               workload("shop/web"), service("shop/s", [{"port": 80}], clusterIP="10.96.0.1")]  # fmt: skip
    for cidrs, expected in ([], "10.0.1.0/24, 10.0.2.0/24"), (["10.9.0.0/16"], "10.9.0.0/16"):
        network = crenel.load(objects, pod_cidrs=cidrs).model.network
        (web,) = [each for each in network.endpoints.values() if each.name == "shop/web"]
        assert str(web.ranges) == expected
        assert network.blueprint.inside.cidrs()[-1:] == ["192.168.0.2/32"]
        assert "10.96.0.1/32" in network.blueprint.inside.cidrs()


def test_a_range_that_is_none() -> None:
    """A pod CIDR that cannot be read is an error of whoever gave it."""
    with pytest.raises(ValueError, match="does not appear to be"):
        _ = crenel.load([workload("shop/web")], pod_cidrs=["10.0.0.0/40"]).model
