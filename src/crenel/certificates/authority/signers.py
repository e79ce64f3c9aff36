"""The certificates of the CA itself: made, completed after an interruption, renewed, and let go of.

Every certificate is first an intention in the state, with the handle of its key. A store makes the key of a handle
once, so that going on after an interruption makes the same certificate's key, not another.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from crenel.certificates.authority import building, renewal
from crenel.certificates.authority.building import Issuer
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.keys import KeyStore
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.signing import signer
from crenel.certificates.authority.state import Hierarchy, Signing, State
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.key import of_public


@dataclass(slots=True)
class Signers:
    """What signs, for one state."""

    state: State
    policy: Policy
    store: KeyStore
    roots: KeyStore
    save: Callable[[], None]

    def plan(self) -> Hierarchy:
        """Add a hierarchy that is an intention; its number is the next."""
        number = max((each.number for each in self.state.hierarchies), default=0) + 1
        hierarchy = Hierarchy(number, Signing(_handle("root", number)))
        self.state.hierarchies.append(hierarchy)
        return hierarchy

    def complete(self, hierarchy: Hierarchy, now: datetime) -> None:
        """Make what of a hierarchy is still an intention.

        Raises:
            AuthorityError: the keys of roots are not connected.
        """
        if not hierarchy.root.pem:
            self._make_root(hierarchy, now)
        if not hierarchy.intermediates:
            self._plan_intermediate(hierarchy)
        for each in hierarchy.intermediates:
            if not each.pem:
                self._make_intermediate(hierarchy, each, now)

    def is_due(self, hierarchy: Hierarchy, now: datetime) -> bool:
        """Whether the intermediate of a hierarchy is to be renewed, was revoked, or has not the policy's names."""
        current = self.state.current(hierarchy)
        if current is None or now >= renewal.due(current.certificate, self.policy, current.key):
            return True
        return current.certificate.extension(x509.NameConstraints) != building.constraints(self.policy)

    def renew(self, hierarchy: Hierarchy, now: datetime) -> None:
        """Make a new intermediate; those before it stay until they have expired.

        Raises:
            AuthorityError: the key of the root is not connected.
        """
        self.roots.public(hierarchy.root.key)
        self._plan_intermediate(hierarchy)
        self.complete(hierarchy, now)

    def retire(self, now: datetime) -> None:
        """Let go of intermediates that have expired, and of their keys.

        Raises:
            AuthorityError: the store of their keys is not connected.
        """
        for hierarchy in self.state.hierarchies:
            kept = hierarchy.issued[-1:]
            gone = [each for each in hierarchy.issued if each.certificate.not_after < now and each not in kept]
            for each in gone:
                self.store.destroy(each.key)
            if gone:
                hierarchy.intermediates = [each for each in hierarchy.intermediates if each not in gone]
                self.save()

    def destroy(self, hierarchy: Hierarchy) -> Iterator[str]:
        """Destroy the keys of a hierarchy; yields the handles of those that are out of reach."""
        keys = [(self.store, each.key) for each in hierarchy.intermediates] + [(self.roots, hierarchy.root.key)]
        for store, handle in keys:
            try:
                store.destroy(handle)
            except (AuthorityError, OSError):
                yield handle

    def issuer(self, now: datetime) -> Issuer:
        """What signs leaves now.

        Raises:
            AuthorityError: the intermediate has expired or was revoked, or its key is not there.
        """
        current = self.state.current(self.state.hierarchy(self.state.signer))
        if current is None:
            raise AuthorityError(
                "there is no intermediate that may sign; `renew` makes one where the root's key is connected"
            )
        if now >= current.certificate.not_after:
            raise AuthorityError(
                "the intermediate has expired; `renew` makes a new one where the root's key is connected"
            )
        return self.issuer_of(current)

    def issuer_of(self, signing: Signing) -> Issuer:
        """What signs with the key of an intermediate.

        Raises:
            KeyMissingError: its key is not there.
        """
        return self.signing(self.store, signing.key, signing.certificate)

    def root_of(self, hierarchy: Hierarchy) -> Issuer:
        """What signs with the key of a root.

        Raises:
            AuthorityError: its key is not there.
        """
        return self.signing(self.roots, hierarchy.root.key, hierarchy.root.certificate)

    def signing(self, store: KeyStore, handle: str, certificate: Certificate) -> Issuer:
        """What signs with the key of a certificate.

        Raises:
            AuthorityError: the key is not in the store, or another one is.
        """
        key = signer(store, handle)
        if of_public(key.public_key()).fingerprint != certificate.spki:
            raise AuthorityError(f"the key {handle} is not that of its certificate")
        return Issuer(certificate.loaded, key)

    def chain(self, issuer: Issuer) -> bytes:
        """What servers send after their leaf: the intermediate, without the root."""
        return Certificate.of(issuer.certificate).pem.encode()

    def _plan_intermediate(self, hierarchy: Hierarchy) -> None:
        hierarchy.intermediates.append(Signing(_handle("intermediate", hierarchy.number)))
        self.save()

    def _make_root(self, hierarchy: Hierarchy, now: datetime) -> None:
        own = hierarchy.root
        self.roots.generate(own.key, self.policy.key)
        certificate = building.root(self.policy, _title(own.key), signer(self.roots, own.key), now)
        own.pem, own.made = Certificate.of(certificate).pem, int(now.timestamp())
        self.save()

    def _make_intermediate(self, hierarchy: Hierarchy, own: Signing, now: datetime) -> None:
        public = self.store.generate(own.key, self.policy.key)
        root = self.root_of(hierarchy)
        if root.certificate.not_valid_after_utc <= now + timedelta(seconds=1):
            raise AuthorityError(f"the root {hierarchy.number} has expired: nothing can be signed below it")
        certificate = building.intermediate(self.policy, _title(own.key), public, root, now)
        own.pem, own.made = Certificate.of(certificate).pem, int(now.timestamp())
        self.save()


def _handle(what: str, number: int) -> str:
    return f"{what}-{number}-{secrets.token_hex(4)}"


def _title(handle: str) -> str:
    """What a certificate's subject says after the trust domain: ``root 2 3fa94c1b``."""
    return handle.replace("-", " ")
