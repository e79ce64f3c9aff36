"""Who renews what is in a Secret, and whether that works.

Source: cert-manager's annotations (`certmanager`) and ingress-shim; istio.io, "Plug in CA Certificates" (cacerts is
never rotated by itself, istio-ca-secret is); linkerd.io, "Manually Rotating Control Plane TLS Credentials"; OpenShift's
service CA operator; external-secrets.io, labels of what it writes.
"""

from __future__ import annotations

from collections.abc import Mapping

from crenel.certificates.inventory import certmanager
from crenel.certificates.inventory.model import (
    NOBODY,
    Inventory,
    Renewal,
    SecretFacts,
    SecretName,
    State,
)
from crenel.kubernetes.decode import Decoded

_SHIM = {"cert-manager.io/cluster-issuer": "clusterissuer", "cert-manager.io/issuer": "issuer"}
_SERVICE_CA = (
    "service.beta.openshift.io/originating-service-name",
    "service.alpha.openshift.io/originating-service-name",
)
_EXTERNAL = "reconcile.external-secrets.io/managed"
_CITADEL = "istio.io/ca-root"


def settle(inventory: Inventory, decoded: Decoded) -> None:
    """Say of every Secret's entries who renews them."""
    shims = _shims(decoded)
    for name, facts in inventory.secrets.items():
        found = _of(facts, name, shims, inventory)
        for entry in facts.entries:
            entry.renewal = found


def _shims(decoded: Decoded) -> Mapping[SecretName, str]:
    """The Secrets for which cert-manager makes a Certificate by itself, and of which Ingress or Gateway."""
    found: dict[SecretName, str] = {}
    for ingress in decoded.ingresses:
        if any(key in (ingress.metadata.annotations or {}) for key in (*_SHIM, "kubernetes.io/tls-acme")):
            for each in (ingress.spec.tls if ingress.spec else None) or ():
                found[ingress.namespace, each.secret_name or ""] = ingress.title
    for gateway in decoded.gateways:
        if any(key in (gateway.metadata.annotations or {}) for key in _SHIM):
            for listener in (gateway.spec.listeners if gateway.spec else None) or ():
                for reference in (listener.tls.certificate_refs if listener.tls else None) or ():
                    found[reference.namespace or gateway.namespace, reference.name] = gateway.title
    return found


def _of(
    facts: SecretFacts,
    name: SecretName,
    shims: Mapping[SecretName, str],
    inventory: Inventory,
) -> Renewal:
    if (writer := inventory.writers.get(name)) is not None:
        return certmanager.renewal(writer, facts.pair, inventory)
    if certificate := facts.annotations.get(certmanager.NAME):
        by = f"certificate {name[0]}/{certificate}"
        return Renewal(State.UNKNOWN, by, reason="it is not in the input")
    if name in shims:
        return Renewal(State.UNKNOWN, "cert-manager", reason=f"for {shims[name]}; its certificate is not in the input")
    return _by_others(facts)


def _by_others(facts: SecretFacts) -> Renewal:
    if facts.type == _CITADEL:
        return Renewal(State.WORKING, "istiod", "mesh")
    if any(key in facts.annotations for key in _SERVICE_CA):
        return Renewal(State.WORKING, "the service CA of OpenShift", "CA")
    if facts.labels.get(_EXTERNAL) == "true" or any(each.startswith("ExternalSecret ") for each in facts.owners):
        return Renewal(State.UNKNOWN, "external-secrets", reason="whoever writes its source")
    if facts.owners:
        return Renewal(State.UNKNOWN, facts.owners[0].lower(), reason="its owner may")
    return NOBODY
