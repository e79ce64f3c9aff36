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
from crenel.certificates.authority.state import REASONS, Hierarchy, Revoked
from crenel.certificates.material.certificate import Certificate

FOLDER = "crl"
ALL = "all.pem"


@dataclass(frozen=True, slots=True)
class Lists:
    """The revocation lists of one authority."""

    folder: Path
    signers: Signers

    def renew(self, now: datetime) -> Iterator[str]:
        """Make the lists that are missing, half over, or lack an entry; yields why some could not be made."""
        for hierarchy in self._alive():
            for issuer, key, is_root in self._issuers(hierarchy, now):
                newest = max(each.made for each in hierarchy.issued) if is_root else 0
                try:
                    self._renew(issuer, key, now, newest, is_root=is_root)
                except (AuthorityError, OSError) as error:
                    yield f"the revocation list of {key} was not renewed: {error}"
        self._gather()

    def _alive(self) -> list[Hierarchy]:
        """Those whose keys are not about to be destroyed."""
        return self.signers.state.trusted

    def _issuers(self, hierarchy: Hierarchy, now: datetime) -> Iterator[tuple[Certificate, str, bool]]:
        yield hierarchy.root.certificate, hierarchy.root.key, True
        for each in hierarchy.issued:
            if each.certificate.not_after > now:
                yield each.certificate, each.key, False

    def _renew(self, issuer: Certificate, key: str, now: datetime, newest: int, *, is_root: bool) -> None:
        """Make a list if it has to be. That of a root is made with each intermediate too: its key is there then."""
        entries = [each for each in self.signers.state.revoked if each.issuer == issuer.ski]
        life = 2 * self.signers.policy.intermediate if is_root else self.signers.policy.crl
        path = self.folder / FOLDER / f"{key}.pem"
        store = self.signers.roots if is_root else self.signers.store
        known = _read(path)
        if known is not None and _is_good(known, issuer, entries):
            made = known.last_update_utc + self.signers.policy.backdate
            until = known.next_update_utc or now
            holds = until - now > life / 2 or until == issuer.not_after
            if holds and (made >= _time(newest) or key not in store):
                return
        self._write(path, self.signers.signing(store, key, issuer), entries, now, life)

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
        """Put the lists together, and remove those of issuers that are gone, and what was left half written."""
        wanted = [f"{each.root.key}.pem" for each in self._alive()]
        wanted += [f"{signing.key}.pem" for each in self._alive() for signing in each.issued]
        folder = self.folder / FOLDER
        durable.make_folder(folder)
        together = b"".join(_bytes(folder / name) for name in wanted)
        if _bytes(folder / ALL) != together:
            durable.replace(folder / ALL, together)
        for path in [*folder.glob("*.pem"), *folder.glob(".*.pem.new")]:
            if path.name not in (*wanted, ALL):
                path.unlink()


def forget(revoked: list[Revoked], now: datetime, longer: timedelta) -> list[Revoked]:
    """Leave out what would have expired long enough ago."""
    return [each for each in revoked if each.not_after + longer.total_seconds() > now.timestamp()]


def _is_good(known: x509.CertificateRevocationList, issuer: Certificate, entries: list[Revoked]) -> bool:
    """Whether a list is signed by its issuer and has just these entries."""
    wanted = {int(each.serial, 16) for each in entries}
    try:
        signed = known.is_signature_valid(issuer.loaded.public_key())  # type: ignore[arg-type]
        return signed and {each.serial_number for each in known} == wanted
    except (ValueError, TypeError):
        return False


def _read(path: Path) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_pem_x509_crl(_bytes(path))
    except (ValueError, AuthorityError):
        return None


def _bytes(path: Path) -> bytes:
    """A file; nothing where there is none."""
    try:
        return durable.read(path)
    except FileNotFoundError:
        return b""


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
