"""One order, from asking for it to its chain; a process may end at any point, and the next one goes on with it.

Source: RFC 8555, 7.4. The key is on the disk before the order is made, and the order's URL before it is worked on. What
is lost is at most an order that nobody has finished.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from crenel.certificates.acme import chain as chains
from crenel.certificates.acme import solving
from crenel.certificates.acme.answers import Order, base64url
from crenel.certificates.acme.errors import AcmeError, GoneError
from crenel.certificates.acme.state import Wanted
from crenel.certificates.acme.talking import Answer, Server
from crenel.certificates.authority import durable, keys
from crenel.certificates.authority.contents import Contents
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.filekeys import encoded
from crenel.certificates.authority.keys import PrivateKey
from crenel.certificates.authority.signing import algorithm
from crenel.certificates.material.key import UnreadableKeyError, of_private, of_public, private

FOLDER = "orders"
_MOST_CHAINS = 8
_LARGEST = 1 << 16
_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class Work:
    """What an order is worked on with."""

    server: Server
    folder: Path
    """The client's."""
    save: Callable[[], None]
    """Writes the state down."""
    patience: float
    """Seconds for all of it."""


def obtain(work: Work, wanted: Wanted, now: datetime, replaces: str = "") -> Contents:
    """Have a certificate issued; `replaces` is the identifier of the one that it is instead of (RFC 9773, 5).

    Raises:
        AcmeError: it is not to be had; where its order is over, that is forgotten with its key.
    """
    until = time.monotonic() + work.patience
    key = _key(work, wanted)
    try:
        order = _order(work, wanted, replaces)
        if order.status == "pending":
            solving.solve(work.server, order.authorizations, wanted.way, until)
        data = _download(work, wanted, _finished(work, wanted, key, until))
    except AcmeError:
        if not _is_alive(work, wanted):
            forget(work, wanted)
        raise
    try:
        chains.examine(data, of_public(key.public_key()).fingerprint, wanted.hosts, now)
    except AcmeError:
        forget(work, wanted)
        raise
    return Contents(data, encoded(key), b"")


def forget(work: Work, wanted: Wanted) -> None:
    """Forget an order and its key: it is over."""
    if wanted.order:
        wanted.order = ""
        work.save()
    path = _path(work, wanted)
    if path.exists():
        path.unlink()
        durable.flush(path.parent)


def spki(work: Work, wanted: Wanted) -> str:
    """The fingerprint of the order's key; empty where there is none that can be read."""
    try:
        return of_private(durable.read(_path(work, wanted), _LARGEST)).fingerprint
    except (OSError, AuthorityError, UnreadableKeyError):
        return ""


def _path(work: Work, wanted: Wanted) -> Path:
    return work.folder / FOLDER / f"{wanted.name}.key"


def _key(work: Work, wanted: Wanted) -> PrivateKey:
    """The key of the order, made where there is none yet."""
    path = _path(work, wanted)
    if not path.exists():
        durable.make_folder(path.parent, 0o700)
        durable.replace(path, encoded(keys.generate(wanted.key)), durable.SECRET)
    try:
        found = private(durable.read(path, _LARGEST))
    except UnreadableKeyError as error:
        raise AcmeError(f"{path}: {error}") from None
    if keys.kind_of(found.public_key()) is None:
        raise AcmeError(f"{path}: a key of this kind is not used here")
    return found  # type: ignore[return-value]


def _order(work: Work, wanted: Wanted, replaces: str) -> Order:
    """The order that was begun, if it is still alive, or a new one."""
    if wanted.order and (known := _begun(work, wanted)) is not None and known.status != "invalid":
        return known
    identifiers = [{"type": "ip" if _is_address(host) else "dns", "value": host} for host in wanted.hosts]
    fields: dict[str, object] = {"identifiers": identifiers}
    if wanted.profile:
        fields["profile"] = wanted.profile
    answer = _asked(work, fields, replaces if work.server.directory.renewal_info else "")
    if not (url := answer.headers.get("Location", "")):
        raise AcmeError("the server does not say where the order is")
    wanted.order = url
    work.save()
    return answer.read(Order, "order")


def _begun(work: Work, wanted: Wanted) -> Order | None:
    """The order as the server has it; None where it does not."""
    try:
        return work.server.post(wanted.order).read(Order, "order")
    except GoneError:
        return None


def _asked(work: Work, fields: dict[str, object], replaces: str) -> Answer:
    """Ask for an order. Where what it is to replace stands in its way, the certificate is wanted all the same."""
    url = work.server.directory.new_order
    if replaces:
        try:
            return work.server.post(url, {**fields, "replaces": replaces})
        except AcmeError as error:
            if error.again is not None:
                raise
    return work.server.post(url, fields)


def _finished(work: Work, wanted: Wanted, key: PrivateKey, until: float) -> Order:
    """The order once its certificate is there."""
    pause, asked = _PAUSE, False
    while True:
        answer = work.server.post(wanted.order)
        order = answer.read(Order, "order")
        if order.status == "valid" and order.certificate:
            return order
        if order.status == "invalid":
            raise AcmeError(f"the order failed: {order.error or 'the server does not say why'}")
        if time.monotonic() > until:
            raise AcmeError(f"the order is still {order.status}; the next run goes on with it")
        if order.status == "ready" and not asked:
            request = base64url(_request(wanted.hosts, key))
            work.server.post(order.finalize, {"csr": request})
            asked = True
        else:
            time.sleep(answer.pause(pause))
            pause = min(2 * pause, 5.0)


def _download(work: Work, wanted: Wanted, order: Order) -> bytes:
    answer = work.server.post(order.certificate)
    found = [answer.data]
    if wanted.chain:
        found += [work.server.post(url).data for url in answer.links[:_MOST_CHAINS]]
    return chains.chosen(found, wanted.chain)


def _is_alive(work: Work, wanted: Wanted) -> bool:
    """Whether an order can be gone on with; where that cannot be asked, it may be."""
    if not wanted.order:
        return False
    try:
        found = _begun(work, wanted)
    except AcmeError:
        return True
    return found is not None and found.status != "invalid"


def _request(hosts: Sequence[str], key: PrivateKey) -> bytes:
    """A signing request for the hosts, in DER; nothing else is asked for."""
    names: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(host)) if _is_address(host) else x509.DNSName(host) for host in hosts
    ]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, algorithm(key)).public_bytes(Encoding.DER)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
