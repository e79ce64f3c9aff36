"""The certificates that the Secrets of the input hold, read when they are asked for. Keys are not looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crenel.certificates.inventory import raw
from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.names import covers
from crenel.certificates.probing.targets import Stored
from crenel.sources.document import Document

CERTIFICATE = "tls.crt"
"""The key of a Secret of type ``kubernetes.io/tls`` that holds the chain (core/v1 Secret)."""
CA = "ca.crt"
"""The key where cert-manager and others put who signed it."""


class Secrets:
    """All Secrets of the input by namespace and name."""

    def __init__(self, documents: Sequence[Document], default_namespace: str) -> None:
        self._data: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._read: dict[tuple[str, str], Stored | None] = {}
        for document in documents:
            data = document.data
            if data.get("kind") == "Secret":
                namespace = raw.text(data, "metadata", "namespace") or default_namespace
                self._data[namespace, raw.text(data, "metadata", "name")] = data

    def get(self, namespace: str, name: str) -> Stored | None:
        """What one of them holds; None where there is none, or no certificate in it, which the inventory tells."""
        key = namespace, name
        if key not in self._read:
            self._read[key] = self._stored(key)
        return self._read[key]

    def covering(self, namespace: str, host: str) -> list[Stored]:
        """What the Secrets of a namespace hold that speaks for a host."""
        found = (self.get(*key) for key in self._data if key[0] == namespace)
        return [each for each in found if each is not None and covers(each.certificate, host)]

    def _stored(self, key: tuple[str, str]) -> Stored | None:
        data = self._data.get(key, {})
        chain = certificates(_value(data, CERTIFICATE))
        if not chain:
            return None
        return Stored(f"secret {key[0]}/{key[1]}", chain[0], certificates(_value(data, CA)))


def certificates(data: bytes) -> tuple[Certificate, ...]:
    """The certificates of a text; what of it cannot be read is left out."""
    return pem.read(data).certificates if data else ()


def _value(secret: Mapping[str, Any], key: str) -> bytes:
    """The value of a key; ``stringData`` wins, as the API server merges it."""
    plain = raw.at(secret, "stringData", key)
    if isinstance(plain, str):
        return plain.encode("utf-8", "replace")
    return raw.decoded(raw.at(secret, "data", key)) or b""
