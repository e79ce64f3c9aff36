"""The account at a server, and its key: a file of mode 0600 in the client's folder.

Source: RFC 8555, 7.3 (accounts), 7.3.4 (external account binding). The key is ECDSA on P-256 (ES256).
"""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
from acme import messages
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.errors import Error as JoseError

from crenel.certificates.acme import answers
from crenel.certificates.acme.errors import AcmeError, GoneError
from crenel.certificates.acme.talking import Server
from crenel.certificates.authority import durable
from crenel.certificates.authority.filekeys import encoded
from crenel.certificates.material.key import UnreadableKeyError, private

FILE, KEY = "account.json", "account.key"

KNOWN = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""Servers that have a short name."""

_LARGEST = 1 << 16


class Account(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of an account."""

    server: str
    """The URL of the directory."""
    uri: str
    """The account's URL, which signatures name."""
    contact: tuple[str, ...] = ()
    trust: str = ""
    """The file with the CAs of the server; empty for those of this machine."""


def load(folder: Path) -> Account:
    """Read the account.

    Raises:
        AcmeError: there is none.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(durable.read(path, _LARGEST), type=Account)
    except FileNotFoundError:
        raise AcmeError(f"{folder} has no account; `register` makes one") from None
    except msgspec.DecodeError as error:
        raise AcmeError(f"{path}: {error}") from None


def server(folder: Path, account: Account) -> Server:
    """The server of an account.

    Raises:
        AcmeError: the key is not there, or others can read it.
    """
    return Server(account.server, _key(folder), account.uri, Path(account.trust) if account.trust else None)


def register(
    folder: Path,
    url: str,
    *,
    contact: tuple[str, ...] = (),
    agree: bool = False,
    binding: tuple[str, str] | None = None,
    trust: Path | None = None,
) -> Account:
    """Make an account, or find the one of the key that is there; `binding` are key id and MAC key (base64url).

    Raises:
        AcmeError: the server wants its terms agreed to, or a binding, or refuses.
    """
    if (folder / FILE).exists() and (known := load(folder)).server != url:
        raise AcmeError(f"{folder} has an account at {known.server} already; use another folder")
    if not (folder / KEY).exists():
        durable.replace(folder / KEY, encoded(ec.generate_private_key(ec.SECP256R1())), durable.SECRET)
    asked = Server(url, _key(folder), trust=trust)
    meta = asked.directory.meta
    if meta.terms_of_service and not agree:
        terms = answers.one_line(meta.terms_of_service)
        raise AcmeError(f"the server has terms of service, {terms}: --agree-terms says that you agree")
    if meta.external_account_required and binding is None:
        raise AcmeError("the server wants accounts bound to one outside of ACME: --eab-kid and --eab-key")
    fields: dict[str, object] = {"contact": [f"mailto:{each}" for each in contact]} if contact else {}
    if meta.terms_of_service:
        fields["termsOfServiceAgreed"] = True
    if binding is not None:
        fields["externalAccountBinding"] = _bound(asked, *binding)
    made = asked.post(asked.directory.new_account, fields)
    if not (uri := made.headers.get("Location", "")):
        raise AcmeError(f"{url}: the server does not say where the account is")
    found = Account(url, uri, contact, str(trust.absolute()) if trust is not None else "")
    durable.replace(folder / FILE, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return found


def lost(error: GoneError, account: Account) -> AcmeError:
    """What to say where a server does not know an account any more."""
    return AcmeError(f"{account.uri}: {error}; `register` makes the account anew")


def _bound(asked: Server, kid: str, mac: str) -> object:
    try:
        where = messages.Directory({"newAccount": asked.directory.new_account})
        return messages.ExternalAccountBinding.from_data(asked.jwk.public_key(), kid, mac, where)
    except (ValueError, JoseError):
        raise AcmeError("--eab-key: the file holds no MAC key in base64url") from None


def _key(folder: Path) -> ec.EllipticCurvePrivateKey:
    path = folder / KEY
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise AcmeError(f"{path}: others can read this key; `chmod 600` it, or better make a new account")
        found = private(durable.read(path, _LARGEST))
    except FileNotFoundError:
        raise AcmeError(f"{path}: the key of the account is not there") from None
    except UnreadableKeyError as error:
        raise AcmeError(f"{path}: {error}") from None
    if not isinstance(found, ec.EllipticCurvePrivateKey) or not isinstance(found.curve, ec.SECP256R1):
        raise AcmeError(f"{path}: the key of an account is one on P-256")
    return found
