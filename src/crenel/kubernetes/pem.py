"""Whether a text is PEM, and of what: nothing else of it is looked at or kept.

Source of the form: RFC 7468. A block is well formed when its body is base64 of a DER sequence.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,64})-----\s([^-]*)-----END \1-----")
_SEQUENCE = 0x30


def labels_of(value: Any, *, encoded: bool = False) -> Iterator[str]:
    """The labels of the well-formed blocks of a text; `encoded` says that it is base64 itself, as in a Secret."""
    text = _decoded(value) if encoded else value
    if not isinstance(text, str) or "-----BEGIN " not in text:
        return
    for label, body in _BLOCK.findall(text):
        der = _bytes("".join(body.split()))
        if der and der[0] == _SEQUENCE:
            yield label


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _decoded(value: Any) -> str:
    return _bytes("".join(value.split())).decode("utf-8", "replace") if isinstance(value, str) else ""
