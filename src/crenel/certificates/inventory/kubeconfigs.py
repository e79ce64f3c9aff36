"""The certificates of a kubeconfig: what clients show, and which API servers they trust.

Source of the fields: k8s.io/client-go tools/clientcmd/api/v1. Only what is written into it is read: files that it names
are not opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crenel.certificates.inventory import raw
from crenel.certificates.inventory.model import Entry, Place
from crenel.certificates.inventory.secrets import of_text
from crenel.provenance import FieldPath, Origin


def read(data: Mapping[str, Any], origin: Origin) -> Iterator[Entry]:
    """The entries of one kubeconfig."""
    place = Place("kubeconfig", raw.text(data, "current-context") or origin.source, "", origin)
    for position, each in raw.items(data, "clusters"):
        field: FieldPath = ("clusters", position, "cluster", "certificate-authority-data")
        content = raw.decoded(raw.text(each, "cluster", "certificate-authority-data"))
        for entry in (
            of_text(content, place, field, f"cluster {raw.text(each, 'name')}", trusted=True) if content else ()
        ):
            entry.trusted.append(f"{place.title} for {raw.text(each, 'cluster', 'server')}")
            yield entry
    for position, each in raw.items(data, "users"):
        field = ("users", position, "user", "client-certificate-data")
        content = raw.decoded(raw.text(each, "user", "client-certificate-data"))
        key = raw.decoded(raw.text(each, "user", "client-key-data"))
        if content or key:
            both = b"\n".join(filter(None, (content, key)))
            yield from of_text(both, place, field, f"user {raw.text(each, 'name')}")
