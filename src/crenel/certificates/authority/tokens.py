"""Keys in a token behind PKCS#11: a hardware security module, a smart card, or the module of a key management service.

Which token is said by a URI (RFC 7512): ``pkcs11:token=LABEL?module-path=/usr/lib/libsofthsm2.so&pin-source=/run/pin``.
The PIN is the first line of a file, never a part of the URI. Keys are made in the token, may not be exported, and have
their handle as their label; they are P-256 with CKM_ECDSA, or RSA with CKM_SHA256_RSA_PKCS (PKCS#11 3.1, 6.3 and 6.1).
Needs ``crenel[pkcs11]``.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from crenel.certificates.authority import durable
from crenel.certificates.authority.errors import AuthorityError, KeyMissingError
from crenel.certificates.authority.keys import KeyKind, PublicKey

SCHEME = "pkcs11:"
_WORDS = "write it like pkcs11:token=LABEL?module-path=/usr/lib/libsofthsm2.so&pin-source=/run/pin"
_COORDINATE = 32


@dataclass(frozen=True, slots=True)
class Place:
    """What a URI says: the label of the token, the library that reaches it, and the file that has the PIN."""

    token: str
    module: Path
    pin: Path | None


def parse(uri: str) -> Place:
    """Read a URI.

    Raises:
        AuthorityError: it is no URI of a token, or has the PIN in it.
    """
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    where = dict(part.partition("=")[::2] for part in path.split(";"))
    options = dict(parse_qsl(query))
    if "pin-value" in options:
        raise AuthorityError("a PIN does not belong in a URI; pin-source=PATH names a file that has it")
    token, module, pin = unquote(where.get("token", "")), options.get("module-path", ""), options.get("pin-source")
    if not uri.startswith(SCHEME) or set(where) != {"token"} or not token or not Path(module).is_absolute():
        raise AuthorityError(f"{uri!r} is no token; {_WORDS}")
    if set(options) - {"module-path", "pin-source"} or (pin is not None and not Path(pin).is_absolute()):
        raise AuthorityError(f"{uri!r} is not understood; {_WORDS}")
    return Place(token, Path(module), Path(pin) if pin is not None else None)


class TokenKeyStore:
    """The keys of one token. It is opened when a key is first asked for; a token may not be connected."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._place = parse(uri)
        self._session: Any = None
        self._public: dict[str, PublicKey] = {}

    def generate(self, handle: str, kind: KeyKind) -> PublicKey:
        """Make a key in the token; see `KeyStore.generate`."""
        if kind is KeyKind.ED25519:
            raise AuthorityError(f"{self._place.token}: keys in tokens are p256 or rsa3072")
        with self._asked() as (pkcs11, session):
            if handle not in self:
                self._remove(handle)
                _make(pkcs11, session, handle, kind)
        return self.public(handle)

    def public(self, handle: str) -> PublicKey:
        """Return the public half of a key; see `KeyStore.public`."""
        if handle not in self._public:
            with self._asked() as (pkcs11, session):
                self._public[handle] = _read(pkcs11, self._key(session, handle, pkcs11.ObjectClass.PUBLIC_KEY, pkcs11))
        return self._public[handle]

    def sign(self, handle: str, data: bytes) -> bytes:
        """Sign data in the token; see `KeyStore.sign`."""
        public = self.public(handle)
        with self._asked() as (pkcs11, session):
            key = self._key(session, handle, pkcs11.ObjectClass.PRIVATE_KEY, pkcs11)
            if isinstance(public, rsa.RSAPublicKey):
                return bytes(key.sign(data, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
            raw = bytes(key.sign(hashlib.sha256(data).digest(), mechanism=pkcs11.Mechanism.ECDSA))
            return encode_dss_signature(int.from_bytes(raw[:_COORDINATE]), int.from_bytes(raw[_COORDINATE:]))

    def destroy(self, handle: str) -> None:
        """Remove a key from the token; see `KeyStore.destroy`."""
        self._public.pop(handle, None)
        self._remove(handle)

    def __contains__(self, handle: object) -> bool:
        try:
            with self._asked() as (pkcs11, session):
                wanted = {pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.ObjectClass.PUBLIC_KEY}
                found = session.get_objects({pkcs11.Attribute.LABEL: handle})
                return {each.object_class for each in found} == wanted
        except AuthorityError:
            return False

    def __repr__(self) -> str:
        return f"TokenKeyStore({self._uri!r})"

    def _remove(self, handle: str) -> None:
        with self._asked() as (pkcs11, session):
            for each in list(session.get_objects({pkcs11.Attribute.LABEL: handle})):
                each.destroy()

    def _key(self, session: Any, handle: str, of: Any, pkcs11: Any) -> Any:
        try:
            return session.get_key(object_class=of, label=handle)
        except pkcs11.exceptions.NoSuchKey:
            raise KeyMissingError(handle, f"the token {self._place.token}") from None

    @contextmanager
    def _asked(self) -> Iterator[tuple[Any, Any]]:
        """The package and an open session; what the token answers becomes one line.

        Raises:
            AuthorityError: the package or the library is not there, the token is not connected, or it refuses.
        """
        try:
            pkcs11 = importlib.import_module("pkcs11")
        except ImportError:
            raise AuthorityError("keys in tokens need a package: pip install 'crenel[pkcs11]'") from None
        try:
            if self._session is None:
                self._session = self._opened(pkcs11)
            yield pkcs11, self._session
        except (pkcs11.exceptions.PKCS11Error, RuntimeError) as error:
            words = " ".join(str(error).split()) or type(error).__name__
            raise AuthorityError(f"the token {self._place.token}: {words}") from None

    def _opened(self, pkcs11: Any) -> Any:
        if not self._place.module.is_file():
            raise AuthorityError(f"{self._place.module}: there is no such library")
        token = pkcs11.lib(str(self._place.module)).get_token(token_label=self._place.token)
        return token.open(rw=True, user_pin=self._pin())

    def _pin(self) -> str | None:
        """The PIN, from its file.

        Raises:
            AuthorityError: it is not there.
        """
        if self._place.pin is None:
            return None
        try:
            return durable.read(self._place.pin, 1 << 10).decode().partition("\n")[0]
        except (OSError, UnicodeDecodeError):
            raise AuthorityError(f"{self._place.pin}: the PIN cannot be read") from None


def _make(pkcs11: Any, session: Any, handle: str, kind: KeyKind) -> None:
    """Make a pair that stays in the token, private half never to be read."""
    hidden = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
    label = handle.encode()
    if kind is KeyKind.RSA3072:
        session.generate_keypair(pkcs11.KeyType.RSA, 3072, store=True, label=handle, id=label, private_template=hidden)
        return
    encoded = importlib.import_module("pkcs11.util.ec").encode_named_curve_parameters("secp256r1")
    curve = {pkcs11.Attribute.EC_PARAMS: encoded}
    parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
    parameters.generate_keypair(store=True, label=handle, id=label, private_template=hidden)


def _read(pkcs11: Any, key: Any) -> PublicKey:
    if key.key_type == pkcs11.KeyType.RSA:
        modulus, exponent = (int.from_bytes(key[each]) for each in
                             (pkcs11.Attribute.MODULUS, pkcs11.Attribute.PUBLIC_EXPONENT))  # fmt: skip
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    found = load_der_public_key(importlib.import_module("pkcs11.util.ec").encode_ec_public_key(key))
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise AuthorityError("the token has a key of another kind under this handle")
    return found
