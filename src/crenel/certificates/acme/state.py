"""What a client remembers of the certificates that it looks after: ``certificates.json``, replaced as a whole.

An order that has been begun is in it by its URL, and its key is a file of its own until the certificate is written:
whoever comes next goes on with that order. Times are seconds since 1970, in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from crenel.certificates.acme.errors import AcmeError
from crenel.certificates.acme.solving import Way
from crenel.certificates.authority import durable
from crenel.certificates.authority.keys import KeyKind
from crenel.certificates.authority.state import Seconds

FILE = "certificates.json"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,250}")
"""What a certificate may be called; its order's key is a file of that name."""

_LARGEST = 16 << 20


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """A certificate that is looked after."""

    name: str
    hosts: tuple[str, ...]
    """DNS names and addresses, in order."""
    folder: str
    """Where its files are."""
    way: Way
    key: KeyKind = KeyKind.P256
    chain: str = ""
    """The common name of the issuer that the chain is to end with; empty for the server's choice."""
    profile: str = ""
    """What the server calls the kind of certificate; empty for its choice."""
    renew_at: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 2 / 3
    """The fraction of its own life after which it is renewed, where the server does not say."""
    stale: bool = False
    """Whether what is there was asked for otherwise: for other hosts, another kind of key, another chain."""
    order: str = ""
    """The URL of an order that is not finished."""
    failures: Annotated[int, msgspec.Meta(ge=0)] = 0
    """How often in a row it could not be had."""
    again: Seconds = 0
    """When it may be tried again by itself."""
    window: tuple[Seconds, Seconds] | None = None
    """When the server wants it to be renewed."""
    asked: Seconds = 0
    """When the server may be asked that again."""
    of: str = ""
    """The serial number that the window is about."""


class State(msgspec.Struct, forbid_unknown_fields=True):
    """All of it."""

    format: Literal[1] = 1
    certificates: list[Wanted] = []


def load(folder: Path) -> State:
    """Read the state; nothing is looked after where there is none.

    Raises:
        AcmeError: it is none that this version understands.
    """
    path = folder / FILE
    try:
        found = msgspec.json.decode(durable.read(path, _LARGEST), type=State)
    except FileNotFoundError:
        return State()
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise AcmeError(f"{path}: {error}") from None
    for complaint in _complaints(found):
        raise AcmeError(f"{path}: {complaint}")
    return found


def save(folder: Path, state: State) -> None:
    """Write the state into the place of the one before."""
    durable.replace(folder / FILE, msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n", durable.SECRET)


def _complaints(state: State) -> Iterator[str]:
    names = [each.name for each in state.certificates]
    if len(set(names)) < len(names):
        yield "two certificates have one name"
    for each in state.certificates:
        if not NAME.fullmatch(each.name):
            yield f"{each.name[:100]!r} is no name of a certificate"
        if not each.hosts or not Path(each.folder).is_absolute() or "\0" in each.folder:
            yield f"{each.name}: it has no hosts, or no absolute folder"
        if bool(each.way.dns) == (each.way.http is not None):
            yield f"{each.name}: it has not one way to show that its names are its own"
