"""The way in: takes an inventory where there is something to take, and the library for certificates is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from crenel.certificates.inventory.model import Inventory
from crenel.kubernetes.decode import Decoded
from crenel.sources.document import Document

MISSING = "certificates are not examined: pip install 'crenel[certs]'"
_KINDS = frozenset({
    "Secret", "ConfigMap", "Config", "Route", "APIService", "CustomResourceDefinition", "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration", "Certificate", "CertificateRequest", "Issuer", "ClusterIssuer", "Bundle",
    "ClusterBundle", "ClusterTrustBundle", "Ingress", "Gateway", "ListenerSet",
})  # fmt: skip
"""Kinds that hold certificates, or refer to them."""


def take(
    documents: Iterable[Document],
    decoded: Decoded,
    at: datetime,
    files: Sequence[Path] = (),
    default_namespace: str = "default",
) -> Inventory:
    """Take the inventory as `crenel.certificates.inventory.taking.take` does, and import nothing where it is empty."""
    wanted = [each for each in documents if str(each.data.get("kind")) in _KINDS]
    if not wanted and not files:
        return Inventory(at)
    if importlib.util.find_spec("cryptography") is None:
        return Inventory(at, missing=MISSING)
    from crenel.certificates.inventory import taking  # noqa: PLC0415 - needs the extra

    return taking.take(wanted, decoded, at, files, default_namespace)
