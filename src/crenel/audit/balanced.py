"""Services with a load balancer, as checks speak of them."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.subject import Subject
from crenel.dialects.loadbalancer import source_ranges
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.addresses import FAMILIES, INTERNET, AddressSet
from crenel.network.firewalls import Balancer, Listening
from crenel.network.traffic import protocol_number
from crenel.provenance import FieldPath

_ON_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_TARGETS = f"{_ON_AWS}nlb-target-type"
_OWN_NODES = ("io.cilium/",)
"""Classes whose load balancers are the nodes themselves, which know the Service by its address."""
_METALLB = ("metallb.io/", "metallb.universe.tf/")


def is_balanced(service: Service) -> bool:
    """Whether a Service asks for a load balancer."""
    return service.spec is not None and service.spec.type == "LoadBalancer"


def limits(service: Service) -> tuple[AddressSet, FieldPath] | None:
    """The source ranges of a Service, where they leave anybody of the internet out, and where they are written."""
    found = source_ranges(service)
    if found is None or any(INTERNET.only(family) <= found[0] for family in FAMILIES):
        return None
    return found


def ports(service: Service) -> list[ServicePort]:
    """The ports of a Service."""
    return list(service.spec.ports or ()) if service.spec is not None else []


def keeps_node_ports(service: Service) -> bool:
    """Whether nodes open ports for a load balancer's Service (core/v1 ServiceSpec.allocateLoadBalancerNodePorts)."""
    spec = service.spec
    assert spec is not None
    return spec.allocate_load_balancer_node_ports is not False or any(port.node_port for port in ports(service))


def listeners(subject: Subject, service: Service) -> Iterator[tuple[Balancer, Listening]]:
    """The listeners for a Service's ports, of its load balancers that are in the input."""
    wanted = {(protocol_number(port.protocol or "TCP"), port.port) for port in ports(service)}
    for balancer in subject.joined.balancers_of(service):
        for listening in balancer.listeners:
            if (listening.protocol, listening.port) in wanted:
                yield balancer, listening


def sends_to_pods(subject: Subject, service: Service) -> str:
    """What says that its load balancer sends straight to pods, in words; empty where nothing does.

    Its listeners in the input, or the annotation of the AWS Load Balancer Controller (guide "NLB", target type).
    """
    known = [(balancer, each.targets) for balancer, each in listeners(subject, service)]
    if known and all(targets and all(each.address for each in targets) for _, targets in known):
        return f"{known[0][0].name} sends straight to pods"
    said = service.metadata.annotations or {}
    if said.get(_TARGETS) == "ip" or said.get(f"{_ON_AWS}type") == "nlb-ip":
        return f"the annotation {_TARGETS if _TARGETS in said else f'{_ON_AWS}type'} sends straight to pods"
    return ""


def needs_no_node_ports(subject: Subject, service: Service) -> str:
    """Why its load balancer needs none, in words; empty where it does, or where that cannot be told.

    It sends straight to pods, or nodes take packets to the load balancer's own address, as with MetalLB and Cilium.
    """
    if straight := sends_to_pods(subject, service):
        return straight
    said = service.metadata.annotations or {}
    spec = service.spec
    assert spec is not None
    if (spec.load_balancer_class or "").startswith(_OWN_NODES):
        return f"the class {spec.load_balancer_class} leads the load balancer's own address to nodes"
    if any(key.startswith(_METALLB) for key in said):
        return "MetalLB leads the load balancer's own address to nodes"
    return ""
