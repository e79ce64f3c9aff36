"""Who trusts what: each pair under the authorities of the input, and each bundle by those that it is given to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from crenel.certificates.inventory.model import Entry, Inventory, Use
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.chains import Broken, Chain, Purpose, Roots
from crenel.provenance import Problem, Severity


def settle(inventory: Inventory) -> None:
    """Find for every pair who trusts somebody that signed it, and whether it verifies.

    Pairs of the same authorities share one list.
    """
    authorities = Authorities(inventory)
    shared: dict[tuple[str, ...], list[str]] = {}
    for entry in inventory.pairs:
        above = authorities.above(entry.certificates)
        key = tuple(each.fingerprint for each in above)
        if key not in shared:
            shared[key] = list(dict.fromkeys(title for each in key for title in authorities.holders.get(each, ())))
        entry.trusted = shared[key]
        entry.chain = authorities.verified(entry, above, inventory.at)
    for name in authorities.crowded:
        message = f"more than {MOST} authorities without key identifiers are called {name}: not all were tried"
        inventory.problems.append(Problem(message, severity=Severity.NOTICE))


MOST = 100
"""Keys of authorities of one name that a signature is tried with, where no key identifier tells which."""


class Authorities:
    """The certificates of authorities of an input, by subject, and the bundles that they are in."""

    def __init__(self, inventory: Inventory) -> None:
        self.holders: dict[str, list[str]] = defaultdict(list)
        """By the fingerprint of an authority, who trusts it; a Secret that merely holds it does not."""
        self._by_subject: dict[bytes, dict[str, Certificate]] = defaultdict(dict)
        self._roots: dict[bytes, dict[str, Certificate]] = defaultdict(dict)
        self._above: dict[str, list[Certificate]] = {}
        self._trusted: dict[frozenset[bytes], Roots | None] = {}
        self.crowded: dict[str, None] = {}
        """The names of authorities of whom there are too many."""
        for entry in inventory.entries:
            for each in entry.certificates:
                self._file(each, entry)

    def _file(self, certificate: Certificate, entry: Entry) -> None:
        name, own = certificate.subject_bytes, certificate.fingerprint
        trusted = entry.use is Use.BUNDLE
        if certificate.is_ca:
            self._by_subject[name][own] = certificate
        if trusted:
            self.holders[own] += entry.trusted or ([entry.title] if entry.secret is None else [])
        if trusted or (certificate.is_ca and certificate.self_issued):
            self._roots[name][own] = certificate

    def above(self, certificates: Sequence[Certificate]) -> list[Certificate]:
        """All authorities that signed the first of some certificates, whoever signed these, and so on; itself too."""
        if not certificates:
            return []
        found = dict.fromkeys(certificates[:1] if certificates[0].is_ca else [])
        pending = [certificates[0]]
        while pending:
            for each in self._signers(pending.pop()):
                if each not in found:
                    found[each] = None
                    pending.append(each)
        return list(found)

    def _signers(self, certificate: Certificate) -> list[Certificate]:
        known = self._above.get(certificate.fingerprint)
        if known is None:
            named = self._by_subject.get(certificate.issuer_bytes, {}).values()
            by_key: dict[str, list[Certificate]] = defaultdict(list)
            for each in named:
                if _may_be(certificate, each):
                    by_key[each.spki].append(each)
            if len(by_key) > MOST:
                self.crowded[certificate.issuer] = None
            tried = list(by_key.values())[:MOST]
            known = [each for alike in tried if certificate.signed_by(alike[0]) for each in alike]
            self._above[certificate.fingerprint] = known
        return known

    def verified(self, entry: Entry, above: Sequence[Certificate], at: datetime) -> Chain | Broken | None:
        """Whether the first verifies with the others alone, under what is trusted; None where nothing is known of that.

        Roots that are above it count, and those that have the name of somebody's issuer: they may have replaced one.
        Of a file nobody knows what is sent with it, so every authority of the input may be.
        """
        first, *others = entry.certificates
        names = frozenset(each.subject_bytes for each in above) | {each.issuer_bytes for each in entry.certificates}
        if names not in self._trusted:
            roots = [each for name in names for each in self._roots.get(name, {}).values()]
            self._trusted[names] = Roots(roots) if roots else None
        trusted = self._trusted[names]
        sent = [*others, *above] if entry.place.kind == "file" else others
        return trusted.build(first, sent, at, Purpose.ANY) if trusted is not None else None


def _may_be(certificate: Certificate, issuer: Certificate) -> bool:
    return not (certificate.aki and issuer.ski and certificate.aki != issuer.ski)
