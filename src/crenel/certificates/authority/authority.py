"""An authority at work: opened under its lock, asked for certificates, renewed, rotated.

Whoever opens one first finishes what an interrupted process had begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from crenel.certificates.authority import building, durable, policy, renewal, revoking, rotation, secrets, state
from crenel.certificates.authority.contents import Held
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.filekeys import FileKeyStore
from crenel.certificates.authority.identity import Identity, refusals
from crenel.certificates.authority.keys import KeyStore
from crenel.certificates.authority.ledger import Ledger
from crenel.certificates.authority.locking import locked
from crenel.certificates.authority.places import read as read_places
from crenel.certificates.authority.places import seen as seen_places
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.requests import Request
from crenel.certificates.authority.revoking import REASONS, Lists
from crenel.certificates.authority.rotation import Seen, Wait
from crenel.certificates.authority.signers import Signers
from crenel.certificates.authority.state import Consumer, Revoked, Rotation, State
from crenel.certificates.authority.supply import Supplied, Supply, strongest
from crenel.certificates.material.certificate import Certificate
from crenel.provenance import Problem, Severity

_ROUNDS = 6
"""More than the phases of a rotation, so that one call goes as far as it may."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a visit to all consumers did."""

    supplied: tuple[Supplied, ...]
    waits: tuple[Wait, ...]
    held: dict[str, Held]
    """What each consumer has afterwards, by name."""
    problems: tuple[Problem, ...]


def init(folder: Path, rules: Policy, now: datetime, store: KeyStore | None = None, roots: Path | None = None) -> None:
    """Make an authority: its folder, policy, root and intermediate. `roots` is the folder of the root's key, elsewhere.

    Raises:
        AuthorityError: there is one already, or the keys' folder is not there.
        OSError: something cannot be written.
    """
    durable.make_folder(folder, 0o700)
    with locked(folder):
        new = State(format=1, signer=1, hierarchies=[], root_keys=str(roots.absolute()) if roots is not None else "")
        if (folder / state.FILE).exists():
            new = state.load(folder)
        if any(each.is_complete for each in new.hierarchies):
            raise AuthorityError(f"{folder} is an authority already")
        durable.replace(folder / policy.FILE, rules.text().encode())
        authority = _made(folder, rules, new, store, _root_store(folder, new.root_keys))
        if not new.hierarchies:
            authority.signers.plan()
            authority.signers.save()
        authority.signers.complete(now)
        authority.problems.extend(authority.lists.renew(now))


@contextmanager
def opened(
    folder: Path, store: KeyStore | None = None, roots: KeyStore | None = None, seconds: float = 60.0
) -> Iterator[Authority]:
    """Open an authority, alone. The keys are in files below its folder unless other stores are given.

    Raises:
        AuthorityError: there is none, its policy or state makes no sense, or another process works on it.
        OSError: something cannot be read.
    """
    if not folder.is_dir():
        raise AuthorityError(f"{folder} is no authority: there is no such folder")
    with locked(folder, seconds):
        rules, known = policy.read(folder), state.load(folder)
        yield _made(folder, rules, known, store, roots or _root_store(folder, known.root_keys))


def look(folder: Path) -> Authority:
    """Open an authority to look at it, without its lock: nothing may be changed through what is returned.

    Raises:
        AuthorityError: there is none, or its policy or state makes no sense.
        OSError: something cannot be read.
    """
    rules, known = policy.read(folder), state.load(folder)
    return _made(folder, rules, known, None, FileKeyStore(folder / "keys"), writing=False)


def _made(
    folder: Path, rules: Policy, known: State, store: KeyStore | None, roots: KeyStore, *, writing: bool = True
) -> Authority:
    signers = Signers(known, rules, store or FileKeyStore(folder / "keys"), roots, lambda: state.save(folder, known))
    ledger = Ledger(folder, mend=writing)
    return Authority(folder, rules, known, signers, ledger, Supply(signers, ledger), Lists(folder, signers))


def _root_store(folder: Path, elsewhere: str) -> KeyStore:
    """The store of the roots' keys. A folder elsewhere is never made: it may be a disk that is not connected."""
    return FileKeyStore(Path(elsewhere), make=False) if elsewhere else FileKeyStore(folder / "keys")


@dataclass(slots=True)
class Authority:
    """One that is open."""

    folder: Path
    policy: Policy
    state: State
    signers: Signers
    ledger: Ledger
    supply: Supply
    lists: Lists
    problems: list[str] = field(default_factory=list)
    """What could not be done beside what was asked for, each in a line."""

    def enrol(self, consumers: Iterable[Consumer]) -> None:
        """Look after more consumers, or after known ones by other names of theirs.

        Raises:
            AuthorityError: two consumers have the same place, or one has another place already.
        """
        known = {each.name: each for each in self.state.consumers}
        for each in consumers:
            if known.setdefault(each.name, each).place != each.place:
                raise AuthorityError(f"{each.name} is written to {known[each.name].place} already; `forget` it first")
            known[each.name] = each
        places: dict[tuple[str, str], str] = {}
        for each in known.values():
            if (other := places.setdefault((each.path, each.secret), each.name)) != each.name:
                raise AuthorityError(f"{each.place}: this is where {other} gets its certificate")
        if known != {each.name: each for each in self.state.consumers}:
            self.state.consumers = [known[name] for name in sorted(known)]
            self.signers.save()

    def forget(self, name: str) -> Consumer:
        """Look after a consumer no more; what it has stays where it is.

        Raises:
            AuthorityError: there is none of this name.
        """
        found = [each for each in self.state.consumers if each.name == name]
        if not found:
            raise AuthorityError(f"there is no consumer {name!r}")
        self.state.consumers.remove(found[0])
        self.signers.save()
        return found[0]

    def issue(self, names: Sequence[str], now: datetime, *, anew: bool = False) -> dict[str, Supplied]:
        """Give some consumers what they lack; with `anew`, a new certificate whatever they have.

        Raises:
            AuthorityError: nothing can sign.
        """
        self._renew_intermediates(now)
        return self.supply.round(now, frozenset(names), anew=anew)

    def sign(self, request: Request, allowed: Identity | None, now: datetime, life: timedelta | None = None) -> bytes:
        """Answer a request: the chain in PEM, leaf first. `allowed` are the only names it may have, if not None.

        Raises:
            AuthorityError: the policy does not allow its names, or nothing can sign.
        """
        wanted = request.identity
        reasons = refusals(wanted, self.policy, derived=allowed is not None)
        if allowed is not None and not reasons:
            extra = sorted(set(wanted.texts) - set(allowed.texts))
            reasons = [f"{extra[0]}: the workload has no such name"] if extra else []
        if reasons:
            raise AuthorityError(f"the request is refused: {reasons[0]}")
        self._renew_intermediates(now)
        issuer = self.signers.issuer(now)
        made = Certificate.of(building.leaf(self.policy, wanted, request.public, issuer, now, life))
        self.ledger.add([self.supply.entry(made)])
        return made.pem.encode() + self.signers.chain(issuer)

    def rotate(self, now: datetime) -> None:
        """Begin to replace the CA; one that is under way is gone on with.

        Raises:
            AuthorityError: the keys of roots are not connected.
        """
        if self.state.rotation is None:
            new = self.signers.plan()
            self.state.rotation = Rotation("making", self.state.signer, new.number, int(now.timestamp()))
            self.signers.save()
        if self.state.rotation.phase == "making":
            self.signers.complete(now)

    def renew(self, now: datetime, deployed: secrets.Files | None = None) -> Done:
        """Do all that is due: intermediates, certificates, bundles, the next steps of a rotation, revocation lists.

        `deployed` are the Secrets that the cluster has, if they are known.

        Raises:
            AuthorityError: nothing can sign.
        """
        self._renew_intermediates(now)
        done: dict[str, Supplied] = {}
        for _ in range(_ROUNDS):
            done = strongest(done, self.supply.round(now))
            seen = self._seen(self.supply.held, now, deployed)
            changed = rotation.advance(self.state, self.policy, seen)
            if rotation.is_over(self.state, seen):
                self._finish()
                changed = True
            if not changed:
                break
            self.signers.save()
        self.signers.retire(now)
        self._tidy(now)
        self._look_ahead(now)
        waits = rotation.waits(self.state, self.policy, self._seen(self.supply.held, now, deployed))
        return Done(tuple(done.values()), tuple(waits), self.supply.held, self._said(done))

    def held(self) -> dict[str, Held]:
        """What was last written for each consumer, by name."""
        return read_places(self.state.consumers)

    def waits(self, now: datetime, deployed: secrets.Files | None = None) -> list[Wait]:
        """What a rotation waits for."""
        return rotation.waits(self.state, self.policy, self._seen(self.held(), now, deployed))

    def _seen(self, held: dict[str, Held], now: datetime, deployed: secrets.Files | None) -> Seen:
        return Seen(seen_places(self.state.consumers, held, deployed), self.ledger.entries, now)

    def revoke(self, what: str, reason: str, now: datetime) -> Certificate | None:
        """Revoke the certificate of a consumer, by its name, or any by its serial number in hexadecimal digits.

        Returns the intermediate that was revoked, if it was one.

        Raises:
            AuthorityError: there is no such certificate, it is revoked already, or has expired.
        """
        serial, issuer, not_after = self._named(what)
        if any((each.serial, each.issuer) == (serial, issuer) for each in self.state.revoked):
            raise AuthorityError(f"{serial} is revoked already")
        if not_after <= now.timestamp():
            raise AuthorityError(f"{serial} has expired: there is nothing to revoke")
        assert reason in REASONS
        self.state.revoked.append(Revoked(serial, issuer, int(now.timestamp()), reason, not_after))
        self.signers.save()
        self._renew_intermediates(now)
        self.problems.extend(self.lists.renew(now))
        return next((each for each in self._intermediates() if each.serial == serial), None)

    def _named(self, what: str) -> tuple[str, str, int]:
        """The serial number, issuer and end of a certificate."""
        if any(each.name == what for each in self.state.consumers):
            leaf = self.held()[what].leaf
            if leaf is None:
                raise AuthorityError(f"{what} has no certificate")
            return leaf.serial, leaf.aki, int(leaf.not_after.timestamp())
        serial = what.lower().replace(":", "").removeprefix("0x").lstrip("0")
        for entry in self.ledger.entries:
            if entry.serial == serial:
                return entry.serial, entry.issuer, entry.not_after
        for each in self._intermediates():
            if each.serial == serial:
                return each.serial, each.aki, int(each.not_after.timestamp())
        raise AuthorityError(f"there is neither a consumer nor a serial number {what!r}")

    def _intermediates(self) -> list[Certificate]:
        return [each.certificate for hierarchy in self.state.hierarchies for each in hierarchy.issued]

    def _renew_intermediates(self, now: datetime) -> None:
        """Renew what is due; where the root's key is not connected, the one that there is has to do."""
        try:
            if self.state.rotation is None or self.state.rotation.phase != "making":
                self.signers.complete(now)
            for hierarchy in self.state.trusted:
                if self.signers.is_due(hierarchy, now):
                    self.signers.renew(hierarchy, now)
        except (AuthorityError, OSError) as error:
            self.problems.append(f"the intermediate is due, and was not renewed: {error}")

    def _finish(self) -> None:
        """End a rotation: the old keys are destroyed, then the old hierarchy is forgotten."""
        assert self.state.rotation is not None
        old = self.state.hierarchy(self.state.rotation.old)
        for handle in self.signers.destroy(old):
            self.problems.append(f"the key {handle} of the old root is not connected; destroy it where it is")
        self.state.hierarchies.remove(old)
        self.state.revoked = [each for each in self.state.revoked if each.issuer not in _identifiers(old)]
        self.state.rotation = None
        self.signers.save()

    def _tidy(self, now: datetime) -> None:
        longer = self.policy.crl
        kept = revoking.forget(self.state.revoked, now, longer)
        if len(kept) < len(self.state.revoked):
            self.state.revoked = kept
            self.signers.save()
        self.ledger.forget(int((now - longer).timestamp()))
        self.problems.extend(self.lists.renew(now))

    def _look_ahead(self, now: datetime) -> None:
        root = self.state.hierarchy(self.state.signer).root
        if self.state.rotation is None and now >= renewal.due(root.certificate, self.policy, root.key):
            used = int(100 * root.certificate.used(now))
            self.problems.append(f"the root has used up {used} % of its life: it is time to `rotate`")

    def _said(self, done: dict[str, Supplied]) -> tuple[Problem, ...]:
        """What was wrong, for the reader."""
        found = [Problem(text, severity=Severity.WARNING) for text in self.problems]
        for name, each in done.items():
            if each.action in ("failed", "refused"):
                found.append(Problem(each.why, object=name))
        return tuple(found)


def _identifiers(hierarchy: state.Hierarchy) -> set[str]:
    return {each.certificate.ski for each in (hierarchy.root, *hierarchy.issued)}
