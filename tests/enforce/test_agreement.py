"""The compiled rules say what the solver says, for every packet that either can tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

import pytest
from hypothesis import given

import crenel
from crenel.enforce.ruleset import Ruleset
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.probing.probes import Parties, Party
from crenel.lab.stage import stage
from crenel.network.locality import LOCAL
from crenel.network.network import Network
from crenel.network.oracle import Oracle
from crenel.network.rules import Direction
from crenel.network.traffic import OTHER, TrafficTable
from enforce.interpreter import ACCEPTED, Packet, decide
from enforce.paths import Hop, is_guard, path
from enforce.small import Object, admin
from properties.strategies import Scenario, scenarios
from questions.cluster import namespace, node, pod, policy, port

pytestmark = pytest.mark.slow

GRE = 47
"""A protocol that no rule names."""


@given(scenarios())
def test_the_rules_are_the_model(scenario: Scenario) -> None:
    """For every pair of ends and one port of every atom each node decides what the solver does, if that is sure."""
    agree(scenario.objects)


@given(scenarios(certain=True))
def test_the_rules_are_the_model_where_nothing_is_unknown(scenario: Scenario) -> None:
    """With priorities apart and no domain names, the solver is sure of everything, and so are the rules."""
    assert agree(scenario.objects) == 0


def test_further_addresses_of_nodes() -> None:
    """A node is itself by each of its addresses: its own pods' node, and for others an address that blocks match."""
    block = {"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.10/32"]}}
    inward = [{"from": [block], "ports": [port("http")]}]
    outward = [{"to": [{"ipBlock": {"cidr": "203.0.113.10/32"}}]}, {"ports": [port("http")]}]
    objects = [
        namespace("shop"),
        node("n1", "172.18.0.2", further="203.0.113.9"),
        node("n2", "172.18.0.3", further="203.0.113.10"),
        pod("shop/web", "10.0.0.1", ports={"http": 8080}, nodeName="n1"),
        pod("shop/api", "10.0.0.2", ports={"http": 8080}, nodeName="n2"),
        pod("shop/host", "172.18.0.2", ports={"http": 80}, nodeName="n1", hostNetwork=True),
        policy("shop/all", ingress=inward, egress=outward),
    ]
    assert agree(objects) == 0
    assert agree([*objects, admin("first", 1, egress=[{"action": "Deny", "to": [{"nodes": {}}]}])]) == 0


def agree(objects: Sequence[Object]) -> int:
    """Compare. Returns how much the solver does not know."""
    placement = place(crenel.load(list(objects)).model, Wishes(replicas=3))
    staged = stage(placement)
    comparison = Comparison(placement.model.network, staged.rulesets())
    for source, target in pairs(staged.parties):
        comparison.compare(source, target)
    return comparison.unknown


def pairs(parties: Parties) -> Iterator[tuple[Party, Party]]:
    """All that a packet can go between, if a policy can have anything to say about it."""
    everybody = [*parties.pods, *parties.nodes, *parties.outside]
    for source in everybody:
        if source.title.startswith("dns:"):
            continue  # a name is a destination
        for target in everybody:
            inside = any(each.node and not each.hosted for each in (source, target))
            if inside and source.family == target.family and source.address != target.address:
                yield source, target


class Comparison:
    """Holds compiled rulesets against a network."""

    def __init__(self, network: Network, rulesets: dict[str, Ruleset]) -> None:
        self.oracle = Oracle(network)
        self.rulesets = rulesets
        self.traffic = list(atoms(network.table))
        self.unknown = 0

    def compare(self, source: Party, target: Party) -> None:
        """All atoms between two ends, at every node that judges them."""
        for hop in path(source, target):
            for protocol, dport in self.traffic:
                packet = Packet(source.family, number(source), number(target), protocol, dport, hop.local)
                expected = self.expected(hop, source, target, protocol, dport)
                found = decide(self.rulesets[hop.node], packet, hop.direction)
                if expected is None:
                    self.unknown += 1
                    continue
                assert (found == ACCEPTED) is expected, f"{source.title} to {target.title} {protocol}/{dport}: {hop}"
                if found != ACCEPTED:
                    self.check_denial(found, hop)

    def expected(self, hop: Hop, source: Party, target: Party, protocol: int, dport: int) -> bool | None:
        """Whether a packet passes; None where the solver does not know."""
        if not is_guard(hop, source, target):
            return True
        near = source.hosted and source.node == target.node and not target.hosted
        seen_as = LOCAL if near else source.endpoint
        ends = (seen_as, target.endpoint)
        subject, other = ends if hop.direction is Direction.EGRESS else ends[::-1]
        return self.oracle.end(source.family, hop.direction, subject, other, protocol, dport)

    def check_denial(self, found: str, hop: Hop) -> None:
        """A denial is one that the ruleset explains, for the direction that it happened in."""
        denial = self.rulesets[hop.node].denials[found]
        assert denial.direction is hop.direction
        assert denial.policies


def atoms(table: TrafficTable) -> Iterator[tuple[int, int]]:
    """One (protocol, port) of each atom."""
    return ((GRE if slot.protocol == OTHER else slot.protocol, slot.first) for slot in table.slots)


def number(party: Party) -> int:
    """The address of an end."""
    return int(ip_address(party.address))
