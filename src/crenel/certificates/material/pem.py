"""Reads PEM and DER: certificates in full, of private keys only what may be known, and what is wrong with both.

Source of the form: RFC 7468, read as loosely as OpenSSL does: text between blocks is left alone, and so are headers.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from crenel.certificates.material import key as keys
from crenel.certificates.material.certificate import Certificate, UnreadableCertificateError
from crenel.certificates.material.key import Key, UnreadableKeyError
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem, Severity

LARGEST = 4 << 20
"""Bytes of one text; the bundle of all public roots has a quarter of a megabyte."""
MOST = 2000
"""Blocks of one text."""

_BEGIN = re.compile(rb"-----BEGIN ([^\r\n-]{0,64})-----")
_CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
_SEQUENCE = 0x30
_SHORT, _REMEMBERED = 1 << 14, 256
"""Bytes of a text that is remembered, and how many are."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a text holds, in its order."""

    certificates: tuple[Certificate, ...] = ()
    keys: tuple[Key, ...] = ()
    """The private keys, by what may be known of them."""
    problems: tuple[Problem, ...] = ()
    others: tuple[str, ...] = ()
    """The labels of other blocks: ``CERTIFICATE REQUEST``, ``X509 CRL``."""
    encrypted: int = 0
    """How many private keys are encrypted, and so not looked at; they are in no other field."""

    @property
    def has_private_key(self) -> bool:
        """Whether there is any private key, readable or not."""
        return bool(self.keys or self.encrypted or any("PRIVATE KEY" in each for each in self.others))


class _Found:
    """What was found so far; a problem leads to the object's field."""

    def __init__(self, origin: Origin, field: FieldPath, title: str) -> None:
        self.certificates: list[Certificate] = []
        self.keys: list[Key] = []
        self.problems: list[Problem] = []
        self.others: list[str] = []
        self.encrypted = 0
        self._place = (origin, field, title)

    def complain(self, message: str, severity: Severity = Severity.ERROR) -> None:
        self.problems.append(Problem(message, *self._place, severity=severity))

    def material(self) -> Material:
        return Material(
            tuple(self.certificates), tuple(self.keys), tuple(self.problems), tuple(self.others), self.encrypted
        )


def read(data: bytes, origin: Origin = NOWHERE, field: FieldPath = (), title: str = "") -> Material:
    """Read a text of PEM blocks, or one certificate or key in DER.

    `origin`, `field` and `title`, the name of the object that holds it, are those of the problems. Nothing raises: what
    cannot be read is a problem, and the rest is still there.
    """
    if (known := _authorities.get(data)) is not None:
        return known
    found = _read(data, _Found(origin, field, title))
    if len(_authorities) < _REMEMBERED and _is_worth_keeping(data, found):
        _authorities[data] = found
    return found


_authorities: dict[bytes, Material] = {}
"""Texts that were read, by their bytes: the same CA is beside every certificate of a cluster."""


def _is_worth_keeping(data: bytes, found: Material) -> bool:
    """Whether a text holds certificates of authorities, and nothing else: no other is remembered."""
    if len(data) > _SHORT or found.problems or found.others or found.has_private_key:
        return False
    return bool(found.certificates) and all(each.is_ca for each in found.certificates)


def _read(data: bytes, found: _Found) -> Material:
    if len(data) > LARGEST:
        found.complain(f"larger than {LARGEST >> 20} MiB: not read")
    elif b"-----BEGIN " in data:
        _blocks(data, found)
    elif data[:1] == bytes([_SEQUENCE]):
        _der(data, found)
    elif data.strip():
        found.complain("neither PEM nor DER")
    else:
        found.complain("empty")
    return found.material()


def _blocks(data: bytes, found: _Found) -> None:
    for number, (label, body) in enumerate(_split(data), 1):
        if number > MOST:
            found.complain(f"more than {MOST} blocks: the rest is not read")
            return
        _block(label, body, number, found)


def _split(data: bytes) -> Iterator[tuple[str, bytes | None]]:
    """The blocks of a text: label and body; the body is None where the end of the block is missing."""
    at = 0
    while (begin := _BEGIN.search(data, at)) is not None:
        label = begin[1].decode("latin-1")
        end = b"-----END " + begin[1] + b"-----"
        close, following = data.find(end, begin.end()), data.find(b"-----BEGIN ", begin.end())
        if close < 0 or 0 <= following < close:
            yield label, None
            at = following if following >= 0 else len(data)
        else:
            yield label, data[begin.end() : close]
            at = close + len(end)


def _block(label: str, body: bytes | None, number: int, found: _Found) -> None:
    if body is None:
        found.complain(f"block {number}, {label or 'without a label'}: its end is missing")
        if "PRIVATE KEY" in label:
            found.others.append(label)
    elif label in _CERTIFICATES:
        _certificate(body, number, found)
    elif label.endswith("PRIVATE KEY"):
        _private_key(label, body, number, found)
    else:
        found.others.append(label)


def _certificate(body: bytes, number: int, found: _Found) -> None:
    der = _decoded(body)
    if der is None:
        found.complain(f"block {number}, CERTIFICATE: not base64")
        return
    try:
        found.certificates.append(Certificate.from_der(der))
    except UnreadableCertificateError as error:
        found.complain(f"block {number}, CERTIFICATE: {error}")


def _private_key(label: str, body: bytes, number: int, found: _Found) -> None:
    if label == "ENCRYPTED PRIVATE KEY" or b"ENCRYPTED" in body[:200]:
        found.encrypted += 1
        found.complain(f"block {number}, {label}: encrypted, so not compared with any certificate", Severity.NOTICE)
        return
    try:
        found.keys.append(keys.of_private(_decoded(body) or b"", der=True))
    except UnreadableKeyError as error:
        found.others.append(label)
        found.complain(f"block {number}, {label}: {error}")


def _decoded(body: bytes) -> bytes | None:
    """The bytes of a block, headers left out as in RFC 1421; None where it is not base64."""
    lines = body.split(b"\n\n", 1)[-1] if b":" in body else body
    try:
        return binascii.a2b_base64(b"".join(lines.split()), strict_mode=True) or None
    except (binascii.Error, ValueError):
        return None


def _der(data: bytes, found: _Found) -> None:
    try:
        found.certificates.append(Certificate.from_der(data))
    except UnreadableCertificateError as error:
        try:
            found.keys.append(keys.of_private(data, der=True))
        except UnreadableKeyError:
            found.complain(str(error))
