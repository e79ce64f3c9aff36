"""What follows from a placement: who is who, how it is wired, and what the kernel is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address

from crenel.enforce.compiler import compile_node
from crenel.enforce.ruleset import Ruleset
from crenel.enforce.site import Site
from crenel.lab.cluster.addressing import BALANCERS, SERVICES
from crenel.lab.cluster.backends import Backends, Served, entrances, hand_made
from crenel.lab.cluster.outside import Inside, World, host_at, known_again, resolved, usable, world
from crenel.lab.cluster.placement import Placement
from crenel.lab.cluster.roster import Roster, enrol
from crenel.lab.cluster.sites import sites
from crenel.lab.probing.listeners import Ear
from crenel.lab.probing.probes import Parties
from crenel.lab.probing.seams import Span
from crenel.lab.twin import dataplane
from crenel.lab.twin.topology import OUTSIDE, Topology, node_key, pod_key, wire
from crenel.network.addresses import LAST, AddressSet, Family
from crenel.network.traffic import SCTP, TCP, UDP, protocol_number


@dataclass(frozen=True, slots=True)
class Stage:
    """What follows from a placement: who is who, who stands behind what, how it is wired."""

    placement: Placement
    roster: Roster
    world: World
    served: list[Served]
    entrances: dict[str, str]
    topology: Topology
    parties: Parties

    def rulesets(self) -> dict[str, Ruleset]:
        """What each node enforces."""
        network = self.placement.model.network
        names = resolved(self.world.hosts, network)
        return {node: compile_node(network, site, resolved=names) for node, site in self.sites().items()}

    def sites(self) -> dict[str, Site]:
        """What each node has to guard."""
        return sites(self.placement, self.roster, self.topology.interfaces)

    def dataplanes(self) -> dict[str, str]:
        """The Services of each node, as nft text."""
        return {
            node.name: dataplane.write(self.served, node.name, self._sources(node.name))
            for node in self.placement.nodes
        }

    def widened(self, spans: Iterable[Span]) -> Stage:
        """The same with more hosts outside, after those that are there: on both sides of the ends of some ranges.

        Ranges that the cluster alone fills have none outside.
        """
        cluster = _inside(self.placement)
        apart = [each for each in spans if not AddressSet.from_range(*each) <= cluster.ranges]
        known = {(host.family, host.address) for host in self.world.hosts}
        fresh = {each for span in apart for each in _around(*span) if usable(*each, cluster)} - known
        hosts = [*self.world.hosts, *(host_at(self.placement.model.network, *each) for each in sorted(fresh))]
        parties = Parties(self.placement, self.roster, hosts)
        return replace(self, world=World(hosts, self.world.unprobed), parties=parties)

    def _sources(self, node: str) -> Mapping[Family, str]:
        return {family: party.address for (name, family), party in self.parties.senders.items() if name == node}

    def ears(self) -> list[Ear]:
        """Who listens where: pods on the ports they declare and on those that Services lead to, all for SCTP."""
        found: list[Ear] = []
        spaces: dict[str, tuple[str, str]] = {}
        for pod in self.placement.pods:
            for address in pod.addresses:
                spaces.setdefault(address, (pod.title, pod_key(pod)))
                for protocol, port in pod.ports:
                    number = protocol_number(protocol)
                    if number in (TCP, UDP):
                        found.append(Ear(pod.title, pod_key(pod), address, number, port))
        for served in self.served:
            for backend in served.backends:
                if served.protocol in (TCP, UDP) and backend.address in spaces:
                    title, space = spaces[backend.address]
                    found.append(Ear(title, space, backend.address, served.protocol, backend.port))
        for address, (node, _) in self.roster.addresses.items():
            spaces.setdefault(address, (f"node/{node}", node_key(node)))
        spaces |= {host.text: (host.text, OUTSIDE) for host in self.world.hosts}
        found += [Ear(title, space, address, SCTP, 0) for address, (title, space) in spaces.items()]
        return found


def stage(placement: Placement, before: Stage | None = None, outside: Iterable[tuple[Family, int]] = ()) -> Stage:
    """Derive everything from a placement.

    The world outside stays as it was `before`, for the kernel has it already; `outside` are addresses that it shall
    have besides those that the rules ask for.
    """
    roster = enrol(placement)
    model = placement.model
    if before is None:
        hosts = world(model.network, placement.services, _inside(placement), [*hand_made(placement), *outside])
    else:
        hosts = known_again(before.world, model.network)
    served = Backends(placement, roster, hosts.hosts).served()
    found = entrances(placement, served)
    topology = wire(placement, hosts.hosts, found)
    return Stage(placement, roster, hosts, served, found, topology, Parties(placement, roster, hosts.hosts))


def _around(family: Family, low: int, high: int) -> Iterator[tuple[Family, int]]:
    yield from ((family, each) for each in {low - 1, low, high, high + 1} if 0 <= each <= LAST[family])


def _inside(placement: Placement) -> Inside:
    """What belongs to the cluster: its ranges, and every address that somebody in it has."""
    own = [text for pod in placement.pods for text in pod.addresses]
    own += [text for node in placement.nodes for text in (*node.addresses, *node.further)]
    own += [text for each in placement.services for text in (*each.addresses, *each.balancers, *each.externals)]
    taken = AddressSet.of(*(str(ip_address(text)) for text in own))
    ranges = placement.model.network.blueprint.inside | taken | AddressSet.of(*SERVICES, *BALANCERS)
    return Inside(ranges, taken)
