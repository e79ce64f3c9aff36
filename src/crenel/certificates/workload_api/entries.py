"""Who gets which identity: ``shop/web=uid:1000,gid:2000`` gives that ServiceAccount's to processes of both.

``any`` stands for whoever reaches the socket: for one that only a single workload is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.identity import Identity, is_name, spiffe_id
from crenel.certificates.workload_api.peers import NOBODY, Peer

ANY = "any"
_LARGEST = (1 << 32) - 2


@dataclass(frozen=True, slots=True)
class Entry:
    """An identity, and who has it; all that is given has to match."""

    name: str
    """``NAMESPACE/SERVICEACCOUNT``."""
    uid: int | None = None
    gid: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether whoever reaches the socket has it."""
        return self.uid is None and self.gid is None

    def identity(self, trust_domain: str) -> Identity:
        """Whom it speaks for."""
        namespace, _, account = self.name.partition("/")
        return Identity(spiffe_id(trust_domain, namespace, account))

    def has(self, peer: Peer) -> bool:
        """Whether a peer has it."""
        return self.uid in (None, peer.uid) and self.gid in (None, peer.gid)


def parse(text: str) -> Entry:
    """Read one.

    Raises:
        AuthorityError: it makes no sense.
    """
    name, equals, selectors = text.partition("=")
    namespace, slash, account = name.partition("/")
    if not (equals and slash and is_name(namespace) and is_name(account)):
        raise AuthorityError(f"--entry {text}: write NAMESPACE/SERVICEACCOUNT=uid:NUMBER, =gid:NUMBER or ={ANY}")
    if selectors == ANY:
        return Entry(name)
    numbers: dict[str, int] = {}
    for each in selectors.split(","):
        key, _, number = each.partition(":")
        numbers[key] = _number(text, key, number, again=key in numbers)
    return Entry(name, numbers.get("uid"), numbers.get("gid"))


def entitled(entries: Sequence[Entry], peer: Peer) -> tuple[Entry, ...]:
    """The identities that a peer has, in order; the first is its default (SPIFFE_Workload_API 5.3)."""
    found = {each.name: each for each in reversed(entries) if each.has(peer)}
    return tuple(each for each in entries if found.get(each.name) is each)


def _number(text: str, key: str, number: str, *, again: bool) -> int:
    if key not in ("uid", "gid") or again:
        raise AuthorityError(f"--entry {text}: {key!r} is neither uid nor gid, or is there twice")
    if not (number.isascii() and number.isdigit()) or int(number[:11]) > _LARGEST:
        raise AuthorityError(f"--entry {text}: {number!r} is no number of a user or group")
    if int(number) == NOBODY:
        raise AuthorityError(f"--entry {text}: {NOBODY} stands for everybody who has no number here")
    return int(number)
