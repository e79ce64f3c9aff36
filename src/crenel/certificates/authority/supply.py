"""What each consumer is to have now: whether its certificate is kept, or another one is issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from crenel.certificates.authority import building, keys, places, renewal
from crenel.certificates.authority.contents import Contents, Held
from crenel.certificates.authority.filekeys import encoded
from crenel.certificates.authority.identity import Identity, refusals
from crenel.certificates.authority.ledger import Issued, Ledger
from crenel.certificates.authority.signers import Signers
from crenel.certificates.authority.state import Consumer
from crenel.certificates.material.certificate import Certificate

Action: TypeAlias = Literal["issued", "bundle", "kept", "refused", "failed"]
"""What became of a consumer: a new certificate, a new bundle alone, nothing; or why it has neither."""

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
        """Give consumers what they lack, by name; `only` some of them, and with `anew` whatever they have.

        Raises:
            AuthorityError: something has to be issued, and nothing can sign.
        """
        consumers = [each for each in self.signers.state.consumers if only is None or each.name in only]
        held = places.read(consumers)
        self.held |= held
        found: dict[str, Supplied] = {}
        new: list[Consumer] = []
        wanted: list[tuple[Consumer, Contents]] = []
        bundle = self.bundle()
        for each in consumers:
            found[each.name] = self._judged(each, held[each.name], bundle, now, anew=anew)
            if found[each.name].action == "issued":
                new.append(each)
            elif found[each.name].action == "bundle":
                wanted.append((each, self._with_bundle(held[each.name], bundle)))
        wanted += self._issue(new, bundle, now)
        for name, reason in places.write(wanted).items():
            found[name] = Supplied(found[name].consumer, "failed", reason)
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

    def _issue(self, consumers: Sequence[Consumer], bundle: bytes, now: datetime) -> list[tuple[Consumer, Contents]]:
        """Issue certificates, each with a key of its own, and write down what was issued before anybody gets it."""
        if not consumers:
            return []
        issuer, policy = self.signers.issuer(now), self.signers.policy
        chain = self.signers.chain(issuer)
        found: list[tuple[Consumer, Contents]] = []
        entries: list[Issued] = []
        for each in consumers:
            assert each.identity is not None
            key = keys.generate(policy.key)
            made = Certificate.of(building.leaf(policy, each.identity, key.public_key(), issuer, now))
            entries.append(self.entry(made, each.place))
            found.append((each, Contents(made.pem.encode() + chain, encoded(key), bundle)))
        self.ledger.add(entries)
        return found


def strongest(before: Mapping[str, Supplied], after: Mapping[str, Supplied]) -> dict[str, Supplied]:
    """Two rounds as one: what was done in one is not undone by less being done in the other."""
    return {name: min(filter(None, (before.get(name), each)), key=_rank) for name, each in after.items()}


def _rank(supplied: Supplied) -> int:
    return _ORDER.index(supplied.action)


def _has(held: Held, bundle: bytes) -> bool:
    return held.contents is not None and held.contents.bundle == bundle
