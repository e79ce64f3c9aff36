"""What the input says about the cluster's address space: families, pod ranges, node and Service addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crenel.dialects.scope import Surroundings
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.population import further_addresses, node_addresses
from crenel.network.addresses import FAMILIES, AddressSet

_FAMILY_NAMES = {"IPv4": 4, "IPv6": 6}


def survey(decoded: Decoded, pod_cidrs: Sequence[str]) -> Surroundings:
    """Survey the input. `pod_cidrs`, when given, takes the place of what the nodes say.

    Without any evidence the cluster is taken to be IPv4 only.
    """
    ranges = AddressSet.of(*pod_cidrs) if pod_cidrs else _valid(_node_ranges(decoded))
    nodes = _valid(address for node in decoded.nodes for address in [*node_addresses(node), *further_addresses(node)])
    services = _valid(_service_addresses(decoded))
    pods = _valid(_pod_addresses(decoded))
    evidence = ranges | nodes | pods | services
    families = {family for family in FAMILIES if evidence.ranges(family)} | _declared_families(decoded)
    return Surroundings(ranges, nodes, services, tuple(family for family in FAMILIES if family in families) or (4,))


def _valid(texts: Iterable[str]) -> AddressSet:
    """The union of all that can be read; what cannot has been reported by the decoder."""
    found = []
    for text in texts:
        try:
            found.append(AddressSet.of(text))
        except ValueError:
            continue
    total = AddressSet()
    v4 = tuple(each for one in found for each in one.v4)
    v6 = tuple(each for one in found for each in one.v6)
    return total | AddressSet(v4, v6)


def _node_ranges(decoded: Decoded) -> Iterable[str]:
    for node in decoded.nodes:
        if node.spec is not None:
            yield from node.spec.pod_cidrs or ([node.spec.pod_cidr] if node.spec.pod_cidr else [])


def _service_addresses(decoded: Decoded) -> Iterable[str]:
    for service in decoded.services:
        if service.spec is not None:
            written = service.spec.cluster_ips or ([service.spec.cluster_ip] if service.spec.cluster_ip else [])
            yield from (address for address in written if address and address != "None")


def _pod_addresses(decoded: Decoded) -> Iterable[str]:
    for pod in decoded.pods:
        if pod.status is not None:
            yield from (each.ip for each in pod.status.pod_ips or () if each.ip)
            if pod.status.pod_ip:
                yield pod.status.pod_ip


def _declared_families(decoded: Decoded) -> set[int]:
    return {
        _FAMILY_NAMES[name]
        for service in decoded.services
        if service.spec is not None
        for name in service.spec.ip_families or ()
        if name in _FAMILY_NAMES
    }
