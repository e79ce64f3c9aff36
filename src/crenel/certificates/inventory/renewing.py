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
    Caller,
    Entry,
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
_MANAGED_BY = "app.kubernetes.io/managed-by"
"""What ``crenel certs ca`` writes as a Secret has it (`crenel.certificates.authority.secrets`)."""
_CITADEL = "istio.io/ca-root"
_NO_STATUS = "it has no status in the input"


def settle(inventory: Inventory, decoded: Decoded) -> None:
    """Say of every Secret's entries who renews them, and of what is trusted who writes it."""
    shims = shimmed(decoded)
    for name, facts in inventory.secrets.items():
        found = _of(facts, name, shims, inventory)
        for entry in facts.entries:
            entry.renewal = found
    for entry in inventory.entries:
        if entry.renewal.by.startswith("bundle "):
            entry.renewal = _synced(entry.renewal.by, inventory)
    for caller in inventory.callers:
        if caller.bundle is not None and caller.injected:
            caller.bundle.renewal = _injected(caller, caller.bundle, inventory)


def _synced(by: str, inventory: Inventory) -> Renewal:
    """Whether trust-manager says that it wrote a Bundle."""
    source = inventory.sources.get(by.removeprefix("bundle "))
    if source is None:
        return Renewal(State.UNKNOWN, by, reason="it is not in the input")
    status, message = certmanager.condition(source, "Synced")
    if status == "False":
        return Renewal(State.FAILING, by, reason=message or "it is not synced")
    return Renewal(State.WORKING if status == "True" else State.UNKNOWN, by, reason="" if status else _NO_STATUS)


def _injected(caller: Caller, bundle: Entry, inventory: Inventory) -> Renewal:
    """Whether a caBundle is what its injector would write now: ``ca.crt`` of the Secret that it is taken from."""
    if caller.source is None:
        return Renewal(State.UNKNOWN, caller.injected)
    word, name = "secret" if caller.source_is_secret else "certificate", f"{caller.source[0]}/{caller.source[1]}"
    facts = inventory.injecting(caller)
    held = facts.entry("ca.crt") if facts is not None else None
    if held is None or not held.certificates:
        reason = f"the CA of {word} {name} is not in the input"
        return Renewal(State.UNKNOWN, caller.injected, reason=reason)
    if set(held.certificates) != set(bundle.certificates):
        return Renewal(State.FAILING, caller.injected, reason=f"it differs from the CA of {word} {name}")
    return Renewal(State.WORKING, caller.injected)


def shimmed(decoded: Decoded) -> Mapping[SecretName, str]:
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
    return _expired(_by_others(facts), facts, inventory)


def _expired(renewal: Renewal, facts: SecretFacts, inventory: Inventory) -> Renewal:
    """What an expired certificate says of whoever should have renewed it."""
    leaf = facts.pair.leaf if facts.pair is not None else None
    if renewal.state is State.NOBODY or leaf is None or leaf.not_after >= inventory.at:
        return renewal
    return Renewal(State.FAILING, renewal.by, renewal.how, f"it expired on {leaf.not_after:%Y-%m-%d}")


def _by_others(facts: SecretFacts) -> Renewal:
    if facts.type == _CITADEL:
        return Renewal(State.WORKING, "istiod", "mesh")
    if any(key in facts.annotations for key in _SERVICE_CA):
        return Renewal(State.WORKING, "the service CA of OpenShift", "CA")
    if facts.labels.get(_EXTERNAL) == "true" or any(each.startswith("ExternalSecret ") for each in facts.owners):
        return Renewal(State.UNKNOWN, "external-secrets", reason="whoever writes its source")
    if facts.labels.get(_MANAGED_BY) == "crenel":
        return Renewal(State.WORKING, "crenel certs ca renew", "CA")
    if facts.owners:
        return Renewal(State.UNKNOWN, facts.owners[0].lower(), reason="its owner may")
    return NOBODY
