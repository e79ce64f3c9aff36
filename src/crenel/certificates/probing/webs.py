"""What a web server says to a browser: Strict-Transport-Security, and what becomes of plain HTTP (TL-14)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from crenel.certificates.probing import pages
from crenel.certificates.probing.findings import LOW, Finding
from crenel.certificates.probing.peers import Peer, UnreachableError
from crenel.certificates.probing.profiles import Profile
from crenel.certificates.probing.talking import Fate, plainly, talk
from crenel.certificates.probing.targets import Target

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_INSIDE = (".svc", ".cluster.local", ".local", ".internal", ".localhost")
"""Names that no browser outside resolves (RFC 6761, RFC 6762, cluster DNS)."""


@dataclass(frozen=True, slots=True)
class Web:
    """What one was told; None for what was not asked or not answered in HTTP."""

    status: int | None = None
    """Of the first page over TLS."""
    hsts: int | None = None
    """Seconds of ``max-age``."""
    plain_status: int | None = None
    """Of the first page in plain text."""
    location: str = ""
    """Where plain HTTP is redirected to."""


async def look(peer: Peer, how: ssl.SSLContext, target: Target, http_port: int | None) -> Web:
    """Ask for the first page, over TLS and, where a port is given, in plain text.

    Raises:
        UnreachableError: the server takes no connection any more; that there is no plain HTTP is no error.
    """
    reply = await talk(peer, how, target.name, pages.request(target.host))
    page = pages.read(reply.data) if reply.fate is Fate.DATA else None
    web = Web() if page is None else Web(page.status, page.hsts)
    if http_port is None:
        return web
    try:
        plain_peer = await Peer.find(target.endpoint[0], http_port, peer.step)
        answer = await plainly(plain_peer, pages.request(target.host))
    except UnreachableError:
        return web
    peer.connections += plain_peer.connections
    plain = pages.read(answer.data)
    if plain is None:
        return web
    return Web(web.status, web.hsts, plain.status, plain.headers.get("location", ""))


def findings(web: Web, target: Target, profile: Profile) -> Iterator[Finding]:
    """What a browser could be tricked by."""
    if web.plain_status is not None and 200 <= web.plain_status < 300:
        yield Finding("TL-14", LOW, f"plain HTTP is answered with {web.plain_status} in place of a redirect to https")
    if web.plain_status in _REDIRECTS and not web.location.lower().startswith("https://"):
        yield Finding("TL-14", LOW, "plain HTTP is redirected, but not to https")
    if web.status is None or web.status >= 400 or not _is_public(target):
        return
    if web.hsts is None:
        yield Finding("TL-14", LOW, "no Strict-Transport-Security is sent")
    elif web.hsts < profile.hsts:
        yield Finding("TL-14", LOW, f"Strict-Transport-Security has max-age={web.hsts}, less than {profile.hsts}")


def _is_public(target: Target) -> bool:
    """Whether browsers may know it by this name; for an address the header means nothing (RFC 6797, 8.1.1)."""
    return target.name is not None and "." in target.host and not target.host.endswith(_INSIDE)
