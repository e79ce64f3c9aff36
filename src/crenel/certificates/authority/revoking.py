"""Revocation lists (RFC 5280, 5): one for each issuer, in ``crl/``, and all of them together in ``crl/all.pem``.

An entry stays for as long as its certificate would have lived, and on one more list. The list of a root needs the
root's key, so it is made when an intermediate is made or revoked, and holds for two lives of an intermediate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from crenel.certificates.authority import building, durable
from crenel.certificates.authority.building import Entry, Issuer
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.signers import Signers
from crenel.certificates.authority.state import Hierarchy, Revoked
from crenel.certificates.material.certificate import Certificate

FOLDER = "crl"
ALL = "all.pem"
REASONS = {each.value: each for each in x509.ReasonFlags if each is not x509.ReasonFlags.remove_from_crl}
"""Why a certificate may be revoked, by the names of RFC 5280 5.3.1: ``keyCompromise``, ``superseded`` ..."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The revocation lists of one authority."""

    folder: Path
    signers: Signers

    def renew(self, now: datetime) -> Iterator[str]:
        """Make the lists that are missing, half over, or lack an entry; yields why some could not be made."""
        changed = False
        for hierarchy in self._alive():
            for issuer, key, is_root in self._issuers(hierarchy, now):
                try:
                    changed |= self._renew(issuer, key, now, is_root=is_root)
                except AuthorityError as error:
                    yield f"the revocation list of {key} was not renewed: {error}"
        if changed or not (self.folder / FOLDER / ALL).exists():
            self._gather()

    def _alive(self) -> list[Hierarchy]:
        """Those whose keys are not about to be destroyed."""
        return self.signers.state.trusted

    def _issuers(self, hierarchy: Hierarchy, now: datetime) -> Iterator[tuple[Certificate, str, bool]]:
        yield hierarchy.root.certificate, hierarchy.root.key, True
        for each in hierarchy.issued:
            if each.certificate.not_after > now:
                yield each.certificate, each.key, False

    def _renew(self, issuer: Certificate, key: str, now: datetime, *, is_root: bool) -> bool:
        entries = [each for each in self.signers.state.revoked if each.issuer == issuer.ski]
        life = 2 * self.signers.policy.intermediate if is_root else self.signers.policy.crl
        path = self.folder / FOLDER / f"{key}.pem"
        if _holds(path, entries, now, life):
            return False
        store = self.signers.roots if is_root else self.signers.store
        self._write(path, self.signers.signing(store, key, issuer), entries, now, life)
        return True

    def _write(self, path: Path, issuer: Issuer, entries: list[Revoked], now: datetime, life: timedelta) -> None:
        state = self.signers.state
        state.crl_number += 1
        self.signers.save()
        until = min(now + life, issuer.certificate.not_valid_after_utc)
        rows = [Entry(int(each.serial, 16), _time(each.at), REASONS[each.reason]) for each in entries]
        made = building.revocations(issuer, rows, state.crl_number, now, until, self.signers.policy.backdate)
        durable.make_folder(path.parent)
        durable.replace(path, made.public_bytes(Encoding.PEM))

    def _gather(self) -> None:
        """Put the lists together, and remove those of issuers that are gone."""
        wanted = [f"{each.root.key}.pem" for each in self._alive()]
        wanted += [f"{signing.key}.pem" for each in self._alive() for signing in each.issued]
        folder = self.folder / FOLDER
        durable.make_folder(folder)
        texts = [(folder / name).read_bytes() for name in wanted if (folder / name).exists()]
        durable.replace(folder / ALL, b"".join(texts))
        for path in folder.glob("*.pem"):
            if path.name not in (*wanted, ALL):
                path.unlink()


def forget(revoked: list[Revoked], now: datetime, longer: timedelta) -> list[Revoked]:
    """Leave out what would have expired long enough ago."""
    return [each for each in revoked if each.not_after + longer.total_seconds() > now.timestamp()]


def _holds(path: Path, entries: list[Revoked], now: datetime, life: timedelta) -> bool:
    """Whether a list has just these entries and more than half of its time left."""
    try:
        known = x509.load_pem_x509_crl(path.read_bytes())
        until = known.next_update_utc
    except (OSError, ValueError):
        return False
    if {each.serial_number for each in known} != {int(each.serial, 16) for each in entries}:
        return False
    return until is not None and until - now > life / 2


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
