"""References to other objects: what may be referred to, and what stands there.

Source of the rules: kubernetes-sigs/gateway-api apis/v1 ``ReferenceGrant`` (references across namespaces),
``SecretObjectReference`` and ``ListenerTLSConfig.certificateRefs``, ``FrontendTLSValidation.caCertificateRefs``,
``BackendObjectReference``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from crenel.dialects.known import Known
from crenel.kubernetes.decode import ConfigMap, Secret
from crenel.kubernetes.objects.gateway import ObjectReference
from crenel.kubernetes.objects.gatewaypolicies import ReferenceGrant
from crenel.kubernetes.pem import labels_of

GROUP = "gateway.networking.k8s.io"


class From(NamedTuple):
    """Who refers to something."""

    kind: str
    namespace: str
    group: str = GROUP


class Target(NamedTuple):
    """What is referred to."""

    group: str
    kind: str
    namespace: str
    name: str


class Finding(NamedTuple):
    """What is wrong with a reference: a reason of the API, empty when nothing is, and what to tell people."""

    reason: str = ""
    message: str = ""
    unknown: bool = False
    """The input does not tell whether the reference is right."""


GOOD = Finding()


@dataclass(slots=True)
class Grants:
    """References that ReferenceGrants allow."""

    listed: list[ReferenceGrant]
    _names: dict[tuple[From, str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for grant in self.listed:
            for source in (grant.spec.from_ if grant.spec else None) or ():
                for target in (grant.spec.to if grant.spec else None) or ():
                    key = From(source.kind, source.namespace, source.group), target.group, target.kind, grant.namespace
                    self._names[key].add(target.name or "")

    def allow(self, source: From, target: Target) -> bool:
        """Whether a reference may be made: within a namespace always, else by a grant in the target's namespace."""
        if source.namespace == target.namespace:
            return True
        names = self._names.get((source, target.group, target.kind, target.namespace), set())
        return "" in names or target.name in names


def target_of(ref: ObjectReference, kind: str, source: From) -> Target:
    """What a reference means, with the defaults of its fields."""
    return Target(ref.group or "", ref.kind or kind, ref.namespace or source.namespace, ref.name)


def certificate(ref: ObjectReference, source: From, known: Known, grants: Grants, reason: str) -> Finding:
    """Whether a reference leads to a certificate with its key; `reason` is that of any other failure than a grant."""
    target = target_of(ref, "Secret", source)
    if (target.group, target.kind) != ("", "Secret"):
        return Finding(reason, f"{target.kind} is no Secret")
    if not grants.allow(source, target):
        return not_permitted(target)
    secret = known.secrets.get((target.namespace, target.name))
    if secret is None:
        return missing(target, reason, known)
    if not {("tls.crt", "CERTIFICATE")} <= secret.pem or not any(key == "tls.key" for key, _ in secret.pem):
        return Finding(reason, f"Secret {target.namespace}/{target.name} holds no certificate with its key")
    return GOOD


def authority(target: Target, source: From, known: Known, grants: Grants, wrong_kind: str, reason: str) -> Finding:
    """Whether a reference leads to certificates of authorities, in ``ca.crt`` of a config map or a Secret."""
    if target.group or target.kind not in ("ConfigMap", "Secret"):
        return Finding(wrong_kind, f"{target.kind} holds no certificates of authorities")
    if not grants.allow(source, target):
        return not_permitted(target)
    name = target.namespace, target.name
    held = known.config_maps.get(name) if target.kind == "ConfigMap" else known.secrets.get(name)
    if held is None:
        return missing(target, reason, known)
    if not _has_authority(held):
        return Finding(reason, f"{target.kind} {target.namespace}/{target.name} has no certificate in ca.crt")
    return GOOD


def _has_authority(held: ConfigMap | Secret) -> bool:
    if isinstance(held, Secret):
        return ("ca.crt", "CERTIFICATE") in held.pem
    return "CERTIFICATE" in labels_of(held.data.get("ca.crt"))


def not_permitted(target: Target) -> Finding:
    """No grant allows a reference into another namespace."""
    words = f"no ReferenceGrant in namespace {target.namespace} allows the reference to {target.kind} {target.name}"
    return Finding("RefNotPermitted", words)


def missing(target: Target, reason: str, known: Known) -> Finding:
    """The input has no such object."""
    words = f"there is no {target.kind} {target.namespace}/{target.name} in the input"
    return Finding(reason, words, unknown=not known.closed)
