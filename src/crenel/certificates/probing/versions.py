"""Which versions and suites a server accepts: it chooses, and what it chose is left out of the next offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crenel.certificates.probing.asking import Ending, Heard, ask
from crenel.certificates.probing.peers import Peer
from crenel.certificates.probing.wire.greeting import Answer, Until
from crenel.certificates.probing.wire.hello import EVERY_GROUP, Offer
from crenel.certificates.probing.wire.numbers import Group, Version
from crenel.certificates.probing.wire.shares import Share, share
from crenel.certificates.probing.wire.suites import suites_of

ALPN = ("h2", "http/1.1")
"""The application protocols that are offered."""

_HYBRID = Group.X25519MLKEM768
_NO_PROTOCOL = 120
"""The alert no_application_protocol (RFC 7301, section 3.2)."""
_SAYS_NO = (Ending.REFUSED, Ending.ANSWERED)
"""How a TLS server ends what it does not accept: with an alert, or with an older version than was offered."""


class NoTLSFoundError(Exception):
    """The server speaks no TLS that we know; the text says what it does."""


@dataclass(slots=True)
class Accepted:
    """What a server accepts."""

    suites: dict[Version, list[int]] = field(default_factory=dict)
    """The suites of each version that it accepts, in the order of its choice."""
    refusals: dict[Version, str] = field(default_factory=dict)
    """How it refused the other versions."""
    served: Answer = field(default_factory=Answer)
    """What came with its certificates, under the best version."""
    hybrid: bool | None = None
    """Whether it takes X25519MLKEM768; None where it has no TLS 1.3."""
    alpn: tuple[str, ...] = ALPN
    """The application protocols that are offered; none to a server that refuses all of them."""
    doubts: list[str] = field(default_factory=list)
    """What could not be found out."""

    @property
    def best(self) -> Version | None:
        """The best version that it accepts."""
        return max(self.suites, default=None)


async def accepted(peer: Peer, name: str | None) -> Accepted:
    """Find out what a server accepts under a name.

    Raises:
        UnreachableError: it takes no connection.
        NoTLSFoundError: no version is accepted.
    """
    found = Accepted()
    heard: list[Heard] = []
    for version in Version.TLS1_3, Version.TLS1_2, Version.TLS1_1, Version.TLS1_0, Version.SSL3:
        heard.append(await _first(peer, name, version, found))
        if not found.suites and _is_hopeless(heard):
            raise NoTLSFoundError(_what_it_does(heard, peer.step))
    if not found.suites:
        raise NoTLSFoundError(_what_it_does(heard, peer.step))
    for version in list(found.suites):
        await _exhaust(peer, name, version, found)
    if Version.TLS1_3 in found.suites and found.hybrid is None:
        found.hybrid = await _takes(peer, name, _HYBRID, found)
    return found


def _is_hopeless(heard: Sequence[Heard]) -> bool:
    """Whether this is no TLS server: it speaks something else, or says nothing to TLS 1.3 and nothing to TLS 1.2.

    Old versions are worth a try with a server that says no.
    """
    if heard[-1].ending is Ending.NO_TLS:
        return True
    return len(heard) > 1 and all(each.ending not in _SAYS_NO for each in heard)


async def _first(peer: Peer, name: str | None, version: Version, found: Accepted) -> Heard:
    """Offer everything of one version; certificates are waited for as long as there are none."""
    newest = version is Version.TLS1_3
    mine = share(Group.X25519) if newest else None
    groups = (_HYBRID, *EVERY_GROUP) if newest and _able() else EVERY_GROUP
    until = Until.CHOICE if found.served.chain else Until.CERTIFICATES
    heard = await ask(peer, _offer(found, version, suites_of(version), name, groups, mine), until, mine)
    answer = heard.answer
    if answer.alert is not None and answer.alert.number == _NO_PROTOCOL and found.alpn:
        found.alpn = ()
        return await _first(peer, name, version, found)
    if answer.hello is None or answer.hello.version != version:
        found.refusals[version] = _refusal(heard)
        return heard
    found.suites[version] = [answer.hello.suite]
    if newest and answer.retried == _HYBRID:
        found.hybrid = True
    _keep(answer, found)
    if not answer.chain and heard.ending is not Ending.ANSWERED:
        found.doubts.append(f"{version.title}: no certificate was seen: {_refusal(heard)}")
    return heard


def _keep(answer: Answer, found: Accepted) -> None:
    """The first certificates that come are those that are looked at."""
    if answer.chain and not found.served.chain:
        found.served = answer


async def _exhaust(peer: Peer, name: str | None, version: Version, found: Accepted) -> None:
    """Offer what was not chosen yet until nothing is chosen any more."""
    chosen = found.suites[version]
    mine = share(Group.X25519) if version is Version.TLS1_3 else None
    while left := [number for number in suites_of(version) if number not in chosen]:
        until = Until.CHOICE if found.served.chain else Until.CERTIFICATES
        heard = await ask(peer, _offer(found, version, left, name, EVERY_GROUP, mine), until, mine)
        _keep(heard.answer, found)
        hello = heard.answer.hello
        if hello is None or hello.version != version:
            if heard.ending is Ending.SILENT:
                found.doubts.append(f"{version.title}: the server fell silent, there may be more suites")
            return
        chosen.append(hello.suite)


async def _takes(peer: Peer, name: str | None, group: Group, found: Accepted) -> bool:
    """Whether a group is accepted: with no other and without a share, the server has to ask for it or refuse."""
    heard = await ask(peer, _offer(found, Version.TLS1_3, suites_of(Version.TLS1_3), name, (group,), None))
    return heard.answer.retried == group


def _able() -> bool:
    """Whether our library can agree on the hybrid group."""
    return share(_HYBRID) is not None


def _offer(
    found: Accepted,
    version: Version,
    suites: Sequence[int],
    name: str | None,
    groups: Sequence[int],
    mine: Share | None,
) -> Offer:
    return Offer(version, suites, name, found.alpn, groups, [(mine.group, mine.public)] if mine is not None else ())


def _refusal(heard: Heard) -> str:
    if heard.answer.alert is not None:
        return heard.answer.alert.title
    if heard.ending is Ending.ANSWERED:
        return "another version was chosen"
    return {Ending.CLOSED: "closed", Ending.SILENT: "silent"}.get(heard.ending, heard.detail or heard.ending.value)


def _what_it_does(heard: Sequence[Heard], step: float) -> str:
    """What a server did that accepted nothing: what says most."""
    by_ending = {each.ending: each for each in reversed(heard)}
    if (other := by_ending.get(Ending.NO_TLS)) is not None:
        return f"it speaks no TLS: it answered a ClientHello with {other.detail}"
    if (broken := by_ending.get(Ending.BROKEN)) is not None:
        return f"its answer to a ClientHello is broken: {broken.detail}"
    if (refused := by_ending.get(Ending.REFUSED)) is not None:
        return f"it accepts no version: it refused with {_refusal(refused)}"
    if Ending.SILENT in by_ending:
        return f"it did not answer a ClientHello in {step:g} s"
    return "it ended the connection on every ClientHello"
