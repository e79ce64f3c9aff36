"""The certificates that a server serves, judged: names, life, chain, key, purpose, and against the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509

from crenel.certificates.material.certificate import Certificate, UnreadableCertificateError
from crenel.certificates.material.chains import Broken, Chain, Purpose, Reason, ordered
from crenel.certificates.material.names import covers
from crenel.certificates.probing import staples
from crenel.certificates.probing.findings import CRITICAL, HIGH, LOW, MEDIUM, Finding
from crenel.certificates.probing.staples import Staple
from crenel.certificates.probing.targets import Stored, Target
from crenel.certificates.probing.trust import BUNDLE, Trust
from crenel.certificates.probing.wire.greeting import Answer

OVERDUE = 2 / 3
"""The fraction of its life after which a certificate should have been renewed, as cert-manager does."""
GRACE = timedelta(minutes=5)
"""How long a server may take to pick up a new certificate."""

_CURVES = ("P-256", "P-384", "P-521")
_LEAST_RSA = 2048
_BROKEN_HASHES = ("md5", "sha1")
_STAPLED = x509.TLSFeatureType.status_request


@dataclass(frozen=True, slots=True)
class Served:
    """What a server served, and what became of verifying it."""

    chain: tuple[Certificate, ...]
    """As it was sent, the server's own certificate first."""
    verified: Chain | Broken
    trust: Trust
    staple: Staple | None = None

    @property
    def leaf(self) -> Certificate:
        """The server's own certificate."""
        return self.chain[0]


def read(answer: Answer, trust: Trust, at: datetime) -> Served:
    """Read what came with an answer.

    Raises:
        UnreadableCertificateError: one of the certificates is none.
    """
    chain = tuple(Certificate.from_der(each) for each in answer.chain)
    verified = trust.roots.build(chain[0], chain[1:], at, Purpose.SERVER)
    staple = staples.read(answer.staple, chain[0].loaded.serial_number) if answer.staple else None
    return Served(chain, verified, trust, staple)


def unseen(why: str) -> Finding:
    """The finding for a server that speaks TLS and whose certificate did not come."""
    return Finding("no-certificate", MEDIUM, why or "none was sent")


def unreadable(error: UnreadableCertificateError) -> Finding:
    """The finding for a chain that cannot be read."""
    return Finding("broken-certificate", HIGH, str(error))


def findings(served: Served, target: Target, at: datetime) -> Iterator[Finding]:
    """All that is wrong with it."""
    yield from _name(served.leaf, target)
    yield from _life(served.leaf, at)
    yield from _chain(served, at)
    yield from _trusted(served, target)
    yield from _strength(served.chain)
    yield from _purpose(served.leaf)
    yield from _rotated(served.leaf, target.stored, at)
    yield from _stapled(served, at)


def notes(served: Served, target: Target, at: datetime) -> Iterator[str]:
    """What is worth knowing, and not wrong."""
    verified = served.verified
    if not served.trust.binding and isinstance(verified, Broken) and not _incomplete(served):
        yield f"not known to be trusted: {verified.message}; --ca says who has to have signed it"
    if served.chain[1:] and served.chain[-1].self_signed:
        yield f"the root {served.chain[-1].title} is sent too, which nobody needs"
    if served.staple is not None:
        yield f"OCSP is stapled: {served.staple.status}"
    mine = [each for each in target.stored if _is_fresh(each, at) and each.certificate != served.leaf]
    for each in mine:
        yield f"{each.holder} holds a certificate that is newer than {GRACE.seconds // 60} minutes and not served yet"


def _name(leaf: Certificate, target: Target) -> Iterator[Finding]:
    if not covers(leaf, target.host):
        names = leaf.names.texts
        listed = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        yield Finding("TL-03", HIGH, f"{target.host} is not among its names: {listed or 'it has none'}")


def _life(leaf: Certificate, at: datetime) -> Iterator[Finding]:
    used = leaf.used(at)
    if used > 1:
        yield Finding("TL-01", CRITICAL, f"expired on {_day(leaf.not_after)}")
    elif used < 0:
        yield Finding("not-yet-valid", HIGH, f"valid from {_day(leaf.not_before)} on")
    elif used > OVERDUE:
        yield Finding(
            "TL-02", HIGH, f"{used:.0%} of its life is over and it is still served; it ends on {_day(leaf.not_after)}"
        )


def _chain(served: Served, at: datetime) -> Iterator[Finding]:
    chain = served.chain
    if not ordered(chain):
        wrong = next(one for one, two in pairwise(chain) if one.issuer_bytes != two.subject_bytes)
        yield Finding("TL-07", MEDIUM, f"the chain is not in order: what follows {wrong.title} did not sign it")
    for each in chain[1:]:
        if each.used(at) > 1:
            yield Finding("TL-07", MEDIUM, f"{each.title} in the chain expired on {_day(each.not_after)}")
    if _incomplete(served):
        yield Finding("TL-07", MEDIUM, f"the intermediate {chain[-1].issuer} is not sent")


def _incomplete(served: Served) -> bool:
    """Whether somebody is missing between what was sent and a root.

    With roots that bind this is known. With those of this machine a private CA looks the same, except that a public one
    says where its certificate can be fetched (authority information access, RFC 5280, 4.2.2.1).
    """
    verified = served.verified
    if not isinstance(verified, Broken) or verified.reason is not Reason.NO_ISSUER:
        return False
    if served.trust.source == BUNDLE:
        return False
    return served.trust.binding or _says_where(served.chain[-1])


def _says_where(certificate: Certificate) -> bool:
    access = certificate.extension(x509.AuthorityInformationAccess)
    wanted = x509.oid.AuthorityInformationAccessOID.CA_ISSUERS
    return access is not None and any(each.access_method == wanted for each in access)


def _trusted(served: Served, target: Target) -> Iterator[Finding]:
    verified, leaf = served.verified, served.leaf
    if not isinstance(verified, Broken) or not served.trust.binding:
        return
    expired = verified.reason in (Reason.EXPIRED, Reason.NOT_YET_VALID) and verified.certificate in served.chain
    if expired or (verified.reason is Reason.PURPOSE and verified.certificate == leaf):
        return
    if served.trust.source == BUNDLE:
        message = f"the caBundle of {target.trusts} does not verify it: {verified.message}"
        yield Finding("TL-11", CRITICAL, message)
    elif not _incomplete(served):
        yield Finding("untrusted", HIGH, f"{verified.message} (trusted: {served.trust.source})")


def _strength(chain: Sequence[Certificate]) -> Iterator[Finding]:
    for each in chain:
        key = each.key
        if key.kind == "RSA" and key.size < _LEAST_RSA:
            yield Finding("TL-06", HIGH, f"{each.title} has a key of {key.size} bits")
        elif key.kind == "DSA" or (key.kind == "EC" and key.curve not in _CURVES):
            yield Finding("TL-06", HIGH, f"{each.title} has a key of kind {key}")
        if each.signature_hash in _BROKEN_HASHES and not each.self_issued:
            yield Finding("TL-06", HIGH, f"{each.title} is signed with {each.signature_hash.upper()}")


def _purpose(leaf: Certificate) -> Iterator[Finding]:
    purposes = leaf.purposes
    if purposes is not None and not {"serverAuth", "anyExtendedKeyUsage"} & set(purposes):
        yield Finding("TL-09", HIGH, f"it is for {', '.join(purposes) or 'nothing'}, not for servers")
    elif leaf.is_ca:
        yield Finding("TL-09", MEDIUM, "a CA's own certificate is served: whoever has the server's key can sign others")


def _rotated(leaf: Certificate, stored: Sequence[Stored], at: datetime) -> Iterator[Finding]:
    """Compare with what the input holds (TL-12)."""
    if not stored or any(each.certificate == leaf for each in stored):
        return
    if any(_is_fresh(each, at) for each in stored):
        return
    for each in stored[:1]:
        theirs = each.certificate
        both = f"serial {leaf.serial} is served, {each.holder} holds {theirs.serial}"
        if leaf.not_before < theirs.not_before:
            message = f"{both}, which is newer: it was not picked up"
        elif leaf.not_before > theirs.not_before:
            message = f"{both}, which is older: the input is out of date, or another certificate is served"
        else:
            message = f"{both}: another certificate is served"
        yield Finding("TL-12", HIGH, message)


def _is_fresh(stored: Stored, at: datetime) -> bool:
    """Whether it is so new that a server may still be about to pick it up."""
    return timedelta() <= at - stored.certificate.not_before < GRACE


def _stapled(served: Served, at: datetime) -> Iterator[Finding]:
    staple = served.staple
    if staple is None:
        feature = served.leaf.extension(x509.TLSFeature)
        if feature is not None and _STAPLED in feature:
            yield Finding("must-staple", MEDIUM, "the certificate demands a stapled OCSP response (RFC 7633)")
    elif staple.status == "revoked":
        yield Finding("ocsp-revoked", CRITICAL, "its issuer has revoked it")
    elif staple.stale(at):
        ended = staple.next_update
        yield Finding("ocsp-stale", LOW, f"the response ended on {_day(ended)}" if ended else "the response is over")


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"
