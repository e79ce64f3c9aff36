"""cert-manager's objects: who issues a Certificate, and whether its renewal works.

Source of the fields: cert-manager/cert-manager pkg/apis/certmanager/v1 (CertificateSpec, CertificateStatus, IssuerSpec,
CertificateRequestStatus), and its documentation of annotations on Secrets and Ingresses. A Certificate is renewed at
``status.renewalTime``; the Secret that it writes carries the names of Certificate and issuer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crenel.certificates.inventory import raw
from crenel.certificates.inventory.model import Entry, Inventory, Managed, Place, Renewal, SecretName, State
from crenel.provenance import Origin

GROUP = "cert-manager.io"
NAME = "cert-manager.io/certificate-name"
"""The annotation of a Secret, and of a CertificateRequest, that names the Certificate it is of."""
REVISION = "cert-manager.io/certificate-revision"
RESOURCES = "cert-manager"
"""The namespace where the Secrets of ClusterIssuers are, by default (``--cluster-resource-namespace``)."""

_KINDS = {"acme": "ACME", "ca": "CA", "selfSigned": "self-signed", "vault": "Vault", "venafi": "Venafi"}
_GRACE = timedelta(hours=1)
"""How long a renewal may take: issuing waits for an ACME server, or for somebody's approval."""


def managed(data: Mapping[str, Any], origin: Origin, namespace: str) -> Managed:
    """Read one of its objects."""
    place = Place(raw.text(data, "kind").lower(), raw.text(data, "metadata", "name"), namespace, origin)
    notes = {key: each for key, each in raw.table(data, "metadata", "annotations").items() if isinstance(each, str)}
    return Managed(place, raw.table(data, "spec"), raw.table(data, "status"), notes)


def add(thing: Managed, kind: str, inventory: Inventory) -> None:
    """File one of its objects; of those of one name the last counts."""
    name = thing.place.namespace, thing.place.name
    if kind == "Certificate":
        inventory.certificates[name] = thing
    elif kind == "CertificateRequest":
        inventory.requests.append(thing)
    else:
        inventory.issuers[kind, *name] = thing


def issuer_key(spec: Mapping[str, Any], namespace: str) -> tuple[str, str, str]:
    """Kind, namespace and name of the issuer that a Certificate names; other groups have kinds of their own."""
    kind = raw.text(spec, "issuerRef", "kind") or "Issuer"
    return kind, "" if kind.startswith("Cluster") else namespace, raw.text(spec, "issuerRef", "name")


def issuer_kind(issuer: Managed | None) -> str:
    """How an issuer issues: ``ACME``, ``CA`` ...; empty where it is not known."""
    return next((word for key, word in _KINDS.items() if issuer is not None and key in issuer.spec), "")


def ca_secret(issuer: Managed) -> SecretName | None:
    """The Secret with the key that an issuer signs with; None for one that signs with none of its own."""
    name = raw.text(issuer.spec, "ca", "secretName")
    return (issuer.place.namespace or RESOURCES, name) if name else None


def condition(thing: Managed, kind: str) -> tuple[str, str]:
    """The status of a condition (``True``, ``False``, ``Unknown``) and its message; empty where there is none."""
    for _, each in raw.items({"conditions": thing.status.get("conditions")}, "conditions"):
        if raw.text(each, "type") == kind:
            return raw.text(each, "status"), raw.text(each, "message") or raw.text(each, "reason")
    return "", ""


def renewal(certificate: Managed, entry: Entry | None, inventory: Inventory) -> Renewal:
    """Whether the renewal of a Certificate works; `entry` is what its Secret holds, None where it holds nothing."""
    written, issuer = inventory.issuer_of(certificate)
    how, by = issuer_kind(issuer), certificate.place.title
    status, message = condition(certificate, "Ready")
    if raw.time(certificate.status, "lastFailureTime") is not None or status == "False":
        return Renewal(State.FAILING, by, how, message or "its last issuance failed")
    if issuer is not None and (words := condition(issuer, "Ready"))[0] == "False":
        return Renewal(State.FAILING, by, how, f"{written} is not ready: {words[1]}".rstrip(": "))
    if reason := _overdue(certificate, inventory.at):
        return Renewal(State.OVERDUE, by, how, reason)
    if reason := _stale(certificate, entry):
        return Renewal(State.FAILING, by, how, reason)
    if not certificate.status:
        return Renewal(State.UNKNOWN, by, how, "it has no status in the input")
    return Renewal(State.WORKING, by, how)


def _overdue(certificate: Managed, at: datetime) -> str:
    due = raw.time(certificate.status, "renewalTime")
    if due is None or at <= due + _GRACE:
        return ""
    return f"it was to be renewed on {due:%Y-%m-%d %H:%M}"


def _stale(certificate: Managed, entry: Entry | None) -> str:
    """Whether the Secret holds something older than what was issued."""
    issued = raw.time(certificate.status, "notAfter")
    leaf = entry.leaf if entry is not None else None
    if issued is None or leaf is None or leaf.not_after >= issued:
        return ""
    return f"what was issued is valid until {issued:%Y-%m-%d}, and its Secret was not updated"
