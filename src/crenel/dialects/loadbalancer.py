"""Services of type LoadBalancer: whom their load balancer faces, and whose packets it takes.

Sources of the rules: k8s.io/api core/v1 ServiceSpec, and for annotations the documentation of each controller, named
beside it. What no annotation says is left to the infrastructure in the input, or is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crenel.dialects.destinations import PRIVATE
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import UNKNOWN, Answer, Fact
from crenel.provenance import FieldPath

_BETA = "service.beta.kubernetes.io/"
_SCHEME = f"{_BETA}aws-load-balancer-scheme"
_AWS_TYPE = f"{_BETA}aws-load-balancer-type"
_SOURCE_RANGES = f"{_BETA}load-balancer-source-ranges"


@dataclass(frozen=True, slots=True)
class _Setting:
    """An annotation that decides whom a load balancer faces: the values that make it internal, in lower case."""

    annotation: str
    internal: frozenset[str]


_INTERNAL = (
    # cloud-provider-aws, docs/service_controller.md: any value but "false".
    _Setting(f"{_BETA}aws-load-balancer-internal", frozenset({"true", "0.0.0.0/0", "1"})),
    # cloud-provider-azure, site/content/en/topics/loadbalancer.md.
    _Setting(f"{_BETA}azure-load-balancer-internal", frozenset({"true"})),
    # cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters; the second is the older name.
    _Setting("networking.gke.io/load-balancer-type", frozenset({"internal"})),
    _Setting("cloud.google.com/load-balancer-type", frozenset({"internal"})),
    # cloud-provider-openstack, expose-applications-using-loadbalancer-type-service.md.
    _Setting(f"{_BETA}openstack-internal-load-balancer", frozenset({"true"})),
    # oci-cloud-controller-manager, docs/load-balancer-annotations.md.
    _Setting(f"{_BETA}oci-load-balancer-internal", frozenset({"true"})),
    # cloud.ibm.com/docs/containers?topic=containers-loadbalancer.
    _Setting("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", frozenset({"private"})),
    # docs.digitalocean.com/products/kubernetes/how-to/configure-load-balancers.
    _Setting(f"{_BETA}do-loadbalancer-network", frozenset({"internal"})),
)


INTERNAL_ANNOTATIONS = {_SCHEME: frozenset({"internal"}), **{each.annotation: each.internal for each in _INTERNAL}}
"""The annotations that decide whom a load balancer faces: the values that make it internal, in lower case."""


def facing(service: Service) -> Fact:
    """Whether the internet is meant to reach the load balancer of a Service, as far as the Service itself tells.

    By its annotations, or by the addresses that its status lists.
    """
    for key, value in _annotations(service):
        field = ("metadata", "annotations", key)
        if key == _SCHEME and value.lower() in ("internal", "internet-facing"):
            answer = Answer.NO if value.lower() == "internal" else Answer.YES
            return Fact(answer, f"annotation {key}: {value}", service.origin, field)
        if any(key == each.annotation and value.lower() in each.internal for each in _INTERNAL):
            return Fact(Answer.NO, f"annotation {key}: {value}", service.origin, field)
    if (by_address := _by_address(service)) is not None:
        return by_address
    return _by_controller(service)


def _annotations(service: Service) -> Iterator[tuple[str, str]]:
    for key, value in (service.metadata.annotations or {}).items():
        yield key, str(value)


def _by_address(service: Service) -> Fact | None:
    listed = ingress_addresses(service)
    if not listed:
        return None
    field: FieldPath = ("status", "loadBalancer", "ingress")
    text = ", ".join(listed)
    if AddressSet.of(*listed) <= PRIVATE:
        return Fact(Answer.NO, f"its address {text} is private", service.origin, field)
    return Fact(Answer.YES, f"its address {text} is public", service.origin, field)


def _by_controller(service: Service) -> Fact:
    """The AWS Load Balancer Controller makes internal ones unless told otherwise (its guide/service/annotations)."""
    spec = service.spec
    asked = dict(_annotations(service)).get(_AWS_TYPE, "")
    if (spec and spec.load_balancer_class == "service.k8s.aws/nlb") or asked in ("external", "nlb-ip"):
        return Fact(Answer.NO, f"no annotation {_SCHEME}, and its controller then makes it internal", service.origin)
    return UNKNOWN


def ingress_addresses(service: Service) -> list[str]:
    """The addresses that its status lists; what cannot be read as one is left out."""
    return [text for text in _ingress(service, "ip") if _is_address(text)]


def ingress_hostnames(service: Service) -> list[str]:
    """The DNS names that its status lists, in lower case."""
    return [text.lower().rstrip(".") for text in _ingress(service, "hostname")]


def _ingress(service: Service, what: str) -> Iterator[str]:
    status: Any = service.status
    balancer = status.get("loadBalancer") if isinstance(status, dict) else None
    listed = balancer.get("ingress") if isinstance(balancer, dict) else None
    for each in listed if isinstance(listed, list) else ():
        text = each.get(what) if isinstance(each, dict) else None
        if isinstance(text, str) and text:
            yield text


def _is_address(text: str) -> bool:
    try:
        AddressSet.of(text)
    except ValueError:
        return False
    return "/" not in text


def source_ranges(service: Service) -> tuple[AddressSet, FieldPath] | None:
    """The addresses that its load balancer takes packets from, and the field that says so; None for all.

    Where the field is not set the older annotation counts (k8s.io/cloud-provider, GetLoadBalancerSourceRanges).
    """
    spec = service.spec
    if spec is not None and spec.load_balancer_source_ranges:
        return _ranges(spec.load_balancer_source_ranges), ("spec", "loadBalancerSourceRanges")
    written = dict(_annotations(service)).get(_SOURCE_RANGES, "").strip()
    if written:
        return _ranges(written.split(",")), ("metadata", "annotations", _SOURCE_RANGES)
    return None


def _ranges(texts: list[str]) -> AddressSet:
    total = AddressSet()
    for text in texts:
        try:
            total |= AddressSet.of(text.strip())
        except ValueError:
            continue  # reported when the Service was read
    return total
