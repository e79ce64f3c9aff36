"""EndpointSlices made from Endpoints, as the cluster makes them.

Source: kubernetes/kubernetes pkg/controller/endpointslicemirroring (``reconciler.go``, ``utils.go``): a slice for each
subset and family; none for Endpoints with the label ``endpointslice.kubernetes.io/skip-mirror`` or the annotation of
leader election. The labels of the Endpoints go along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crenel.kubernetes.objects.meta import Metadata
from crenel.kubernetes.objects.services import (
    EndpointConditions,
    Endpoints,
    EndpointsAddress,
    EndpointSlice,
    EndpointsSubset,
    SliceEndpoint,
)

SERVICE = "kubernetes.io/service-name"
"""The label that has the name of the Service of a slice."""
_MANAGED_BY, _CONTROLLER = "endpointslice.kubernetes.io/managed-by", "endpointslicemirroring-controller.k8s.io"
_SKIP = "endpointslice.kubernetes.io/skip-mirror"
_LEADER = "control-plane.alpha.kubernetes.io/leader"


def mirrored(given: Iterable[Endpoints], slices: Iterable[EndpointSlice]) -> Iterator[EndpointSlice]:
    """The slices of some Endpoints; of those that have slices already there are no others."""
    known = {(each.namespace, each.labels.get(SERVICE)) for each in slices}
    for each in given:
        skipped = each.labels.get(_SKIP) == "true" or _LEADER in (each.metadata.annotations or {})
        if not skipped and (each.namespace, each.name) not in known:
            for number, subset in enumerate(each.subsets or ()):
                yield from _slices(each, number, subset)


@dataclass(frozen=True, slots=True)
class _Group:
    """The endpoints of a subset that are of one family."""

    kind: str
    endpoints: list[SliceEndpoint]


def _slices(given: Endpoints, number: int, subset: EndpointsSubset) -> Iterator[EndpointSlice]:
    groups = (_Group("IPv4", []), _Group("IPv6", []))
    for name, addresses, ready in (
        ("addresses", subset.addresses, True),
        ("notReadyAddresses", subset.not_ready_addresses, False),
    ):
        for position, address in enumerate(addresses or ()):
            if address.ip:
                written = ("subsets", number, name, position, "ip")
                groups[":" in address.ip].endpoints.append(_endpoint(address, ready, written))
    labels = {**given.labels, SERVICE: given.name, _MANAGED_BY: _CONTROLLER}
    for group in groups:
        if group.endpoints:
            yield EndpointSlice(
                given.api_version, given.kind, Metadata(given.name, given.namespace, labels), given.origin,
                address_type=group.kind, endpoints=group.endpoints, ports=subset.ports,
            )  # fmt: skip


def _endpoint(address: EndpointsAddress, ready: bool, written: tuple[str | int, ...]) -> SliceEndpoint:
    return SliceEndpoint(
        [address.ip or ""], EndpointConditions(ready), address.target_ref, address.node_name, written=written
    )  # fmt: skip
