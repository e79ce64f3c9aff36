"""Load balancers that are meant to be internal: what says so, and what should make them so in each cloud."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from crenel.dialects.loadbalancer import INTERNAL_ANNOTATIONS
from crenel.kubernetes.objects.services import Service

_BETA = "service.beta.kubernetes.io/"
REMEDIES = {
    "AWS": (f"{_BETA}aws-load-balancer-scheme", "internal"),
    "Azure": (f"{_BETA}azure-load-balancer-internal", "true"),
    "Google Cloud": ("networking.gke.io/load-balancer-type", "Internal"),
    "OpenStack": (f"{_BETA}openstack-internal-load-balancer", "true"),
}
"""The annotation of each cloud, and its value."""
_OLDER_ON_AWS = (f"{_BETA}aws-load-balancer-internal", "true")
"""Both controllers of AWS know it; the one in cloud-provider-aws knows no other (docs/service_controller.md)."""
_CLOUDS = {
    "aws-": "AWS", "azure-": "Azure", "networking.gke.io/": "Google Cloud", "cloud.google.com/": "Google Cloud",
    "openstack-": "OpenStack", "oci-": "Oracle Cloud", "ibm-": "IBM Cloud", "do-": "DigitalOcean",
}  # fmt: skip
_ANY_VALUE = f"{_BETA}aws-load-balancer-internal"
"""Any value of it but ``false`` means yes (cloud-provider-aws, docs/service_controller.md)."""
_OTHERWISE = {"", "false", "no", "0", "internet-facing", "external", "public", "internet", "none"}
"""Values that mean the contrary."""
_MEANT = {"true", "yes", "1", "internal", "private", "0.0.0.0/0"}
_KEYS = ("visibility", "exposure", "access", "facing", "scope", "network")
"""What the last part of a label's key is that says whom something is for."""


@dataclass(frozen=True, slots=True)
class Written:
    """An annotation that is meant to make a load balancer internal. `right` is the key that was meant."""

    key: str
    value: str
    right: str

    @property
    def cloud(self) -> str:
        """The cloud whose annotation it is."""
        return cloud_of(self.right)

    @property
    def is_effective(self) -> bool:
        """Whether its cloud understands it."""
        taken = self.value.lower() in INTERNAL_ANNOTATIONS[self.right] or self.right == _ANY_VALUE
        return self.key == self.right and taken


def cloud_of(key: str) -> str:
    """The cloud that an annotation belongs to."""
    return next(cloud for part, cloud in _CLOUDS.items() if part in key)


def written(service: Service) -> Iterator[Written]:
    """The annotations of a Service that are meant to make it internal, misspelt ones too."""
    for key, value in (service.metadata.annotations or {}).items():
        text = str(value).strip()
        if key in INTERNAL_ANNOTATIONS:
            if text.lower() not in _OTHERWISE:
                yield Written(key, text, key)
        elif text.lower() in _MEANT and (right := _misspelt(key)):
            yield Written(key, text, right)


def _misspelt(key: str) -> str:
    """The annotation that was meant by a key: with another prefix, or nearly the same name of the same cloud."""
    name = key.rpartition("/")[2]
    for known in INTERNAL_ANNOTATIONS:
        own = known.rpartition("/")[2]
        alike = name.partition("-")[0] == own.partition("-")[0] and _ratio(name, own) >= 0.9
        if (name == own and own != "load-balancer-type") or alike:
            return known
    return ""


def _ratio(one: str, other: str) -> float:
    """How alike two names of about the same length are; 0 for others, which mean something else."""
    return difflib.SequenceMatcher(None, one, other).ratio() if abs(len(one) - len(other)) <= 2 else 0.0


def remedy(service: Service, cloud: str) -> tuple[str, str] | None:
    """The annotation that makes the load balancer of a Service internal in a cloud; None where none is known."""
    if cloud != "AWS":
        return REMEDIES.get(cloud)
    said, spec = service.metadata.annotations or {}, service.spec
    newer = said.get(f"{_BETA}aws-load-balancer-type") in ("external", "nlb-ip") or REMEDIES[cloud][0] in said
    newer = newer or (spec is not None and spec.load_balancer_class == "service.k8s.aws/nlb")
    return REMEDIES[cloud] if newer else _OLDER_ON_AWS


def labelled(service: Service) -> str:
    """The label that calls a Service internal, as text; empty where none does."""
    for key, value in service.labels.items():
        if key.rpartition("/")[2] in _KEYS and value in ("internal", "private"):
            return f"{key}: {value}"
    return ""
