"""Which packets are sent over a wire, and what the model says becomes of each.

Everybody with an address sends to everybody else, to both ends of each range of ports that rules tell apart. Where
tiers look at replies, clients send from both ends of each range of the ports that are theirs to choose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from itertools import cycle

from crenel.lab.probing.probes import Party, Probe, Route
from crenel.lab.wire.ends import Ends, edges
from crenel.network.addresses import Family
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, ICMPV6, PORTED, Match
from crenel.network.wire import CLIENT_PORTS, Wire
from crenel.questions.crossing import Crossing, crossing
from crenel.questions.explain import Passage
from crenel.questions.verdict import Decision, Outcome

ANSWERED, REFUSED, UNANSWERED = "answered", "refused", "unanswered"
"""What becomes of a probe: both packets pass; the request is dropped; the request passes and the reply is dropped."""
_PASSABLE = {Outcome.ALLOWED, Outcome.PARTIAL}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the model says of one probe: what becomes of it, and the (direction, stage) that may drop it."""

    fate: str
    droppers: frozenset[tuple[Direction, str]] = frozenset()


class Foretelling:
    """The probes of a wire with what is expected of each."""

    def __init__(self, wire: Wire, ends: Ends) -> None:
        self.wire = wire
        self.probes: list[tuple[Probe, Expected]] = []
        self.partial = 0
        """Connections that only some ports of clients get answers for."""
        self.undecided = 0
        """Probes that the model cannot foretell; they are left out."""
        self._crossing = cache(self._ask)
        for source, target in _pairs(ends.all):
            for probe in self._between(source, target):
                expected = self._expected(probe, target)
                if expected is None:
                    self.undecided += 1
                else:
                    self.probes.append((probe, expected))

    def _between(self, source: Party, target: Party) -> Iterator[Probe]:
        """An echo; each protocol to each port; then to one that answers from each range of clients' ports."""
        yield Probe(Route.PODS, source, target.title, target.address, ICMP if source.family == 4 else ICMPV6, 0, ())
        for protocol in PORTED:
            ports, sports = edges(self.wire, protocol), self._sports(protocol)
            outcomes = [self._crossed(source, target, protocol, port).outcome for port in ports]
            self.partial += outcomes.count(Outcome.PARTIAL)
            tried = list(zip(ports, cycle(sports)))
            answering = [port for port, each in zip(ports, outcomes, strict=True) if each in _PASSABLE]
            tried += [(port, sport) for port in answering[:1] for sport in sports]
            for port, sport in dict.fromkeys(tried):
                yield Probe(Route.PODS, source, target.title, target.address, protocol, port, (), sport=sport)

    def _sports(self, protocol: int) -> list[int]:
        """Ports to send from; 0, any, where nobody looks at replies."""
        low, high = CLIENT_PORTS
        if not self.wire.back.blueprint.stages:
            return [0]
        return [port for port in edges(self.wire, protocol) if low <= port <= high]

    def _crossed(self, source: Party, target: Party, protocol: int, port: int) -> Crossing:
        return self._crossing(source.family, source.endpoint, target.endpoint, protocol, port)

    def _ask(self, family: Family, source: int, target: int, protocol: int, port: int) -> Crossing:
        return crossing(self.wire, family, source, target, (Match(protocol, (port, port) if port else None),))

    def _expected(self, probe: Probe, target: Party) -> Expected | None:
        crossed = self._crossed(probe.source, target, probe.protocol, probe.port)
        if crossed.request.outcome is Outcome.UNKNOWN:
            return None
        if crossed.request.outcome is Outcome.DENIED:
            return Expected(REFUSED, _droppers(crossed.request))
        reply = crossed.reply
        client = Match(probe.protocol, (probe.sport, probe.sport) if probe.sport else None)
        asked = self.wire.back.table.mask(client) & reply.asked
        if reply.sure & asked == asked:
            return Expected(ANSWERED)
        return None if reply.possible & asked else Expected(UNANSWERED, _droppers(reply))


def _droppers(passage: Passage) -> frozenset[tuple[Direction, str]]:
    """The stages that deny it for sure, or for some of the addresses that an end has."""
    denying = (Decision.DENY, Decision.POSSIBLE)
    return frozenset((step.direction, step.stage) for step in passage.steps if step.decision in denying)


def _pairs(parties: Sequence[Party]) -> Iterator[tuple[Party, Party]]:
    """Who sends to whom: an interface is at one end at least, and another one, or the outside, at the other."""
    for source in parties:
        for target in parties:
            if source.family == target.family and source.space != target.space:
                yield source, target


def number(address: str) -> int:
    """An address as a number."""
    return int(ip_address(address))
