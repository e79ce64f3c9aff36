"""Chains: from a certificate through those that signed it to one that is trusted, or why there is none.

Source of the rules: RFC 5280, 6.1, in the strict reading that OpenSSL and Go share: what is accepted here is accepted
by both. Any trusted certificate ends a chain, as in Go, in the API server of Kubernetes and with OpenSSL's
``-partial_chain``; it has to be valid itself. A CA needs basic constraints unless it is a trusted root of version 1,
and every extended key usage on the way has to hold the purpose. All paths are tried, where OpenSSL follows one alone.
How short a key is does not matter to a chain; signatures over MD5 and SHA-1 do not count. Revocation is not looked at.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.constraints import refused
from crenel.certificates.material.names import covers

LONGEST = 10
"""Certificates of a chain."""
OBSOLETE = frozenset({"md5", "sha1"})
"""Hashes under which no signature counts: forged ones were made."""
MOST = 200
"""Signatures that are verified before the search is given up."""
STEPS = 1000
"""Ways that are followed before it is given up: authorities that all signed each other have too many to try."""


class Purpose(enum.Enum):
    """What a certificate is to be used for: an extended key usage."""

    SERVER = "serverAuth"
    CLIENT = "clientAuth"
    ANY = ""
    """Whatever it may be for: no usage is looked at."""


class Reason(enum.Enum):
    """Why there is no chain."""

    NO_ISSUER = "no issuer"
    """The certificate that signed it is neither there nor trusted."""
    UNTRUSTED = "untrusted root"
    """The chain ends in one that signed itself, and is not trusted."""
    KEY_ID = "key identifiers differ"
    """The issuer's name is there, with another key identifier: it was replaced."""
    SIGNATURE = "bad signature"
    """The issuer's name is there, but its key did not sign."""
    ALGORITHM = "signature too weak"
    """It is over a hash that neither Go nor cryptography accepts any more."""
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    NOT_A_CA = "issuer is no CA"
    PATH_LENGTH = "path too long"
    """A CA allows fewer CAs below it."""
    KEY_USAGE = "key usage"
    PURPOSE = "extended key usage"
    NAME = "name constraints"
    CRITICAL = "unknown critical extension"
    UNREADABLE = "unreadable"
    HOST = "host not covered"
    TOO_LONG = "chain too long"


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that verifies: the certificate first, the trusted one last. A trusted leaf is both."""

    certificates: tuple[Certificate, ...]

    @property
    def root(self) -> Certificate:
        """The trusted end."""
        return self.certificates[-1]


@dataclass(frozen=True, slots=True)
class Broken:
    """Why there is no chain, and at which certificate."""

    reason: Reason
    certificate: Certificate
    message: str
    """One sentence without its end, which says more than the reason."""

    def __bool__(self) -> bool:
        """So that a broken chain is no chain in a condition."""
        return False


def build(
    leaf: Certificate,
    others: Iterable[Certificate] = (),
    roots: Iterable[Certificate] = (),
    at: datetime | None = None,
    purpose: Purpose = Purpose.SERVER,
    host: str = "",
) -> Chain | Broken:
    """Find a chain from `leaf` through `others` to one of `roots` that holds at a time, now by default.

    With `host` the leaf has to cover it. Where paths exist and none holds, the shortest tells why.
    """
    return Roots(roots).build(leaf, others, at, purpose, host)


class Roots:
    """Trusted certificates, made ready for many chains."""

    def __init__(self, roots: Iterable[Certificate]) -> None:
        self._all = {each.fingerprint: each for each in roots}
        self._by_subject = _by_subject(self._all.values())

    def build(
        self,
        leaf: Certificate,
        others: Iterable[Certificate] = (),
        at: datetime | None = None,
        purpose: Purpose = Purpose.SERVER,
        host: str = "",
    ) -> Chain | Broken:
        """The same as `build`, under these roots."""
        when = (at or datetime.now(UTC)).astimezone(UTC)
        if host and not covers(leaf, host):
            return Broken(Reason.HOST, leaf, f"{leaf.title} does not cover {host}")
        search = _Search(self._all, self._by_subject, _by_subject(others))
        first: Broken | None = None
        for path in search.paths((leaf,)):
            wrong = _wrong(path, when, purpose)
            if wrong is None:
                return Chain(path)
            first = wrong if first is None else first
        return search.why(leaf) if first is None else first


class _Search:
    """The paths from a leaf to trusted certificates, by names, key identifiers and signatures."""

    def __init__(
        self,
        roots: dict[str, Certificate],
        trusted: dict[bytes, list[Certificate]],
        others: dict[bytes, list[Certificate]],
    ) -> None:
        self._roots, self._trusted, self._others = roots, trusted, others
        self._verified: dict[tuple[str, str], bool] = {}
        self._known: dict[str, list[Certificate]] = {}
        self._steps = 0
        self._dead_ends: list[Broken] = []

    def paths(self, path: tuple[Certificate, ...]) -> Iterator[tuple[Certificate, ...]]:
        """All ways on from the last of `path`."""
        last = path[-1]
        if last.fingerprint in self._roots:
            yield path
            return
        self._steps += 1
        if len(path) >= LONGEST or self._steps > STEPS:
            self._note(Reason.TOO_LONG, last, f"the chain is longer than {LONGEST} certificates, or has too many ways")
            return
        held = {each.fingerprint for each in path}
        for issuer in self._issuers(last):
            if issuer.fingerprint not in held:
                yield from self.paths((*path, issuer))

    def _issuers(self, certificate: Certificate) -> list[Certificate]:
        """Who signed a certificate, the trusted first; looked for once."""
        if certificate.fingerprint not in self._known:
            self._known[certificate.fingerprint] = self._found(certificate)
        return self._known[certificate.fingerprint]

    def _found(self, certificate: Certificate) -> list[Certificate]:
        """The same; dead ends are noted."""
        found: list[Certificate] = []
        wanted = certificate.issuer_bytes
        named = [*self._trusted.get(wanted, ()), *self._others.get(wanted, ())]
        distinct = [each for each in dict.fromkeys(named) if each.fingerprint != certificate.fingerprint]
        for issuer in distinct:
            if certificate.aki and issuer.ski and certificate.aki != issuer.ski:
                self._note(
                    Reason.KEY_ID, certificate, f"{certificate.title} was signed by another key of {issuer.title}"
                )
            elif certificate.signature_hash in OBSOLETE:
                self._note(Reason.ALGORITHM, certificate, f"the signature of {certificate.title} is too weak to count")
            elif self._signed(certificate, issuer):
                found.append(issuer)
            else:
                message = f"the signature of {certificate.title} does not verify with the key of {issuer.title}"
                self._note(Reason.SIGNATURE, certificate, message)
        if not distinct and certificate.self_issued:
            self._note(Reason.UNTRUSTED, certificate, f"{certificate.title} signed itself and is not trusted")
        elif not distinct:
            message = f"the issuer of {certificate.title}, {certificate.issuer or 'without a name'}, is missing"
            self._note(Reason.NO_ISSUER, certificate, message)
        return found

    def _note(self, reason: Reason, certificate: Certificate, message: str) -> None:
        self._dead_ends.append(Broken(reason, certificate, message))

    def _signed(self, certificate: Certificate, issuer: Certificate) -> bool:
        pair = certificate.fingerprint, issuer.fingerprint
        if pair not in self._verified:
            self._verified[pair] = len(self._verified) < MOST and certificate.signed_by(issuer)
        return self._verified[pair]

    def why(self, leaf: Certificate) -> Broken:
        """Why no path reaches a trusted certificate: the dead end that got furthest, the last resorts last."""
        ends = sorted(self._dead_ends, key=lambda each: _WEIGHT.get(each.reason, 0))
        return ends[0] if ends else Broken(Reason.NO_ISSUER, leaf, f"the issuer of {leaf.title} is missing")


_WEIGHT = {Reason.NO_ISSUER: 4, Reason.UNTRUSTED: 3, Reason.TOO_LONG: 2, Reason.KEY_ID: 1}


def _by_subject(certificates: Iterable[Certificate]) -> dict[bytes, list[Certificate]]:
    found: dict[bytes, list[Certificate]] = defaultdict(list)
    for each in dict.fromkeys(certificates):
        found[each.subject_bytes].append(each)
    return dict(found)


def _wrong(path: Sequence[Certificate], at: datetime, purpose: Purpose) -> Broken | None:
    """What is wrong with a path whose signatures are right; None where it holds."""
    checks = (
        *(_when(each, at) for each in path),
        *(_form(each) for each in path),
        *(_signer(path, place) for place in range(1, len(path))),
        *(_purpose(each, purpose, leaf=place == 0) for place, each in enumerate(path)),
        *(_constrained(path, place) for place in range(1, len(path))),
    )
    return next((each for each in checks if each is not None), None)


def _when(certificate: Certificate, at: datetime) -> Broken | None:
    if at > certificate.not_after:
        return Broken(Reason.EXPIRED, certificate, f"{certificate.title} expired on {certificate.not_after:%Y-%m-%d}")
    if at < certificate.not_before:
        message = f"{certificate.title} is not valid before {certificate.not_before:%Y-%m-%d}"
        return Broken(Reason.NOT_YET_VALID, certificate, message)
    return None


def _form(certificate: Certificate) -> Broken | None:
    if certificate.flaws:
        return Broken(Reason.UNREADABLE, certificate, f"{certificate.title}: {certificate.flaws[0]}")
    if certificate.unknown_critical:
        message = (
            f"{certificate.title} has the critical extension {certificate.unknown_critical[0]}, which is not known"
        )
        return Broken(Reason.CRITICAL, certificate, message)
    return None


def _signer(path: Sequence[Certificate], place: int) -> Broken | None:
    """Whether the one at `place` may sign what stands below it."""
    ca = path[place]
    if not ca.is_ca or (ca.constraints is None and place < len(path) - 1):
        return Broken(Reason.NOT_A_CA, ca, f"{ca.title} is no CA")
    if ca.usages is not None and "key_cert_sign" not in ca.usages:
        return Broken(Reason.KEY_USAGE, ca, f"the key usage of {ca.title} lacks keyCertSign")
    between = sum(not each.self_issued for each in path[1:place])
    if ca.path_length is not None and between > ca.path_length:
        return Broken(Reason.PATH_LENGTH, ca, f"{ca.title} allows {ca.path_length} CAs below it, there are {between}")
    return None


_FOR_LEAF = {
    Purpose.SERVER: {"digital_signature", "key_encipherment", "key_agreement"},
    Purpose.CLIENT: {"digital_signature", "key_agreement"},
}
"""One of these usages a leaf's key needs, where it states any (OpenSSL, check_purpose_ssl_server and _client)."""


def unfit(certificate: Certificate, purpose: Purpose) -> Broken | None:
    """Why a leaf's extended or plain key usages do not allow a purpose; None where they do."""
    return _purpose(certificate, purpose, leaf=True)


def _purpose(certificate: Certificate, purpose: Purpose, *, leaf: bool) -> Broken | None:
    if purpose is Purpose.ANY:
        return None
    if certificate.purposes is not None and purpose.value not in certificate.purposes:
        stated = ", ".join(certificate.purposes) or "nothing"
        message = f"{certificate.title} is for {stated}, and not for {purpose.value}"
        return Broken(Reason.PURPOSE, certificate, message)
    if leaf and certificate.usages is not None and not certificate.usages & _FOR_LEAF[purpose]:
        message = f"the key usage of {certificate.title} allows no {purpose.value}"
        return Broken(Reason.KEY_USAGE, certificate, message)
    return None


def _constrained(path: Sequence[Certificate], place: int) -> Broken | None:
    """Whether a CA may sign for the names of those below it; CAs that issued to themselves are passed over."""
    ca = path[place]
    for below, certificate in enumerate(path[:place]):
        if below and certificate.self_issued:
            continue
        if name := refused(certificate, ca):
            return Broken(Reason.NAME, certificate, f"{ca.title} may not sign for {name}")
    return None


def ordered(certificates: Sequence[Certificate]) -> bool:
    """Whether each names the next as its issuer: the form in which servers have to send them (RFC 8446, 4.4.2)."""
    return all(one.issuer_bytes == two.subject_bytes for one, two in pairwise(certificates))
