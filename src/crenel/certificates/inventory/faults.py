"""What is wrong with an entry by itself: dates, names, usages, keys, chain, renewal. One list, whoever asks.

Source of the rules: RFC 5280 for dates and usages, RFC 9525 for names; NIST SP 800-57 part 1 and Mozilla's guidelines
for what is weak; RFC 8446, 4.4.2 for the order of a chain.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from crenel.certificates.inventory.model import SOON, Entry, Serving, State, Use
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.chains import OBSOLETE, Broken, Purpose, Reason, ordered, unfit
from crenel.certificates.material.names import covers
from crenel.provenance import NOWHERE, FieldPath, Origin, Severity

SHORTEST_RSA = 2048
"""Bits of the modulus."""
CURVES = frozenset({"P-256", "P-384", "P-521"})
_SECRET_PLACES = frozenset({"secret", "kubeconfig", "route", "file"})
"""Where a private key may lie."""


class Kind(enum.Enum):
    """What sort of fault, as reports write it."""

    UNREADABLE = "unreadable"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    KEY_MISMATCH = "key-mismatch"
    """The private key is another's."""
    NO_KEY = "no-key"
    """What shows the certificate has no key for it."""
    HOST = "wrong-name"
    PURPOSE = "wrong-purpose"
    CHAIN = "broken-chain"
    ORDER = "wrong-order"
    WEAK = "weak"
    KEY_EXPOSED = "key-exposed"
    """A private key where everybody looks."""
    RENEWAL = "renewal"
    """Whoever renews it fails, or it grows old and nobody does."""
    FORBIDDEN = "not-granted"
    """Something refers to it from another namespace without a ReferenceGrant."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: one sentence without its end, and where that is written."""

    kind: Kind
    message: str
    origin: Origin = NOWHERE
    field: FieldPath = ()
    certificate: Certificate | None = None

    @property
    def line(self) -> int | None:
        """The 1-based line, found on demand."""
        return self.origin.line(self.field)


def of(entry: Entry, at: datetime) -> list[Fault]:
    """All that is wrong with an entry at a time, each once."""
    found = [*_unreadable(entry), *_dates(entry, at), *_weak(entry), *_exposed(entry), *_renewal(entry, at)]
    if entry.use is Use.PAIR:
        found += [*_key(entry), *_hosts(entry), *_purposes(entry), *_chain(entry)]
    return list({(each.kind, each.message, each.field): each for each in reversed(found)}.values())[::-1]


def _at(entry: Entry, kind: Kind, message: str, certificate: Certificate | None = None) -> Fault:
    return Fault(kind, message, entry.place.origin, entry.field, certificate)


def _unreadable(entry: Entry) -> Iterator[Fault]:
    for each in entry.problems:
        if each.severity is Severity.ERROR:
            yield Fault(Kind.UNREADABLE, each.message, each.origin, each.field)
    for certificate in entry.certificates:
        for flaw in certificate.flaws:
            yield _at(entry, Kind.UNREADABLE, f"{certificate.title}: {flaw}", certificate)


def _dates(entry: Entry, at: datetime) -> Iterator[Fault]:
    for each in entry.certificates:
        if at > each.not_after:
            yield _at(entry, Kind.EXPIRED, f"{each.title} expired on {each.not_after:%Y-%m-%d}", each)
        elif at < each.not_before:
            message = f"{each.title} is not valid before {each.not_before:%Y-%m-%d}"
            yield _at(entry, Kind.NOT_YET_VALID, message, each)


def weakness(certificate: Certificate) -> str:
    """What is weak about a certificate's key or signature; empty where nothing is. Nobody needs a root's signature."""
    key = certificate.key
    if key.kind == "RSA" and key.size < SHORTEST_RSA:
        return f"its RSA key has {key.size} bits, fewer than {SHORTEST_RSA}"
    if key.kind == "EC" and key.curve not in CURVES:
        return f"its key is on the curve {key.curve}"
    if key.kind == "DSA":
        return "its key is of the kind DSA"
    if certificate.signature_hash in OBSOLETE and not certificate.self_issued:
        return f"its signature is over {certificate.signature_hash.upper()}"
    return ""


def _weak(entry: Entry) -> Iterator[Fault]:
    for each in entry.certificates:
        if words := weakness(each):
            yield _at(entry, Kind.WEAK, f"{each.title}: {words}", each)


def _exposed(entry: Entry) -> Iterator[Fault]:
    if entry.private and entry.place.kind not in _SECRET_PLACES:
        yield _at(entry, Kind.KEY_EXPOSED, f"a private key lies in a {entry.place.kind}")


def _key(entry: Entry) -> Iterator[Fault]:
    if entry.matches is False:
        message = "the private key does not belong to the certificate"
        yield Fault(Kind.KEY_MISMATCH, message, entry.place.origin, entry.key_field, entry.leaf)
    elif entry.leaf is not None and not entry.private and _shown(entry):
        yield _at(entry, Kind.NO_KEY, "there is no private key for it", entry.leaf)


def _shown(entry: Entry) -> Sequence[Serving]:
    """Who surely shows it to somebody: of a pod that has it in a volume nobody knows."""
    return [each for each in entry.served if not each.mounted]


def _hosts(entry: Entry) -> Iterator[Fault]:
    for each in _shown(entry):
        missing = [host for host in each.hosts if entry.leaf is not None and not covers(entry.leaf, host)]
        if missing:
            message = f"it does not cover {', '.join(missing)}, which {each.place.title} shows it for"
            yield Fault(Kind.HOST, message, each.place.origin, each.field, entry.leaf)
        if not each.granted:
            message = f"{each.place.title} may not refer to it: no ReferenceGrant allows that"
            yield Fault(Kind.FORBIDDEN, message, each.place.origin, each.field, entry.leaf)


def _purposes(entry: Entry) -> Iterator[Fault]:
    if (leaf := entry.leaf) is None:
        return
    for purpose in {each.client: None for each in _shown(entry)}:
        wanted = Purpose.CLIENT if purpose else Purpose.SERVER
        if broken := _unfit(leaf, wanted):
            yield _at(entry, Kind.PURPOSE, broken, leaf)


def _unfit(leaf: Certificate, purpose: Purpose) -> str:
    """Why a leaf is not for a purpose; empty where it is."""
    broken = unfit(leaf, purpose)
    if broken is not None:
        return broken.message
    if leaf.constraints is not None and leaf.constraints.ca:
        return f"{leaf.title} is a CA, and shown as a {'client' if purpose is Purpose.CLIENT else 'server'}"
    return ""


_TOLD = (Reason.EXPIRED, Reason.NOT_YET_VALID, Reason.ALGORITHM)
"""What is told of each certificate by itself."""


def _chain(entry: Entry) -> Iterator[Fault]:
    broken = entry.chain
    if isinstance(broken, Broken) and not (broken.reason in _TOLD and broken.certificate in entry.certificates):
        yield _at(entry, Kind.CHAIN, broken.message, broken.certificate)
    if not ordered(entry.certificates):
        yield _at(entry, Kind.ORDER, "its certificates are not in the order in which they sign each other", entry.leaf)


def _renewal(entry: Entry, at: datetime) -> Iterator[Fault]:
    renewal, leaf = entry.renewal, entry.leaf
    if renewal.state in (State.FAILING, State.OVERDUE):
        yield _at(entry, Kind.RENEWAL, f"{renewal.by} does not renew it: {renewal.reason}", leaf)
    elif renewal.state is State.NOBODY and leaf is not None and SOON <= leaf.used(at) <= 1:
        yield _at(entry, Kind.RENEWAL, f"{leaf.used(at):.0%} of its life is over, and nobody renews it", leaf)
