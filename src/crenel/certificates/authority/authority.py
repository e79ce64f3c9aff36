"""An authority at work: opened under its lock, asked for certificates, renewed, rotated.

Whoever opens one first finishes what an interrupted process had begun.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from crenel.certificates.authority import durable, folders, policy, renewal, revoking, rotation, secrets, state, tokens
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
from crenel.certificates.authority.revoking import Lists
from crenel.certificates.authority.rotation import Seen, Wait
from crenel.certificates.authority.signers import Signers
from crenel.certificates.authority.state import REASONS, Consumer, Revoked, Rotation, State
from crenel.certificates.authority.supply import Supplied, Supply, strongest
from crenel.certificates.material.certificate import Certificate
from crenel.provenance import Problem, Severity

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time, with a time zone."""

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


def init(
    folder: Path,
    rules: Policy,
    now: datetime,
    *,
    root_keys: str = "",
    keys: str = "",
    store: KeyStore | None = None,
    roots: KeyStore | None = None,
) -> None:
    """Make an authority: its folder, policy, root and intermediate; one whose making was interrupted is gone on with.

    `root_keys` is where the keys of roots are, a folder that is there already or the URI of a token, and `keys` the URI
    of the token for the others. `store` and `roots` are stores of other kinds; `opened` has to be given the same.

    Raises:
        AuthorityError: there is one already, or the keys' folder is not there.
        OSError: something cannot be written.
    """
    durable.make_folder(folder, 0o700)
    _demand_alone(folder)
    with locked(folder):
        new = _begun(folder, _absolute(root_keys), keys)
        authority = _made(folder, rules, new, store, roots)
        if new.root_keys.startswith("/") and not Path(new.root_keys).is_dir():
            raise AuthorityError(f"{root_keys}: there is no such folder; keys of roots are to be there")
        durable.replace(folder / policy.FILE, rules.text().encode())
        if not new.hierarchies:
            authority.signers.plan()
        authority.signers.save()
        authority.signers.complete(new.hierarchies[0], now)
        authority.problems.extend(authority.lists.renew(now))


def _absolute(place: str) -> str:
    """A folder by its whole path; a URI, and nothing, as they are."""
    return str(Path(place).absolute()) if place and not place.startswith(tokens.SCHEME) else place


def _begun(folder: Path, root_keys: str, keys: str) -> State:
    """The state of an authority that is not complete yet."""
    if not (folder / state.FILE).exists():
        return State(format=1, signer=1, hierarchies=[], root_keys=root_keys, keys=keys)
    known = state.load(folder)
    if any(each.is_complete for each in known.hierarchies):
        raise AuthorityError(f"{folder} is an authority already")
    if any(each.root.pem for each in known.hierarchies) and (known.root_keys, known.keys) != (root_keys, keys):
        raise AuthorityError(f"{folder} was begun with the root's key in {known.root_keys or 'it'}; go on with that")
    known.root_keys, known.keys = root_keys, keys
    return known


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
    _demand_alone(folder)
    with locked(folder, seconds):
        rules, known = policy.read(folder), state.load(folder)
        yield _made(folder, rules, known, store, roots)


def look(folder: Path) -> Authority:
    """Open an authority to look at it, without its lock: nothing may be changed through what is returned.

    Raises:
        AuthorityError: there is none, or its policy or state makes no sense.
        OSError: something cannot be read.
    """
    rules, known = policy.read(folder), state.load(folder)
    return _made(folder, rules, known, None, None, writing=False)


def _made(
    folder: Path, rules: Policy, known: State, store: KeyStore | None, roots: KeyStore | None, *, writing: bool = True
) -> Authority:
    own = store or _store(folder, known.keys)
    above = roots or (_store(folder, known.root_keys) if known.root_keys else own)
    signers = Signers(known, rules, own, above, lambda: state.save(folder, known))
    ledger = Ledger(folder, mend=writing)
    return Authority(folder, rules, known, signers, ledger, Supply(signers, ledger), Lists(folder, signers))


def _demand_alone(folder: Path) -> None:
    """Refuse a folder that others may write to: whoever can replace its files is the authority."""
    if stat.S_IMODE(folder.stat().st_mode) & 0o022:
        raise AuthorityError(f"{folder}: others may write to this folder; `chmod 700` it")


def _store(folder: Path, place: str) -> KeyStore:
    """The store at a place. A folder elsewhere is never made: it may be a disk that is not connected."""
    if place.startswith(tokens.SCHEME):
        return tokens.TokenKeyStore(place)
    return FileKeyStore(Path(place), make=False) if place else FileKeyStore(folder / "keys")


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
        """Give some consumers what they lack; with `anew`, a new certificate whatever they have."""
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
        made = self.supply.certificate(wanted, request.public, issuer, now, life)
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
            self.signers.complete(self.state.hierarchy(self.state.rotation.new), now)

    def renew(self, clock: Clock, deployed: secrets.Files | None = None) -> Done:
        """Do all that is due: intermediates, certificates, bundles, the next steps of a rotation, revocation lists.

        `clock` tells the time, which goes on while this works: what a rotation waits for after consumers have their
        files is counted from when they were read back. `deployed` are the Secrets that the cluster has, if known.
        """
        now = clock().replace(microsecond=0)
        self._renew_intermediates(now)
        done: dict[str, Supplied] = {}
        for _ in range(_ROUNDS):
            done = strongest(done, self.supply.round(now))
            seen = self._seen(self.supply.held, clock(), deployed)
            changed = rotation.advance(self.state, self.policy, seen)
            if rotation.is_over(self.state, seen):
                self._finish()
                changed = True
            if not changed:
                break
            self.signers.save()
        try:
            self.signers.retire(now)
        except AuthorityError as error:
            self.problems.append(f"the key of an intermediate that has expired is still there: {error}")
        self._tidy(now)
        self._look_ahead(now)
        waits = rotation.waits(self.state, self.policy, self._seen(self.supply.held, clock(), deployed))
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
        return next((each for each in self._intermediates() if each.serial == serial), None)

    def _named(self, what: str) -> tuple[str, str, int]:
        """The serial number, issuer and end of a certificate."""
        if any(each.name == what for each in self.state.consumers):
            leaf = self.held()[what].leaf
            if leaf is None or self.state.issuer(leaf.aki) is None:
                raise AuthorityError(f"{what} has no certificate of this CA")
            return leaf.serial, leaf.aki, int(leaf.not_after.timestamp())
        serial = what.lower().replace(":", "").removeprefix("0x").lstrip("0")
        for entry in self.ledger.entries:
            if entry.serial == serial and self.state.issuer(entry.issuer) is not None:
                return entry.serial, entry.issuer, entry.not_after
        for each in self._intermediates():
            if each.serial == serial:
                return each.serial, each.aki, int(each.not_after.timestamp())
        raise AuthorityError(f"there is neither a consumer nor a serial number {what!r}")

    def _intermediates(self) -> list[Certificate]:
        return [each.certificate for hierarchy in self.state.hierarchies for each in hierarchy.issued]

    def _renew_intermediates(self, now: datetime) -> None:
        """Finish what was begun, and renew what is due; where the root's key is not connected, what there is has to do.

        The revocation list of a new issuer is there before its first certificate.
        """
        for hierarchy in self.state.staying:
            try:
                self.signers.complete(hierarchy, now)
                if self.signers.is_due(hierarchy, now):
                    self.signers.renew(hierarchy, now)
            except (AuthorityError, OSError) as error:
                self.problems.append(f"root {hierarchy.number}: an intermediate is due, and was not made: {error}")
        self.problems.extend(self.lists.renew(now))

    def _finish(self) -> None:
        """End a rotation: the old keys are destroyed, then the old hierarchy is forgotten."""
        assert self.state.rotation is not None
        old = self.state.hierarchy(self.state.rotation.old)
        for handle in self.signers.destroy(old):
            self.problems.append(f"the key {handle} of the old CA is not connected; destroy it where it is")
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
        for each in self.state.consumers:
            if each.kind == "folder":
                folders.tidy(Path(each.path))
        self.ledger.forget(int((now - longer).timestamp()))
        self.problems = list(dict.fromkeys((*self.problems, *self.lists.renew(now))))

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
