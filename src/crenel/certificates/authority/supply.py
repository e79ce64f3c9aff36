"""What each consumer is to have now: whether its certificate is kept, or another one is issued."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias

from cryptography import x509

from crenel.certificates.authority import building, keys, places, renewal
from crenel.certificates.authority.building import Issuer
from crenel.certificates.authority.contents import Contents, Held
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.filekeys import encoded
from crenel.certificates.authority.identity import Identity, refusals
from crenel.certificates.authority.keys import PublicKey
from crenel.certificates.authority.ledger import Issued, Ledger
from crenel.certificates.authority.signers import Signers
from crenel.certificates.authority.state import Consumer
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.constraints import refused

Action: TypeAlias = Literal["issued", "bundle", "kept", "refused", "failed"]
"""What became of a consumer: a new certificate, a new bundle alone, nothing; or why it has neither."""

_TOGETHER = 50
"""Folders that are written together: enough for disks to be flushed in one go, few enough to get on when killed."""

_ORDER: tuple[Action, ...] = ("failed", "refused", "issued", "bundle", "kept")


@dataclass(frozen=True, slots=True)
class Supplied:
    """A consumer and what became of it."""

    consumer: Consumer
    action: Action
    why: str = ""
    """Why a certificate was issued, or why nothing was done; empty where it was kept."""


@dataclass(slots=True)
class Supply:
    """Looks after the consumers of one authority."""

    signers: Signers
    ledger: Ledger
    held: dict[str, Held] = field(default_factory=dict)
    """What consumers had when they were last looked at, by name."""

    def round(self, now: datetime, only: frozenset[str] | None = None, *, anew: bool = False) -> dict[str, Supplied]:
        """Give consumers what they lack, by name; `only` some of them, and with `anew` whatever they have."""
        consumers = [each for each in self.signers.state.consumers if only is None or each.name in only]
        held = places.read(consumers)
        self.held |= held
        bundle = self.bundle()
        found = {each.name: self._judged(each, held[each.name], bundle, now, anew=anew) for each in consumers}
        lacking = [each for each in consumers if found[each.name].action in ("issued", "bundle")]
        for batch in _batches(lacking):
            new = [each for each in batch if found[each.name].action == "issued"]
            wanted, failed = self._issue(new, bundle, now)
            wanted += [
                (each, self._with_bundle(held[each.name], bundle))
                for each in batch
                if found[each.name].action == "bundle"
            ]
            failed |= places.write(wanted)
            found |= {name: Supplied(found[name].consumer, "failed", reason) for name, reason in failed.items()}
            self.held |= places.read([each for each, _ in wanted])
        return found

    def bundle(self) -> bytes:
        """The roots to trust now, in PEM."""
        return "".join(each.root.pem for each in self.signers.state.trusted).encode()

    def entry(self, certificate: Certificate, consumer: str = "") -> Issued:
        """The ledger's line for a certificate."""
        names = certificate.names.texts
        return Issued(certificate.serial, certificate.aki, consumer, names, int(certificate.not_after.timestamp()))

    def _judged(self, consumer: Consumer, held: Held, bundle: bytes, now: datetime, *, anew: bool) -> Supplied:
        if consumer.identity is None:
            return Supplied(consumer, "kept" if _has(held, bundle) else "bundle")
        if reasons := refusals(consumer.identity, self.signers.policy, derived=True):
            stale = held.leaf is not None and not _has(held, bundle)
            return Supplied(consumer, "bundle" if stale else "refused", reasons[0])
        if why := "it was asked for" if anew else self._flaw(consumer, consumer.identity, held, now):
            return Supplied(consumer, "issued", why)
        return Supplied(consumer, "kept" if _has(held, bundle) else "bundle")

    def _flaw(self, consumer: Consumer, identity: Identity, held: Held, now: datetime) -> str:
        """Why the certificate that a consumer has is not good enough; empty if it is."""
        leaf = held.leaf
        if leaf is None:
            return held.problem or "there was none"
        state = self.signers.state
        issuer = state.issuer(leaf.aki)
        if issuer is None or not leaf.signed_by(issuer[1].certificate) or held.chain[:1] != (issuer[1].certificate,):
            return "it was not of this CA"
        if issuer[0].number != state.signer:
            return "it was of another root"
        if state.is_revoked(leaf) or state.is_revoked(issuer[1].certificate):
            return "it was revoked"
        names = leaf.names
        if Identity.of("".join(names.uris), names.dns, tuple(map(str, names.ips))) != identity:
            return "its names have changed"
        return "it was due" if now >= renewal.due(leaf, self.signers.policy, consumer.name) else ""

    def _with_bundle(self, held: Held, bundle: bytes) -> Contents:
        own = held.contents if held.leaf is not None and held.contents is not None else Contents(b"", b"", b"")
        return Contents(own.chain, own.key, bundle)

    def certificate(
        self, identity: Identity, public: PublicKey, issuer: Issuer, now: datetime, life: timedelta | None = None
    ) -> Certificate:
        """Make one certificate.

        Raises:
            AuthorityError: the intermediate was made under another policy, which has not all of the names.
        """
        made = Certificate.of(building.leaf(self.signers.policy, identity, public, issuer, now, life))
        if name := refused(made, _wrapped(issuer.certificate)):
            raise AuthorityError(f"the intermediate may not sign for {name}; `renew` where the root's key is connected")
        return made

    def _issue(
        self, consumers: Sequence[Consumer], bundle: bytes, now: datetime
    ) -> tuple[list[tuple[Consumer, Contents]], dict[str, str]]:
        """Issue certificates, each with a key of its own, and write down what was issued before anybody gets it.

        Returns them, and why some could not be issued, by name.
        """
        found: list[tuple[Consumer, Contents]] = []
        failed: dict[str, str] = {}
        entries: list[Issued] = []
        try:
            issuer = self.signers.issuer(now) if consumers else None
        except AuthorityError as error:
            return [], {each.name: str(error) for each in consumers}
        for each in consumers:
            assert issuer is not None
            key = keys.generate(self.signers.policy.key)
            try:
                made = self.certificate(each.identity or Identity(), key.public_key(), issuer, now)
            except AuthorityError as error:
                failed[each.name] = str(error)
                continue
            entries.append(self.entry(made, each.place))
            chain = made.pem.encode() + self.signers.chain(issuer)
            found.append((each, Contents(chain, encoded(key), bundle)))
        self.ledger.add(entries)
        return found, failed


@lru_cache(maxsize=8)
def _wrapped(certificate: x509.Certificate) -> Certificate:
    return Certificate.of(certificate)


def _batches(consumers: Sequence[Consumer]) -> Iterator[list[Consumer]]:
    """Consumers that are written to together: so many folders, or all Secrets of a file. What is done stays done."""
    folders = [each for each in consumers if each.kind == "folder"]
    for start in range(0, len(folders), _TOGETHER):
        yield folders[start : start + _TOGETHER]
    files: dict[str, list[Consumer]] = defaultdict(list)
    for each in consumers:
        if each.kind == "secret":
            files[each.path].append(each)
    yield from files.values()


def strongest(before: Mapping[str, Supplied], after: Mapping[str, Supplied]) -> dict[str, Supplied]:
    """Two rounds as one: what was done in one is not undone by less being done in the other."""
    return {name: min(filter(None, (before.get(name), each)), key=_rank) for name, each in after.items()}


def _rank(supplied: Supplied) -> int:
    return _ORDER.index(supplied.action)


def _has(held: Held, bundle: bytes) -> bool:
    return held.contents is not None and held.contents.bundle == bundle
