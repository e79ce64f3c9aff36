"""What was heard and seen, against what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from crenel.certificates.authority.identity import Identity
from crenel.certificates.material.certificate import Certificate, UnreadableCertificateError
from crenel.certificates.material.chains import Chain, Purpose, Roots
from crenel.certificates.material.names import covers
from crenel.certificates.probing.asking import Ending, Heard
from crenel.certificates.probing.mutual import EXPIRED, FORGED, NONE, PLAIN, RIGHT, STRANGER, Mutual, Outcome
from crenel.lab.tls.findings import Attempt, Fate, Handshakes, Port, Wire
from crenel.lab.tls.kinds import Client, Kind, accepts
from crenel.lab.tls.watching import Watch

_CLIENTS = {
    RIGHT: Client.OWN,
    NONE: Client.NONE,
    STRANGER: Client.STRANGER,
    FORGED: Client.FORGED,
    EXPIRED: Client.EXPIRED,
    PLAIN: Client.PLAIN,
}
_FATES = {Outcome.ANSWERED: Fate.ACCEPTED, Outcome.REFUSED: Fate.REFUSED, Outcome.NOT_TRIED: Fate.NOT_TRIED}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is looked for on the wire."""

    sealed: str
    """The host that is asked for through TLS."""
    open: str
    """The host that is asked for in plain text, where TLS is spoken."""
    control: str
    """The host that is asked for in plain text elsewhere."""


@dataclass(frozen=True, slots=True)
class Control:
    """A connection in plain text to an address and port of a node, which its capture has to see."""

    node: str
    place: tuple[int, int]


def served(port: Port, heard: Heard | str, roots: Roots, identity: Identity, hosts: Sequence[str]) -> Port:
    """Judge what a port serves: its chain, whom it speaks for, and the names of the Services before it."""
    if isinstance(heard, str):
        return replace(port, why=heard)
    if not heard.answer.chain:
        return replace(port, why=_no_certificate(heard))
    try:
        chain = [Certificate.from_der(each) for each in heard.answer.chain]
    except UnreadableCertificateError as error:
        return replace(port, why=str(error))
    whom = ", ".join(chain[0].names.uris) or chain[0].title
    return replace(port, served=whom, why="; ".join(_faults(chain, roots, identity, hosts)))


def _no_certificate(heard: Heard) -> str:
    if heard.ending is Ending.NO_TLS:
        return f"it speaks no TLS: it answered with {heard.detail}"
    alert = heard.answer.alert
    return f"no certificate was seen: {alert.title if alert else heard.detail or heard.ending.value}"


def _faults(chain: Sequence[Certificate], roots: Roots, identity: Identity, hosts: Sequence[str]) -> Iterator[str]:
    built = roots.build(chain[0], chain[1:], purpose=Purpose.SERVER)
    if not isinstance(built, Chain):
        yield built.message
    if chain[0].names.uris != (identity.id,):
        yield f"its certificate is not that of {identity.id}"
    for host in hosts:
        if not covers(chain[0], host):
            yield f"its certificate does not cover {host}"


def attempts(kind: Kind, mutual: Mutual) -> Iterator[Attempt]:
    """What became of each client, with whether a port of this kind is to answer it."""
    by_client = {_CLIENTS[each.kind]: each for each in mutual.trials}
    for client in Client:
        if (trial := by_client.get(client)) is not None:
            fate = _FATES.get(trial.outcome, Fate.UNCLEAR)
            if client is Client.PLAIN and trial.outcome is Outcome.CLOSED:
                fate = Fate.REFUSED
            yield Attempt(client, fate, trial.detail, accepts(kind, client))


def wire(
    watch: Watch, tokens: Tokens, ports: Sequence[Port], handshakes: Sequence[Handshakes], controls: Sequence[Control]
) -> Wire:
    """Judge what the captures saw, when all of it is read."""
    seen = {each.place for each in watch.seen if each.token == tokens.control}
    by_place = {(int(ip_address(each.address)), each.port): each for each in ports}
    plain = {
        each.place for each in watch.seen if each.token == tokens.open and each.sent and each.place in by_place
    }  # fmt: skip
    faults = [
        *_blind(watch, seen, controls),
        *_unseen(watch, handshakes),
        *_leaks(watch, tokens, by_place),
        *(f"an answer of {_name(by_place[each])} was seen in plain text"
          for each in sorted(plain) if by_place[each].kind is not Kind.PERMISSIVE),
    ]  # fmt: skip
    met = sum(each.place in seen for each in controls)
    nodes = [f"node/{name}" for name in watch.captures]
    return Wire(nodes, watch.packets.total(), len(controls), met, len(plain), list(dict.fromkeys(faults)))


def _blind(watch: Watch, seen: set[tuple[int, int]], controls: Sequence[Control]) -> Iterator[str]:
    """Captures that did not see all that they had to see."""
    lost = watch.lost()
    for name in sorted(watch.captures):
        mine = [each for each in controls if each.node == name]
        if not mine or any(each.place not in seen for each in mine):
            yield f"the capture on node/{name} did not see a connection in plain text: it proves nothing"
        if lost.get(name):
            yield f"the capture on node/{name} lost {lost[name]} packets"


def _unseen(watch: Watch, handshakes: Sequence[Handshakes]) -> Iterator[str]:
    """Ports that answered, and no capture saw a packet of it."""
    for each in handshakes:
        port = each.port
        answered = any(one.fate is Fate.ACCEPTED for one in each.attempts)
        if answered and not watch.packets[int(ip_address(port.address)), port.port]:
            yield f"nothing of what was said to {_name(port)} was seen"


def _leaks(watch: Watch, tokens: Tokens, by_place: dict[tuple[int, int], Port]) -> Iterator[str]:
    for each in sorted(watch.seen):
        if each.token == tokens.sealed:
            port = by_place.get(each.place)
            where = f"to or from {_name(port)}" if port else "elsewhere"
            yield f"what was sent through TLS was seen in plain text {where}"


def _name(port: Port) -> str:
    return f"{port.name}:{port.port}"
