"""What Crenel enforces itself, loaded and listed by nft, reads back as what the model says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import crenel
from crenel.dialects import hosts
from crenel.dialects.hosts import Site
from crenel.enforce.ruleset import Ruleset, Sources
from crenel.enforce.text import write
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.probing.probes import Party
from crenel.lab.stage import stage
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import with_tenants
from crenel.network.oracle import Oracle
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, ICMPV6, OTHER, Match
from crenel.network.wire import Wire, wire
from crenel.provenance import Origin
from crenel.questions.crossing import block_of, crossing
from crenel.questions.verdict import Outcome
from enforce.small import PEOPLE, Object, admin
from kernel.needs import needs_namespaces
from questions.cluster import policy

pytestmark = needs_namespaces
LOCAL = 0
"""The index of a pod's own node."""
POLICIES: dict[str, list[Object]] = {
    "default deny": [policy("shop/deny", ingress=[], egress=[])],
    "by label, port and range": [
        policy(
            "shop/web",
            ingress=[
                {"from": [{"podSelector": {}}], "ports": [{"port": "http"}, {"port": 53, "protocol": "UDP"}]},
                {"from": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.64/26"]}}]},
                {"from": [{"namespaceSelector": {}}], "ports": [{"port": 8000, "endPort": 8100}]},
            ],
            egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 5432}]}],
        ),
    ],
    "admin tiers": [
        admin("first", 1, ingress=[{"action": "Deny", "from": [{"networks": ["192.0.2.0/25"]}]}]),
        admin(
            "second",
            2,
            egress=[
                {"action": "Pass", "to": [{"namespaces": {}}]},
                {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]},
            ],
        ),
        policy("data/db", ingress=[{"from": [{"namespaceSelector": {}}], "ports": [{"port": 5432}]}]),
    ],
}


def listed(ruleset: Ruleset) -> Any:
    """The rules as nft lists them once they are loaded."""
    with Namespace.new() as namespace, Nftables(namespace) as nft:
        nft.run(write(ruleset))
        return nft.json("list ruleset")


def site(ruleset: Ruleset) -> Site:
    """What is behind the interfaces of the node's pods, by its own rules against spoofing."""
    devices: dict[str, AddressSet] = {}
    for one in ruleset.sets.values():
        if isinstance(one, Sources):
            for name, value in one.elements:
                devices[name] = devices.get(name, AddressSet()) | AddressSet.from_range(one.family, value, value)
    return Site(AddressSet.of("172.18.0.2"), devices)


def pairs(pods: Sequence[Party], others: Sequence[Party]) -> Iterator[tuple[Party, Party]]:
    """All between pods, and between them and others."""
    for source in (*pods, *others):
        for target in (*pods, *others):
            if source.address != target.address and (source in pods or target in pods):
                yield source, target


@pytest.mark.parametrize("name", POLICIES)
def test_the_rules_read_back_are_the_model(name: str) -> None:
    """Between all pods, their node and the outside, every kind of traffic has the verdict of the model."""
    placement = place(crenel.load([*PEOPLE, *POLICIES[name]]).model, Wishes())
    staged = stage(placement)
    ruleset = staged.rulesets()["n1"]
    made = hosts.read([(listed(ruleset), Origin("n1.nft.json"))], sites={"n1": site(ruleset)})
    assert not made.problems
    parties = staged.parties
    tenants = {each.title: ("host/n1/pods", AddressSet.of(each.address)) for each in parties.pods}
    ready = wire(with_tenants(made, tenants))
    oracle = Oracle(placement.model.network)
    outcomes = set()
    for source, target in pairs(parties.pods, [*parties.nodes, *parties.outside]):
        for slot in placement.model.network.table.slots:
            if slot.protocol in (OTHER, ICMP, ICMPV6):
                continue  # messages that always pass are ICMP too, and the model does not know types
            outcome = asked(
                ready, source, target, Match(slot.protocol, (slot.first, slot.first) if slot.first else None)
            )
            expected = allowed(oracle, source, target, slot.protocol, slot.first)
            assert outcome is (Outcome.ALLOWED if expected else Outcome.DENIED), (source, target, slot)
            outcomes.add(outcome)
    assert outcomes == {Outcome.ALLOWED, Outcome.DENIED}


def asked(ready: Wire, source: Party, target: Party, match: Match) -> Outcome:
    """What the rules read back say."""
    ends = [end(ready, each) for each in (source, target)]
    return crossing(ready, source.family, ends[0], ends[1], (match,)).outcome


def end(ready: Wire, party: Party) -> int:
    """A pod, the node, or a block outside."""
    if party.node:
        return ready.index("host/n1" if party.hosted else party.title)
    return block_of(ready.forth, party.address)


def allowed(oracle: Oracle, source: Party, target: Party, protocol: int, port: int) -> bool:
    """What the model says: both ends must allow it, where they are pods."""
    family = source.family
    near = source.hosted and not target.hosted and target.node == source.node
    out = source.hosted or not source.node
    into = target.hosted or not target.node
    return bool(
        (out or oracle.end(family, Direction.EGRESS, source.endpoint, target.endpoint, protocol, port))
        and (
            into
            or oracle.end(
                family, Direction.INGRESS, target.endpoint, LOCAL if near else source.endpoint, protocol, port
            )
        )
    )
