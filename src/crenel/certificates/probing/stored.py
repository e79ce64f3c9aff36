"""The certificates that the Secrets of the input hold, read when they are asked for. Keys are not looked at."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.probing.targets import Stored
from crenel.sources.document import Document

CERTIFICATE = "tls.crt"
"""The key of a Secret of type ``kubernetes.io/tls`` that holds the chain (core/v1 Secret)."""
CA = "ca.crt"
"""The key where cert-manager and others put who signed it."""


class Secrets:
    """All Secrets of the input by namespace and name."""

    def __init__(self, documents: Sequence[Document], default_namespace: str) -> None:
        self._data: dict[tuple[str, str], dict[str, Any]] = {}
        self._read: dict[tuple[str, str], Stored | None] = {}
        for document in documents:
            data = document.data
            metadata = data.get("metadata")
            if data.get("kind") == "Secret" and isinstance(metadata, dict):
                key = str(metadata.get("namespace") or default_namespace), str(metadata.get("name"))
                self._data[key] = data

    def get(self, namespace: str, name: str) -> Stored | None:
        """What one of them holds; None where there is none, or no certificate in it, which the inventory tells."""
        key = namespace, name
        if key not in self._read:
            self._read[key] = self._stored(key)
        return self._read[key]

    def _stored(self, key: tuple[str, str]) -> Stored | None:
        data = self._data.get(key)
        chain = certificates(_value(data, CERTIFICATE)) if data is not None else ()
        if not chain:
            return None
        return Stored(f"secret {key[0]}/{key[1]}", chain[0], certificates(_value(data, CA)))


def certificates(data: bytes) -> tuple[Certificate, ...]:
    """The certificates of a text; what of it cannot be read is left out."""
    return pem.read(data).certificates if data else ()


def decoded(value: Any) -> bytes:
    """The bytes of a base64 text; none where it is not one."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _value(secret: Any, key: str) -> bytes:
    """The value of a key; ``stringData`` wins, as the API server merges it."""
    plain, encoded = secret.get("stringData"), secret.get("data")
    if isinstance(plain, dict) and isinstance(text := plain.get(key), str):
        return text.encode("utf-8", "replace")
    return decoded(encoded.get(key)) if isinstance(encoded, dict) else b""
