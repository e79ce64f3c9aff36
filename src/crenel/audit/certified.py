"""What the checks on certificates share: how bad it is that somebody uses one, and who answers whom.

What the checks need besides:

- `subject.certificates`: the `Inventory` at ``subject.settings``' moment (`crenel.certificates.inventory.model`), taken
  once. Its `missing` is not empty where the extra is not installed: then there is nothing in it, and no finding.
- `inventory.pairs`, `.bundles` and `.entries`: each `Entry` with `certificates` in the order of the text, `leaf`,
  `matches` (key and certificate), `chain` (`Chain`, `Broken`, or None where no authority is known), `served`,
  `trusted`, `renewal`, `problems`; `inventory.secrets[namespace, name]` what is known of a Secret that holds none;
  `inventory.callers` who the API server calls, `inventory.certificates`, `.issuers` and `.requests` cert-manager's.
- `crenel.certificates.inventory.faults.of(entry, at)`: what is wrong with an entry by itself, each `Fault` with its
  `kind`, message, origin and field. A check that finds the same takes it from there, and adds what only the cluster can
  tell; it imports that module inside of the function that needs it, since it needs the extra.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from crenel.audit.finding import Check, Severity
from crenel.audit.subject import Subject
from crenel.certificates.inventory.meshes import ISSUERS as MESH_ISSUERS
from crenel.certificates.inventory.meshes import ROOTS as MESH_ROOTS
from crenel.certificates.inventory.meshes import mesh_of
from crenel.certificates.inventory.model import (
    SOON,
    Caller,
    Entry,
    Inventory,
    Managed,
    Place,
    SecretFacts,
    SecretName,
)
from crenel.dialects.service import resolve

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate


def severity(check: Check, entry: Entry) -> Severity:
    """That of the check; one step less where nothing in the input uses the certificate."""
    return check.severity if entry.served or entry.place.kind != "secret" else check.severity.lowered()


def unused(entry: Entry) -> str:
    """Why a finding is lowered, for the end of its message; empty where it is not."""
    return "" if entry.served or entry.place.kind != "secret" else "; lowered: nothing in the input uses it"


def users(entry: Entry) -> Sequence[str]:
    """Evidence: who uses it."""
    return [f"used by {each}" for each in dict.fromkeys(each.place.title for each in entry.served)]


def day(moment: datetime) -> str:
    """A day as findings write it."""
    return f"{moment:%Y-%m-%d}"


def percent(certificate: Certificate, at: datetime) -> str:
    """How much of its life is over."""
    return f"{min(certificate.used(at), 1):.0%}"


def served_pairs(inventory: Inventory) -> Iterator[tuple[Entry, Certificate]]:
    """The pairs that can be read, each with its leaf."""
    for entry in inventory.pairs:
        if entry.leaf is not None:
            yield entry, entry.leaf


def distinct(inventory: Inventory) -> Iterator[tuple[Entry, int, Certificate, int]]:
    """Every certificate once: the first entry that holds it, its position there, and how many others hold it."""
    found: dict[str, tuple[Entry, int, Certificate]] = {}
    counts: dict[str, int] = {}
    for entry in inventory.entries:
        for position, each in enumerate(entry.certificates):
            found.setdefault(each.fingerprint, (entry, position, each))
            counts[each.fingerprint] = counts.get(each.fingerprint, 0) + 1
    for key, (entry, position, each) in found.items():
        yield entry, position, each, counts[key] - 1


def answering(subject: Subject, caller: Caller) -> Sequence[Entry]:
    """The pairs that may answer a caller, as far as the input has them.

    They are what is injected from, what the pods behind its Service mount, or else what covers its name in that
    namespace.
    """
    inventory = subject.certificates
    if caller.source is not None:
        return _injected(inventory, caller)
    if caller.service is None:
        return []
    if mounted := _mounted(subject, caller.service):
        return mounted
    from crenel.certificates.material.names import covers  # noqa: PLC0415 - needs the extra

    namespace = caller.service[0]
    return [
        entry for entry, leaf in served_pairs(inventory)
        if entry.secret is not None and entry.secret[0] == namespace and covers(leaf, caller.host)
    ]  # fmt: skip


def _injected(inventory: Inventory, caller: Caller) -> Sequence[Entry]:
    facts = inventory.injecting(caller)
    return [facts.pair] if facts is not None and facts.pair is not None and facts.pair.certificates else []


def _mounted(subject: Subject, service: SecretName) -> Sequence[Entry]:
    """The pairs that pods behind a Service have in their volumes."""
    found = [each for each in subject.decoded.services if (each.namespace, each.name) == service]
    titles = {
        subject.by_index[backend.endpoint].title
        for each in found
        for backend in resolve(each, None, subject.scope, subject.decoded, subject.network).backends
        if backend.endpoint in subject.by_index and backend.endpoint is not None
    }
    inventory = subject.certificates
    secrets = {each.secret for each in inventory.serving if each.mounted and each.place.title in titles}
    return [
        facts.pair for name in secrets
        if (facts := inventory.secrets.get(name)) is not None and facts.pair is not None and facts.pair.certificates
    ]  # fmt: skip


def issuer_of(inventory: Inventory, entry: Entry) -> Managed | None:
    """The issuer of cert-manager that a Secret's certificate comes from, where both are in the input."""
    facts = inventory.secrets.get(entry.secret) if entry.secret is not None else None
    if facts is None:
        return None
    name, kind = (
        facts.annotations.get("cert-manager.io/issuer-name"),
        facts.annotations.get("cert-manager.io/issuer-kind"),
    )
    namespace = facts.place.namespace
    if name:
        kind = kind or "Issuer"
        return inventory.issuers.get((kind, "" if kind.startswith("Cluster") else namespace, name))
    certificate = certificate_of(inventory, facts)
    return inventory.issuer_of(certificate)[1] if certificate is not None else None


def certificate_of(inventory: Inventory, facts: SecretFacts) -> Managed | None:
    """The Certificate of cert-manager that a Secret is written for."""
    name = facts.place.namespace, facts.annotations.get("cert-manager.io/certificate-name", "")
    if name in inventory.certificates:
        return inventory.certificates[name]
    return inventory.writers.get((facts.place.namespace, facts.place.name))


__all__ = [
    "MESH_ISSUERS", "MESH_ROOTS", "SOON", "Place", "answering", "certificate_of", "day", "distinct", "issuer_of",
    "mesh_of", "percent", "served_pairs", "severity", "unused", "users",
]  # fmt: skip
