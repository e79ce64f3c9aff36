"""A client at work: opened under its lock, asked for certificates, and to renew what is due.

What cannot be had is tried again by itself after an hour, then two, four ... and at last every day, or when the server
lets one; a certificate that is asked for by name is tried at once.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from crenel.certificates.acme import account as accounts
from crenel.certificates.acme import ordering, renewal, state
from crenel.certificates.acme.account import Account
from crenel.certificates.acme.answers import base64url
from crenel.certificates.acme.errors import AcmeError, GoneError
from crenel.certificates.acme.ordering import Work
from crenel.certificates.acme.state import State, Wanted
from crenel.certificates.acme.talking import Server
from crenel.certificates.authority import durable, folders
from crenel.certificates.authority.contents import Contents, Held
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.locking import locked
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.names import covers

Action: TypeAlias = Literal["issued", "kept", "failed", "waiting", "revoked"]
"""What became of a certificate; *waiting* is one that failed lately and is not tried yet."""

REASONS = {"unspecified": 0, "keyCompromise": 1, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5}
"""Why a holder may have a certificate revoked, with the numbers of RFC 5280 5.3.1."""

PATIENCE = 180.0
"""Seconds for one certificate."""

_FIRST, _LAST = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Done:
    """A certificate and what became of it."""

    wanted: Wanted
    action: Action
    why: str = ""


@contextmanager
def opened(folder: Path, seconds: float = 60.0, patience: float = PATIENCE) -> Iterator[Client]:
    """Open a client, alone.

    Raises:
        AcmeError: there is no account, or another process works on it.
    """
    if not folder.is_dir():
        raise AcmeError(f"{folder}: there is no such folder; `register` makes it")
    demand_alone(folder)
    try:
        with locked(folder, seconds):
            account = accounts.load(folder)
            client = Client(folder, account, accounts.server(folder, account), state.load(folder), patience)
            yield client
    except AuthorityError as error:
        raise AcmeError(str(error)) from None


def look(folder: Path) -> tuple[Account, State]:
    """What a client knows, without its lock and without asking its server.

    Raises:
        AcmeError: there is no account.
    """
    return accounts.load(folder), state.load(folder)


def held(wanted: Wanted) -> Held:
    """What was last written for a certificate."""
    return folders.read(Path(wanted.folder))


def demand_alone(folder: Path) -> None:
    """Refuse a folder that others may write to.

    Raises:
        AcmeError: they may.
    """
    if stat.S_IMODE(folder.stat().st_mode) & 0o022:
        raise AcmeError(f"{folder}: others may write to this folder; `chmod 700` it")


@dataclass(slots=True)
class Client:
    """One that is open."""

    folder: Path
    account: Account
    server: Server
    state: State
    patience: float
    notices: list[str] = field(default_factory=list)
    """What a reader should know beside what was done."""

    @property
    def _work(self) -> Work:
        return Work(self.server, self.folder, self.save, self.patience)

    def save(self) -> None:
        """Write the state down."""
        state.save(self.folder, self.state)

    def enrol(self, wanted: Wanted) -> Wanted:
        """Look after a certificate; one of the same name is replaced, and an order of it that fits is gone on with.

        Raises:
            AcmeError: another certificate is written to the same folder.
        """
        for each in self.state.certificates:
            if each.name != wanted.name and each.folder == wanted.folder:
                raise AcmeError(f"{wanted.folder}: this is where {each.name} is written to")
        known = next((each for each in self.state.certificates if each.name == wanted.name), None)
        if known is not None:
            if _asked_for(known) == _asked_for(wanted):
                wanted.order, wanted.stale = known.order, known.stale or known.chain != wanted.chain
            else:
                ordering.forget(self._work, known)
                wanted.stale = True
            self.state.certificates.remove(known)
        self.state.certificates.append(wanted)
        self.state.certificates.sort(key=lambda each: each.name)
        self.save()
        return wanted

    def named(self, name: str) -> Wanted:
        """The certificate of a name.

        Raises:
            AcmeError: there is none.
        """
        for each in self.state.certificates:
            if each.name == name:
                return each
        raise AcmeError(f"there is no certificate {name!r} here")

    def issue(self, wanted: Wanted, now: datetime, *, anew: bool = False) -> Done:
        """Have one, unless what is there is good; with `anew` whatever is there."""
        before = self._settled(wanted)
        why = "it was asked for" if anew else self._flaw(wanted, now)
        return self._obtain(wanted, why, now, before) if why else Done(wanted, "kept")

    def renew(self, now: datetime) -> list[Done]:
        """Have anew what is due."""
        return [self._renew(each, now) for each in self.state.certificates]

    def revoke(self, wanted: Wanted, reason: str) -> Done:
        """Have the present certificate revoked; what is written stays.

        Raises:
            AcmeError: there is none, or the server refuses.
        """
        leaf = held(wanted).leaf
        if leaf is None or not self.server.directory.revoke_cert:
            raise AcmeError(f"{wanted.name}: there is no certificate, or the server revokes none")
        fields = {"certificate": base64url(leaf.der), "reason": REASONS[reason]}
        try:
            self.server.post(self.server.directory.revoke_cert, fields)
        except GoneError as error:
            raise accounts.lost(error, self.account) from None
        return Done(wanted, "revoked", reason)

    def forget(self, name: str) -> Wanted:
        """Look after a certificate no more; what is written stays.

        Raises:
            AcmeError: there is none of this name.
        """
        found = self.named(name)
        ordering.forget(self._work, found)
        self.state.certificates.remove(found)
        self.save()
        return found

    def _renew(self, wanted: Wanted, now: datetime) -> Done:
        before = self._settled(wanted)
        why = self._flaw(wanted, now)
        if not why:
            return Done(wanted, "kept")
        if now.timestamp() < wanted.again:
            return Done(wanted, "waiting", why)
        return self._obtain(wanted, why, now, before)

    def _settled(self, wanted: Wanted) -> Certificate | None:
        """The certificate that is there. An order that it came from is over, whatever kept that from being noted."""
        leaf = held(wanted).leaf
        if leaf is not None and ordering.spki(self._work, wanted) == leaf.spki:
            ordering.forget(self._work, wanted)
        return leaf

    def _flaw(self, wanted: Wanted, now: datetime) -> str:
        """Why what is there is not good enough; empty if it is."""
        found = held(wanted)
        leaf = found.leaf
        if leaf is None:
            return found.problem or "there was none"
        if wanted.stale or any(not covers(leaf, host) for host in wanted.hosts):
            return "it was asked for otherwise"
        if now >= leaf.not_after:
            return "it has expired"
        before = (wanted.window, wanted.asked, wanted.of)
        if notice := renewal.ask(self.server, leaf, wanted, now):
            self.notices.append(f"{wanted.name}: {notice}")
        if before != (wanted.window, wanted.asked, wanted.of):
            self.save()
        return "it was due" if now >= renewal.due(leaf, wanted) else ""

    def _obtain(self, wanted: Wanted, why: str, now: datetime, before: Certificate | None) -> Done:
        try:
            replaces = renewal.identifier(before) if before is not None else ""
            contents = ordering.obtain(self._work, wanted, now, replaces)
            _write(Path(wanted.folder), contents)
        except GoneError as error:
            return self._failed(wanted, accounts.lost(error, self.account), now)
        except AcmeError as error:
            return self._failed(wanted, error, now)
        except OSError as error:
            return self._failed(wanted, AcmeError(f"{error.filename}: {error.strerror}"), now)
        wanted.failures, wanted.again, wanted.window, wanted.asked, wanted.stale = 0, 0, None, 0, False
        ordering.forget(self._work, wanted)
        self.save()
        return Done(wanted, "issued", why)

    def _failed(self, wanted: Wanted, error: AcmeError, now: datetime) -> Done:
        wanted.failures = min(wanted.failures + 1, 1000)
        pause = min(_FIRST * 2 ** min(wanted.failures - 1, 10), _LAST)
        again = now + pause
        wanted.again = int(max(again, error.again).timestamp() if error.again is not None else again.timestamp())
        self.save()
        return Done(wanted, "failed", str(error))


def _asked_for(wanted: Wanted) -> tuple[object, ...]:
    """What an order is made of."""
    return set(wanted.hosts), wanted.key, wanted.profile


def _write(folder: Path, contents: Contents) -> None:
    if reason := folders.write({folder: contents}).get(folder):
        raise AcmeError(reason)


def register(
    folder: Path,
    url: str,
    *,
    contact: Sequence[str] = (),
    agree: bool = False,
    binding: tuple[str, str] | None = None,
    trust: Path | None = None,
) -> Account:
    """Make the folder and an account in it, or find the account again; see `crenel.certificates.acme.account`.

    Raises:
        AcmeError: the server refuses, or cannot be reached.
    """
    durable.make_folder(folder, 0o700)
    demand_alone(folder)
    try:
        with locked(folder):
            return accounts.register(folder, url, contact=tuple(contact), agree=agree, binding=binding, trust=trust)
    except AuthorityError as error:
        raise AcmeError(str(error)) from None
