"""The certificates that are served: one for each entry, with its key in memory alone, and the roots to trust.

They follow the authority: a bundle that changes, a CA that is replaced, a certificate that is due or was revoked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crenel.certificates.authority import authority, durable, keys, policy, renewal, revoking, state
from crenel.certificates.authority.authority import Authority, Clock
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.identity import refusals
from crenel.certificates.authority.requests import Request
from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.workload_api.entries import Entry

LIFE = timedelta(hours=1)
"""How long a certificate lives, or as long as the authority's policy has it where that is shorter."""

_AGAIN = timedelta(seconds=3)
"""How long to wait after the authority could not be asked."""
_CRL = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----\s*", re.DOTALL)
_WATCHED = (state.FILE, policy.FILE, f"{revoking.FOLDER}/{revoking.ALL}")


@dataclass(frozen=True, slots=True)
class Svid:
    """One certificate with its key."""

    id: str
    leaf: Certificate
    chain: bytes
    """In DER, leaf first."""
    key: bytes = field(repr=False)
    """PKCS#8 in DER."""
    due: datetime
    """When it is replaced."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """All that is served at one moment."""

    trust_domain: str = ""
    bundle: bytes = b""
    """The roots to trust, in DER; empty before the first time."""
    lists: tuple[bytes, ...] = ()
    """Revocation lists, in DER."""
    svids: dict[str, Svid] = field(default_factory=dict)
    """By the names of their entries."""
    refused: dict[str, str] = field(default_factory=dict)
    """Why the policy refuses an entry, by name."""


@dataclass(slots=True)
class Supplier:
    """Follows one authority, for some entries."""

    folder: Path
    entries: Sequence[Entry]
    clock: Clock
    life: timedelta = LIFE
    supplied: Supplied = field(default_factory=Supplied)
    problem: str = ""
    """Why the authority could not be asked the last time; empty if it could."""
    _seen: tuple[object, ...] = ()
    _not_before: datetime | None = None

    def refresh(self) -> bool:
        """Ask the authority, where something of it has changed or something is due; returns whether all is as before.

        Raises nothing: what goes wrong is `problem`, and what there is stays until it has expired.
        """
        now = self.clock()
        seen = tuple(_stamp(self.folder / name) for name in _WATCHED)
        if self._not_before is not None and now < self._not_before:
            return True
        if seen == self._seen and not self.problem and not self._is_due(now):
            return True
        before = self.supplied
        try:
            self.supplied, self.problem = self._asked(now), ""
            self._seen, self._not_before = seen, None
        except (AuthorityError, OSError) as error:
            self.problem = str(error) if isinstance(error, AuthorityError) else f"{error.filename}: {error.strerror}"
            self._not_before = now + _AGAIN
            self.supplied = replace(before, svids=_alive(before.svids, now))
        return before == self.supplied

    def _is_due(self, now: datetime) -> bool:
        known = self.supplied
        missing = {each.name for each in self.entries} - set(known.svids) - set(known.refused)
        return bool(missing) or any(each.due <= now for each in known.svids.values())

    def _asked(self, now: datetime) -> Supplied:
        looked = authority.look(self.folder)
        lacking = list(self._lacking(looked, now))
        refused = {each.name: reason for each in self.entries if (reason := _refusal(each, looked))}
        kept = {name: each for name, each in self.supplied.svids.items() if name not in refused}
        made = dict(kept)
        if any(each.name not in refused for each in lacking):
            with authority.opened(self.folder) as opened:
                for each in lacking:
                    if each.name not in refused:
                        made[each.name] = self._issued(opened, each, now)
                looked = opened
        roots = b"".join(each.root.certificate.der for each in looked.state.trusted)
        return Supplied(looked.policy.trust_domain, roots, tuple(_lists(self.folder)), made, refused)

    def _lacking(self, looked: Authority, now: datetime) -> Iterator[Entry]:
        """The entries that need another certificate."""
        for each in self.entries:
            known = self.supplied.svids.get(each.name)
            if known is None or known.due <= now or _is_outdated(known, each, looked):
                yield each

    def _issued(self, opened: Authority, entry: Entry, now: datetime) -> Svid:
        rules, identity = opened.policy, entry.identity(opened.policy.trust_domain)
        key = keys.generate(rules.key)
        chain = opened.sign(Request(key.public_key(), identity), identity, now.replace(microsecond=0), self.life)
        found = pem.read(chain).certificates
        secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        due = renewal.due(found[0], rules, entry.name)
        return Svid(identity.id, found[0], b"".join(each.der for each in found), secret, due)


def _is_outdated(known: Svid, entry: Entry, looked: Authority) -> bool:
    """Whether the authority would not have made a certificate like this one any more."""
    found = looked.state.issuer(known.leaf.aki)
    if found is None or found[0].number != looked.state.signer:
        return True
    if looked.state.is_revoked(known.leaf) or looked.state.is_revoked(found[1].certificate):
        return True
    return known.id != entry.identity(looked.policy.trust_domain).id


def _refusal(entry: Entry, looked: Authority) -> str:
    return next(iter(refusals(entry.identity(looked.policy.trust_domain), looked.policy, derived=True)), "")


def _alive(svids: dict[str, Svid], now: datetime) -> dict[str, Svid]:
    return {name: each for name, each in svids.items() if each.leaf.not_after > now}


def _lists(folder: Path) -> Iterator[bytes]:
    try:
        data = durable.read(folder / revoking.FOLDER / revoking.ALL)
    except FileNotFoundError:
        return
    for block in _CRL.finditer(data):
        yield x509.load_pem_x509_crl(block[0]).public_bytes(Encoding.DER)


def _stamp(path: Path) -> object:
    """What tells that a file was replaced."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
