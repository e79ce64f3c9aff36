"""Which packets are sent: every pair of ends, with every port that some rule, pod or Service speaks of, and others.

Of each interval of ports that no rule splits the first and the last are tried, so that a rule that is off by one is
found; and the intervals that nobody speaks of are among them. Where that would be more than a user waits for, the
last ports are left out first.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from crenel.lab.cluster.backends import Served, TwinBackend
from crenel.lab.cluster.outside import OutsideHost
from crenel.lab.cluster.placement import Placement
from crenel.lab.cluster.roster import Roster
from crenel.lab.twin.dataplane import OUT_OF_RANGE, UNSERVED
from crenel.lab.twin.topology import OUTSIDE, node_key, pod_key
from crenel.network.addresses import AddressSet, Family
from crenel.network.locality import LOCAL
from crenel.network.network import Network
from crenel.network.oracle import Expectation, Oracle
from crenel.network.traffic import ICMP, ICMPV6, PORTED, Slot, protocol_number

MOST = 250_000
"""How many probes are sent before ports are left out."""


_OFTEN = 8
_ECHO: dict[Family, int] = {4: ICMP, 6: ICMPV6}
"""What stands for all traffic without ports: an echo."""


class Route(enum.Enum):
    """Which way a probe takes."""

    PODS = "pod to pod"
    FROM_NODE = "node to pod"
    TO_NODE = "pod to node"
    FROM_OUTSIDE = "outside to pod"
    TO_OUTSIDE = "pod to outside"
    SERVICE = "to a Service inside"
    NODE_PORT = "outside to a node port"
    BALANCER = "outside to a load balancer"


@dataclass(frozen=True, slots=True)
class Party:
    """One end that can send and be sent to. `name` is what reports call it; `space` its namespace in the twin."""

    name: str
    title: str
    space: str
    endpoint: int
    node: str
    family: Family
    address: str
    hosted: bool = False
    ports: tuple[tuple[int, int], ...] = ()
    """What it listens on: (protocol, port)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One end that a probe may arrive at, and what the model says of that.

    `source` and `destination` are the endpoints that it was asked about: the source as it is seen there.
    """

    title: str
    address: str
    port: int
    source: int
    destination: int
    expected: Expectation


@dataclass(slots=True)
class Probe:
    """One packet, or one handshake; the port of an echo is 0.

    `candidates` is empty where nobody may serve it, for the reason `refused`.
    """

    route: Route
    source: Party
    destination: str
    address: str
    protocol: int
    port: int
    candidates: tuple[Candidate, ...]
    refused: str = ""
    sport: int = 0
    """The port that it is sent from, 0 for any. Only one that is `direct` may choose, and has none for an echo."""

    @property
    def direct(self) -> bool:
        """Whether it goes to an address as it is, and to no Service."""
        return self.route not in (Route.SERVICE, Route.NODE_PORT, Route.BALANCER)


@dataclass(frozen=True, slots=True)
class Agenda:
    """The probes of a run. `undecided` counts pairs that the model cannot decide, which are not sent."""

    probes: list[Probe]
    undecided: int
    thinned: bool


class Parties:
    """Everybody in the twin."""

    def __init__(self, placement: Placement, roster: Roster, hosts: Sequence[OutsideHost]) -> None:
        self.pods = [
            Party(
                roster.names[pod.title], pod.title, pod_key(pod), roster.pods[pod.title], pod.node,
                _family(address), address, pod.hosted,
                tuple((protocol_number(protocol), port) for protocol, port in pod.ports),
            )
            for pod in placement.pods
            for address in pod.addresses
        ]  # fmt: skip
        self.nodes = [
            Party(f"node/{node}", f"node/{node}", node_key(node), endpoint, node, _family(address), address, True)
            for address, (node, endpoint) in roster.addresses.items()
        ]
        self.senders = {(party.node, party.family): party for party in reversed(self.nodes)}
        """The address that each node sends from, by family."""
        self.outside = [
            Party(host.title, host.title, OUTSIDE, host.endpoint, "", host.family, host.text) for host in hosts
        ]


def _family(text: str) -> Family:
    return 4 if ip_address(text).version == 4 else 6


class Planner:
    """Makes the agenda of a run."""

    def __init__(
        self,
        network: Network,
        parties: Parties,
        served: Sequence[Served],
        entrances: dict[str, str],
        further: Iterable[tuple[int, int]] = (),
    ) -> None:
        """`further` are (protocol, port) pairs to try beside those that the model tells apart."""
        self._oracle = Oracle(network)
        self._parties = parties
        self._served = served
        self._entrances = entrances
        self._slots = network.table.slots
        self._further = sorted(set(further) - {(slot.protocol, each) for slot in self._slots for each in _ends(slot)})
        self._undecided = 0

    def agenda(self, most: int = MOST) -> Agenda:
        """All probes, at most about `most`."""
        pairs = [
            pair for pair in self._pairs() if pair[1].family == pair[2].family and pair[1].address != pair[2].address
        ]
        thinned = len(pairs) * len(self._ports((), thinned=False)) > most
        direct = (
            self.direct(route, source, target, protocol, port)
            for route, source, target in pairs
            for protocol, port in [*self._ports(target.ports, thinned), (_ECHO[source.family], 0)]
        )
        probes = [*self._decided(direct), *_often(self._decided(self._through_services()))]
        return Agenda(probes, self._undecided, thinned)

    def _pairs(self) -> Iterator[tuple[Route, Party, Party]]:
        parties = self._parties
        guarded = [pod for pod in parties.pods if not pod.hosted]
        hosted = [pod for pod in parties.pods if pod.hosted]
        senders = [*parties.senders.values(), *hosted]
        for source in guarded:
            yield from ((Route.PODS, source, target) for target in guarded)
            yield from ((Route.TO_NODE, source, target) for target in (*parties.nodes, *hosted))
            yield from ((Route.TO_OUTSIDE, source, target) for target in parties.outside)
        for target in guarded:
            yield from ((Route.FROM_NODE, source, target) for source in senders)
            named = (each for each in parties.outside if not each.name.startswith("dns:"))
            yield from ((Route.FROM_OUTSIDE, source, target) for source in named)

    def _ports(self, declared: Sequence[tuple[int, int]], thinned: bool) -> list[tuple[int, int]]:
        """The (protocol, port) pairs to try at one end."""
        found = dict.fromkeys(each for each in declared if each[0] in PORTED)
        for slot in self._slots:
            if slot.protocol in PORTED:
                found[slot.protocol, slot.first] = None
                if not thinned:
                    found[slot.protocol, slot.last] = None
        return [*found, *self._further]

    def direct(self, route: Route, source: Party, target: Party, protocol: int, port: int) -> Probe:
        """A probe from one end to another of the same family, as it is addressed."""
        seen_as = LOCAL if source.hosted and source.node == target.node and not target.hosted else source.endpoint
        expected = self._oracle.expect(source.family, seen_as, target.endpoint, protocol, port)
        candidate = Candidate(target.title, target.address, port, seen_as, target.endpoint, expected)
        return Probe(route, source, target.name, target.address, protocol, port, (candidate,))

    def _decided(self, probes: Iterable[Probe]) -> Iterator[Probe]:
        """Those of which the model knows what should become of them; the others are counted."""
        for probe in probes:
            if any(each.expected.allowed is None for each in probe.candidates):
                self._undecided += 1
            else:
                yield probe

    def _through_services(self) -> Iterator[Probe]:
        inside = [*(pod for pod in self._parties.pods if not pod.hosted), *self._parties.senders.values()]
        outside = [each for each in self._parties.outside if not each.name.startswith("dns:")]
        for served in self._served:
            for address in served.addresses(served.exposed.addresses):
                for source in inside:
                    if source.family == served.family:
                        yield self.through(Route.SERVICE, source, served, address, served.port.port)
            for source in outside:
                if source.family == served.family:
                    yield from self._from_outside(source, served)

    def _from_outside(self, source: Party, served: Served) -> Iterator[Probe]:
        if served.port.node_port:
            for (node, family), party in self._parties.senders.items():
                if family == source.family:
                    yield self.through(Route.NODE_PORT, source, served, party.address, served.port.node_port, node)
        for address in served.addresses((*served.exposed.balancers, *served.exposed.externals)):
            if entrance := self._entrances.get(address):
                yield self.through(Route.BALANCER, source, served, address, served.port.port, entrance)

    def through(self, route: Route, source: Party, served: Served, address: str, port: int, node: str = "") -> Probe:
        """A probe of a Service's address; `node` is the one that it enters by from outside."""
        probe = Probe(route, source, f"{served.exposed.title}", address, served.protocol, port, ())
        if address in served.exposed.balancers and not _within(source, served.exposed.source_ranges):
            probe.refused = OUT_OF_RANGE
        else:
            backends = served.outside(node) if node else served.inside(source.node)
            translated = bool(node) and not served.exposed.local_outside
            probe.candidates = tuple(
                self._candidate(source, served, each, node if translated else "") for each in backends
            )
            probe.refused = "" if backends else UNSERVED
        return probe

    def _candidate(self, source: Party, served: Served, backend: TwinBackend, translator: str) -> Candidate:
        """One backend, as the client or, behind source NAT, as a node reaches it.

        A node that forwards is not the pod's own node in the sense of the exemption: that is bound to local origin.
        """
        if translator:
            seen_as = self._parties.senders[translator, served.family].endpoint
        elif source.hosted and source.node == backend.node:
            seen_as = LOCAL
        else:
            seen_as = source.endpoint
        expected = self._oracle.expect(served.family, seen_as, backend.endpoint, served.protocol, backend.port)
        return Candidate(backend.title, backend.address, backend.port, seen_as, backend.endpoint, expected)


def _ends(slot: Slot) -> tuple[int, int]:
    return slot.first, slot.last


def _often(probes: Iterable[Probe]) -> Iterator[Probe]:
    """Each probe of a Service as often as it has backends, but not too often: each time chance chooses one."""
    for probe in probes:
        yield probe
        yield from (replace(probe) for _ in probe.candidates[1:_OFTEN])


def _within(source: Party, ranges: Sequence[str]) -> bool:
    value = int(ip_address(source.address))
    return not ranges or AddressSet.of(*ranges).contains(source.family, value)
