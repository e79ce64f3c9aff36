"""Endpoints: what is wrong with them, and the EndpointSlices that the cluster makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.kubernetes.decode import Decoded, decode
from crenel.provenance import Origin
from crenel.sources.document import Document


def endpoints(*subsets: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """Endpoints for the Service shop/db."""
    return {
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "shop", **metadata},
        "subsets": list(subsets),
    }  # fmt: skip


def read(*objects: dict[str, Any]) -> Decoded:
    """Some objects, decoded."""
    return decode([Document(each, Origin("db.yaml", number)) for number, each in enumerate(objects)])


PORTS = [{"name": "sql", "port": 5432, "protocol": "TCP"}]
SUBSET = {
    "addresses": [{"ip": "10.9.0.1"}, {"ip": "fd00::9"}],
    "notReadyAddresses": [{"ip": "10.9.0.2"}],
    "ports": PORTS,
}


def test_slices_are_made() -> None:
    """A slice for each subset and family, which leads to the text of the Endpoints; nobody is ready who was not."""
    decoded = read(endpoints(SUBSET))
    assert decoded.problems == []
    four, six = decoded.endpoint_slices
    assert (four.title, four.address_type, six.address_type) == ("endpoints shop/db", "IPv4", "IPv6")
    assert four.labels["kubernetes.io/service-name"] == "db"
    assert [(each.addresses, each.conditions and each.conditions.ready) for each in four.endpoints or ()] == [
        (["10.9.0.1"], True),
        (["10.9.0.2"], False),
    ]
    assert [port.port for port in four.ports or ()] == [5432]
    assert four.place(1, 0) == ("subsets", 0, "notReadyAddresses", 0, "ip")
    assert six.place(0, 0) == ("subsets", 0, "addresses", 1, "ip")


SLICE = {
    "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
    "metadata": {"name": "db-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "db"}},
    "endpoints": [{"addresses": ["10.9.0.3"]}],
}  # fmt: skip


@pytest.mark.parametrize(
    "objects",
    [
        [endpoints(SUBSET, labels={"endpointslice.kubernetes.io/skip-mirror": "true"})],
        [endpoints(SUBSET, annotations={"control-plane.alpha.kubernetes.io/leader": "{}"})],
        [endpoints(SUBSET), SLICE],
    ],
    ids=["not wanted", "an election", "made already"],
)
def test_slices_are_not_made(objects: list[dict[str, Any]]) -> None:
    """Where the cluster would make none, or has made them, there are none besides."""
    assert [each.title for each in read(*objects).endpoint_slices if each.kind == "Endpoints"] == []


@pytest.mark.parametrize(
    ("subset", "problem"),
    [
        ({"ports": PORTS}, "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"),
        ({"addresses": [{"ip": "web"}]}, 'subsets[0].addresses[0].ip: Invalid value: "web"'),
        ({"addresses": [{"ip": "127.0.0.1"}]}, "may not be in the loopback range"),
        ({"addresses": [{}]}, "subsets[0].addresses[0].ip: Required value"),
        ({"addresses": [{"ip": "10.9.0.1"}], "ports": [{"port": 0}]}, "subsets[0].ports[0].port: Invalid value: 0"),
        ({"addresses": [{"ip": "10.9.0.1"}], "ports": [{"name": "x"}]}, "subsets[0].ports[0].port: Required value"),
        ({"addresses": [{"ip": "10.9.0.1"}], "ports": [{"port": 1}, {"port": 2}]}, "ports[0].name: Required value"),
        (
            {"addresses": [{"ip": "10.9.0.1"}], "ports": [{"port": 1, "protocol": "X"}]},
            "ports[0].protocol: Unsupported",
        ),
        ({"addresses": [{"ip": "10.9.0.1"}], "ports": [{"port": 1, "name": "A_"}]}, "ports[0].name: Invalid value"),
    ],
)
def test_mistakes(subset: dict[str, Any], problem: str) -> None:
    """What the API would not take is named."""
    assert problem in str(read(endpoints(subset)).problems[0])
