"""Objects put in the place of others of the same name, in the documents of an input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from crenel.sources.document import Document

Key: TypeAlias = tuple[str, str, str]
"""The kind in lower case, the namespace (empty for what is cluster-wide) and the name of an object."""

_CLUSTER_WIDE = {"namespace", "node", "adminnetworkpolicy", "baselineadminnetworkpolicy", "clusternetworkpolicy"}


def replaced(
    documents: Sequence[Document], added: Sequence[Document], gone: Iterable[Key], default_namespace: str
) -> tuple[list[Document], set[Key]]:
    """The documents without those that are gone, and with others added or put in the place of their namesakes.

    The second value is what was to go and is not there.
    """
    out = set(gone)
    names = [key_of(document.data, default_namespace) for document in documents]
    missing = out.difference(names)
    out |= {key_of(document.data, default_namespace) for document in added}
    return [*(document for document, name in zip(documents, names, strict=True) if name not in out), *added], missing


def key_of(data: dict[str, Any], default_namespace: str) -> Key:
    """The key of an object, however malformed."""
    metadata = data.get("metadata")
    found = metadata if isinstance(metadata, dict) else {}
    kind = str(data.get("kind", "")).lower()
    namespace = "" if kind in _CLUSTER_WIDE else str(found.get("namespace") or default_namespace)
    return kind, namespace, str(found.get("name", ""))
