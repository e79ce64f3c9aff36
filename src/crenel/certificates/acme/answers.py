"""What servers answer, read strictly: a field of another type than RFC 8555 has is an error, unknown ones are ignored.

Source: RFC 8555, 7.1 (directory, order, authorization), 8 (challenge), 6.7 and RFC 7807 (problem documents); RFC 9773,
4.2 (renewal information).
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from crenel.certificates.acme.errors import AcmeError

_T = TypeVar("_T")
_URN = "urn:ietf:params:acme:error:"
_LONGEST = 300
_MOST = 5


class Meta(msgspec.Struct, rename="camel"):
    """What a server says of itself."""

    terms_of_service: str = ""
    external_account_required: bool = False
    profiles: dict[str, Any] = {}


class Directory(msgspec.Struct, rename="camel"):
    """Where everything is."""

    new_nonce: str
    new_account: str
    new_order: str
    revoke_cert: str = ""
    renewal_info: str = ""
    meta: Meta = msgspec.field(default_factory=Meta)


class Identifier(msgspec.Struct):
    """A name that a certificate is to have: of the type ``dns`` or ``ip``."""

    type: str
    value: str


class Fault(msgspec.Struct):
    """A problem document."""

    type: str = ""
    detail: str = ""
    title: str = ""
    identifier: Identifier | None = None
    subproblems: tuple[Fault, ...] = ()

    @property
    def code(self) -> str:
        """Its kind: ``rateLimited``; empty for none of ACME's."""
        return self.type.removeprefix(_URN) if self.type.startswith(_URN) else ""

    def __str__(self) -> str:
        """All of it on one line."""
        about = f"{self.identifier.value}: " if self.identifier is not None else ""
        words = self.detail or self.title or "no reason was given"
        text = f"{about}{words}" + (f" ({self.code})" if self.code else "")
        parts = [text, *map(str, self.subproblems[:_MOST])]
        return one_line("; ".join(parts))


class Challenge(msgspec.Struct):
    """A way to show that a name is one's own."""

    type: str
    url: str
    status: str = "pending"
    token: str = ""
    error: Fault | None = None


class Authorization(msgspec.Struct):
    """A name, and the ways to show that it is one's own."""

    identifier: Identifier
    status: str
    challenges: tuple[Challenge, ...] = ()
    wildcard: bool = False


class Order(msgspec.Struct):
    """A certificate that was asked for."""

    status: str
    finalize: str
    authorizations: tuple[str, ...] = ()
    certificate: str = ""
    error: Fault | None = None


class Window(msgspec.Struct):
    """When a server wants a certificate to be renewed."""

    start: datetime
    end: datetime


class RenewalInfo(msgspec.Struct, rename="camel"):
    """What a server says about the renewal of a certificate."""

    suggested_window: Window
    explanation_url: str = msgspec.field(default="", name="explanationURL")


def read(data: bytes, kind: type[_T], what: str) -> _T:
    """Read an answer; `what` it is.

    Raises:
        AcmeError: it is something else.
    """
    try:
        return msgspec.json.decode(data, type=kind, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AcmeError(f"the server's {what} makes no sense: {one_line(str(error))}") from None


def one_line(text: str) -> str:
    """What others wrote, on one line and not too long."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * _LONGEST]).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


def base64url(data: bytes) -> str:
    """Bytes as ACME writes them (RFC 4648, 5), without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
