"""Shows a server that names are one's own: all names of an order at once, by one kind of challenge."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from acme import challenges
from josepy.errors import Error as JoseError

from crenel.certificates.acme import dns01, http01
from crenel.certificates.acme.answers import Authorization, Challenge
from crenel.certificates.acme.errors import AcmeError
from crenel.certificates.acme.talking import Server

_PAUSE = 0.25
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,1000}")
"""RFC 8555, 8.3: base64url, of 128 bits at least."""


class Way(msgspec.Struct, forbid_unknown_fields=True):
    """How names are shown to be one's own: one of the two is given."""

    http: tuple[str, int] | None = None
    """The address and port to listen on."""
    dns: str = ""
    """The path of the program that sets records."""

    @property
    def kind(self) -> str:
        """The type of the challenge."""
        return dns01.TYPE if self.dns else http01.TYPE


def solve(server: Server, urls: Sequence[str], way: Way, until: float) -> None:
    """Have all authorizations become valid; `until` is when patience ends, of `time.monotonic`.

    Raises:
        AcmeError: one cannot.
    """
    found = {url: server.post(url).read(Authorization, "authorization") for url in urls}
    pending = {url: _challenge(each, way) for url, each in found.items() if each.status != "valid"}
    if not pending:
        return
    with _shown(server, [(found[url], each) for url, each in pending.items()], way):
        for each in pending.values():
            if each.status == "pending":
                server.post(each.url, {})
        for url in pending:
            _await(server, url, until)


def _challenge(found: Authorization, way: Way) -> Challenge:
    name = found.identifier.value
    if found.status != "pending":
        raise AcmeError(f"{name}: {_fault(found) or f'the authorization is {found.status}'}")
    for each in found.challenges:
        if each.type == way.kind:
            if not _TOKEN.fullmatch(each.token):
                raise AcmeError(f"{name}: the server's challenge makes no sense: its token is no token")
            return each
    offered = ", ".join(sorted({each.type for each in found.challenges})) or "nothing"
    raise AcmeError(f"{name}: the server does not offer {way.kind} but {offered}")


@contextmanager
def _shown(server: Server, wanted: Sequence[tuple[Authorization, Challenge]], way: Way) -> Iterator[None]:
    try:
        if way.dns:
            records = [_record(server, *each) for each in wanted]
            with dns01.published(Path(way.dns), records):
                yield
        else:
            assert way.http is not None
            pages = dict(_page(server, each) for _, each in wanted)
            with http01.listening(way.http, pages):
                yield
    except JoseError:
        raise AcmeError("the server's challenge makes no sense") from None


def _page(server: Server, challenge: Challenge) -> tuple[str, bytes]:
    found = challenges.HTTP01.from_json({"type": http01.TYPE, "token": challenge.token})
    return found.path, found.validation(server.jwk).encode()


def _record(server: Server, found: Authorization, challenge: Challenge) -> tuple[str, str]:
    solved = challenges.DNS01.from_json({"type": dns01.TYPE, "token": challenge.token})
    return solved.validation_domain_name(found.identifier.value), solved.validation(server.jwk)


def _await(server: Server, url: str, until: float) -> None:
    pause = _PAUSE
    while True:
        answer = server.post(url)
        found = answer.read(Authorization, "authorization")
        if found.status == "valid":
            return
        if found.status != "pending":
            raise AcmeError(f"{found.identifier.value}: {_fault(found) or f'the authorization is {found.status}'}")
        if time.monotonic() > until:
            raise AcmeError(f"{found.identifier.value}: the server has not looked at it in time")
        time.sleep(answer.pause(pause))
        pause = min(2 * pause, 5.0)


def _fault(found: Authorization) -> str:
    return next((str(each.error) for each in found.challenges if each.error is not None), "")
