"""Services with the addresses and ports that a cluster gives them when they are made.

Source of the rules: k8s.io/api core/v1 ServiceSpec. A Service is in one address family unless it asks for two; node
ports come from 30000 to 32767; a load balancer's address is whatever its provider gives, here one of a range.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import msgspec

from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.services import Service, ServicePort, ServiceSpec
from crenel.kubernetes.population import is_address
from crenel.lab.cluster.addressing import BALANCERS, SERVICES, Allocator, networks, of_family
from crenel.network.addresses import Family

NODE_PORTS = range(30000, 32768)
_FAMILY_NAMES = {"IPv4": 4, "IPv6": 6}
_DUAL = ("PreferDualStack", "RequireDualStack")
_OUTWARD = ("NodePort", "LoadBalancer")
DEFAULT_AFFINITY = 10800
"""Seconds that a client stays with an endpoint (core/v1 DefaultClientIPServiceAffinitySeconds)."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """A Service that translates addresses."""

    service: Service
    addresses: tuple[str, ...]
    """Its cluster addresses; none when it is headless."""
    balancers: tuple[str, ...] = ()
    """The addresses of its load balancer."""
    externals: tuple[str, ...] = ()
    """Its externalIPs."""

    @property
    def title(self) -> str:
        """How it is written: ``shop/svc/web``."""
        return f"{self.service.namespace}/svc/{self.service.name}"

    @property
    def spec(self) -> ServiceSpec:
        """What it offers."""
        assert self.service.spec is not None
        return self.service.spec

    @property
    def ports(self) -> list[ServicePort]:
        """Its ports, with their node ports where it has those."""
        return self.spec.ports or []

    @property
    def local_outside(self) -> bool:
        """Whether traffic from outside goes to pods of the node that it came to alone, and keeps its source."""
        return self.spec.external_traffic_policy == "Local"

    @property
    def local_inside(self) -> bool:
        """Whether traffic from inside goes to pods of the client's node alone."""
        return self.spec.internal_traffic_policy == "Local"

    @property
    def source_ranges(self) -> list[str]:
        """Who may use its load balancer; everybody when empty."""
        return [text.strip() for text in self.spec.load_balancer_source_ranges or ()]

    @property
    def affinity(self) -> int:
        """Seconds that a client stays with an endpoint; 0 for no affinity."""
        if self.spec.session_affinity != "ClientIP":
            return 0
        config = self.spec.session_affinity_config
        client = config.get("clientIP") if isinstance(config, dict) else None
        seconds = client.get("timeoutSeconds") if isinstance(client, dict) else None
        return seconds if isinstance(seconds, int) and 0 < seconds <= 86400 else DEFAULT_AFFINITY


def expose(
    decoded: Decoded, allocator: Allocator, families: Sequence[Family], known: Sequence[Exposed] | None
) -> tuple[list[Exposed], list[Service]]:
    """Give every Service what it lacks. Returns those that translate addresses, and all of them as objects.

    Raises:
        ExhaustedError: a range has too few addresses.
    """
    given = _Giving(decoded, allocator, families, known or ())
    exposed = [given.exposed(service) for service in decoded.services if _translates(service)]
    made = {(each.service.namespace, each.service.name): each.service for each in exposed}
    return exposed, [made.get((service.namespace, service.name), service) for service in decoded.services]


def _translates(service: Service) -> bool:
    return (
        service.spec is not None
        and service.spec.type != "ExternalName"
        and service.spec.cluster_ip != "None"
        and bool(service.spec.ports)
    )


class _Giving:
    def __init__(
        self, decoded: Decoded, allocator: Allocator, families: Sequence[Family], known: Iterable[Exposed]
    ) -> None:
        self._allocator = allocator
        self._families = families
        self._known = {each.title: each for each in known}
        written = [
            port.node_port
            for service in [*decoded.services, *(each.service for each in self._known.values())]
            for port in (service.spec.ports if service.spec else None) or ()
            if port.node_port
        ]
        self._free = iter(sorted(set(NODE_PORTS) - set(written)))
        for service in decoded.services:
            for text in (*_cluster_addresses(service), *_balancer_addresses(service)):
                allocator.take(ip_address(text))
        for each in self._known.values():
            for text in (*each.addresses, *each.balancers):
                allocator.take(ip_address(text))

    def exposed(self, service: Service) -> Exposed:
        spec = service.spec
        assert spec is not None
        before = self._known.get(f"{service.namespace}/svc/{service.name}")
        families = self._families_of(service)
        addresses = _cluster_addresses(service) or self._kept_or_new(before.addresses if before else (), families)
        ports = [self._port(spec, port, before) for port in spec.ports or ()]
        made = msgspec.structs.replace(
            service, spec=msgspec.structs.replace(spec, ports=ports, cluster_ip=addresses[0], cluster_ips=addresses)
        )
        balancers: list[str] = []
        if spec.type == "LoadBalancer":
            kept = before.balancers if before else ()
            balancers = _balancer_addresses(service) or self._kept_or_new(kept, families, BALANCERS)
        externals = tuple(text for text in spec.external_ips or () if is_address(text))
        return Exposed(made, tuple(addresses), tuple(balancers), externals)

    def _families_of(self, service: Service) -> list[Family]:
        spec = service.spec
        assert spec is not None
        asked = [_FAMILY_NAMES[name] for name in spec.ip_families or () if name in _FAMILY_NAMES]
        dual = spec.ip_family_policy in _DUAL
        wanted = asked or list(self._families if dual else self._families[:1])
        return [family for family in self._families if family in wanted] or list(self._families[:1])

    def _kept_or_new(
        self, before: Sequence[str], families: Sequence[Family], ranges: Sequence[str] = SERVICES
    ) -> list[str]:
        found = []
        for family in families:
            kept = of_family(before, family)
            found.append(kept[0] if kept else str(self._allocator.one(networks(ranges, family))))
        return found

    def _port(self, spec: ServiceSpec, port: ServicePort, before: Exposed | None) -> ServicePort:
        wanted = spec.type in _OUTWARD and not (
            spec.type == "LoadBalancer" and spec.allocate_load_balancer_node_ports is False
        )
        if port.node_port or not wanted:
            return port
        protocol = port.protocol or "TCP"
        same = (
            each.node_port
            for each in (before.ports if before else ())
            if (each.port, each.protocol or "TCP") == (port.port, protocol)
        )
        return msgspec.structs.replace(port, node_port=next(same, None) or next(self._free))


def _cluster_addresses(service: Service) -> list[str]:
    spec = service.spec
    written = (spec.cluster_ips or [spec.cluster_ip or ""]) if spec is not None else []
    return [str(ip_address(text)) for text in written if is_address(text)]


def _balancer_addresses(service: Service) -> list[str]:
    listed = _ingress(service.status)
    if service.spec is not None and service.spec.load_balancer_ip:
        listed.append(service.spec.load_balancer_ip)
    return list(dict.fromkeys(str(ip_address(text)) for text in listed if is_address(text)))


def _ingress(status: Any) -> list[str]:
    """The addresses in a Service's status, which is not typed."""
    balancer = status.get("loadBalancer") if isinstance(status, dict) else None
    entries = balancer.get("ingress") if isinstance(balancer, dict) else None
    return list(_texts(entries if isinstance(entries, list) else []))


def _texts(entries: Iterable[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("ip"), str):
            yield entry["ip"]
