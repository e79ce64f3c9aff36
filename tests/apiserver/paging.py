"""Continue tokens: where the next page of a list begins, and at which revision (apiserver storage/continue.go)."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from apiserver.status import FailureError, bad_request

INCONSISTENT = -1
"""The revision of a token that goes on with whatever is there now."""


@dataclass(frozen=True)
class Continue:
    """The content of a continue token; `start` is the last key of the page before, with a zero byte."""

    revision: int
    start: str

    def encode(self) -> str:
        """Write the token."""
        body = {"v": "meta.k8s.io/v1", "rv": self.revision, "start": self.start}
        text = json.dumps(body, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(token: str) -> Continue:
    """Read a token.

    Raises:
        FailureError: 400, it is not one.

    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise _bad("illegal base64 data at input byte 0") from None
    try:
        body = json.loads(text)
        return Continue(int(body["rv"]), str(body["start"]))
    except (ValueError, KeyError, TypeError):
        raise _bad(f"invalid character '{_quoted(text[:1])}' looking for beginning of value") from None


def _quoted(byte: bytes) -> str:
    return byte.decode("ascii") if byte.isascii() else f"\\u{byte[0]:04x}"


def _bad(reason: str) -> FailureError:
    return bad_request(f"invalid continue token: continue key is not valid: {reason}")
