"""What `exposure` says is open from outside the lab opens, and nothing else: with real packets, path by path."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from ipaddress import ip_address

import pytest

import crenel
from crenel.dialects.joined import join
from crenel.enforce.firewalls import compile_wire
from crenel.enforce.site import LocalPod, Site
from crenel.enforce.text import write
from crenel.kernel.nftables import Nftables
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.lab import Lab
from crenel.lab.probing.observations import Fate
from crenel.lab.probing.probes import Planner, Route
from crenel.lab.run import compare
from crenel.lab.stage import stage
from crenel.lab.twin.topology import FABRIC
from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.firewalls import Answer, Fact, Filter, FilterRule, Infrastructure, Interface, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.network.traffic import parse_traffic
from crenel.questions.exposure.assumptions import assume
from crenel.questions.exposure.paths import State
from crenel.questions.exposure.report import exposure
from kernel.needs import needs_namespaces
from questions.cluster import Object, node, pod, policy

pytestmark = needs_namespaces

NODES = [node("n1", "10.0.1.10"), node("n2", "10.0.2.10")]
PODS = [
    pod("shop/web-1", ("10.244.1.5", "fd00:1::5"), labels={"app": "web"}, ports={"http": 8080}, nodeName="n1"),
    pod("shop/api-1", ("10.244.2.5", "fd00:2::5"), labels={"app": "api"}, ports={"http": 8080}, nodeName="n2"),
    pod("shop/agent", "10.0.2.10", labels={"app": "agent"}, ports={"metrics": 9100}, nodeName="n2", hostNetwork=True),
]
ROUTED = Fact(Answer.YES, "a route to the internet")
GOOGLE, QUAD = "8.8.8.0/24", "9.9.9.0/24"


def service(name: str, app: str, number: int, kind: str = "NodePort", **spec: object) -> Object:
    """A Service with a node port."""
    ports = [{"port": 80, "targetPort": 8080, "nodePort": number}]
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"type": kind, "selector": {"app": app}, "ports": ports, "ipFamilyPolicy": "PreferDualStack", **spec},
    }  # fmt: skip


SERVICES = [
    service("cluster", "web", 30001),
    service("local", "web", 30002, externalTrafficPolicy="Local"),
    service("other", "api", 30003, externalTrafficPolicy="Local"),
    service("balanced", "api", 30004, "LoadBalancer", loadBalancerSourceRanges=[GOOGLE, "2001:4860::/32"],
            externalTrafficPolicy="Local"),
    service("spread", "web", 30005, "LoadBalancer"),
]  # fmt: skip


def clients(*cidrs: str) -> list[Object]:
    """An ingress rule for some clients."""
    return [{"from": [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]}]


POLICIES = {
    "no policy": [],
    "clients of one range": [policy("shop/web", {"app": "web"}, ingress=clients(GOOGLE, "2001:4860::/32"))],
    "nodes alone": [policy("shop/web", {"app": "web"}, ingress=clients("10.0.0.0/16"))],
    "two ranges, one of which the balancer takes": [policy("shop/api", {"app": "api"}, ingress=clients(GOOGLE, QUAD))],
    "nobody": [policy("shop/all", {}, ingress=[])],
    "another port": [policy("shop/web", {"app": "web"}, ingress=[{"ports": [{"port": 9999}]}])],
}


@pytest.mark.parametrize("policies", POLICIES.values(), ids=POLICIES)
def test_the_lab_opens_what_exposure_says(policies: list[Object]) -> None:
    """For each Service, family and client: somebody gets through to it exactly if a path is open for that client."""
    placement = place(crenel.load([*NODES, *PODS, *SERVICES, *policies]).model, Wishes())
    joined = join(placement.model.given, Infrastructure())
    found = exposure(joined, assume(["internet-facing=yes", "public-nodes=yes", "unfiltered=yes"]))
    says = {
        (path.entry.title.removeprefix("service "), path.entry.kind.value, path.family): path
        for path in found.paths
        if path.entry.service is not None
    }
    assert not [path for path in says.values() if path.state is State.POSSIBLE]
    asked = {number + 30001: f"shop/{made['metadata']['name']}" for number, made in enumerate(SERVICES)}
    opened: dict[tuple[str, str, int, str], bool] = defaultdict(bool)
    with Lab(stage(placement)) as lab:
        for each in compare(lab).results:
            probe = each.probe
            if probe.route is Route.NODE_PORT:
                key = asked[probe.port], "node port"
            elif probe.route is Route.BALANCER:
                key = probe.destination.replace("/svc/", "/"), "load balancer"
            else:
                continue
            opened[(*key, probe.source.family, probe.source.address)] |= each.kernel is Fate.ARRIVED
    checked = 0
    for (name, kind, family, address), arrived in opened.items():
        value = int(ip_address(address))
        if not INTERNET.contains(4 if family == 4 else 6, value):
            continue
        checked += 1
        path = says[name, kind, 4 if family == 4 else 6]
        assert path.sources.contains(4 if family == 4 else 6, value) is arrived, (name, kind, address, arrived)
    assert checked > 20


PUBLIC = [node("n1", "18.185.1.10"), node("n2", "18.185.1.11")]
CARDS = [
    Interface(f"eni-{name}", addresses=AddressSet.of(address), public=AddressSet.of(address), entered={4: ROUTED})
    for name, address in (("n1", "18.185.1.10"), ("n2", "18.185.1.11"))
]


def tier(direction: Direction, *rules: FilterRule, guards: str = "n1 n2", stateless: bool = False) -> Tier:
    """A tier of one filter in front of nodes."""
    names = frozenset(f"eni-{name}" for name in guards.split())
    return Tier("firewall", direction, ((Filter("firewall", names, rules),),), isolating=True, stateless=stateless)


def rule(action: Action, cidr: str, traffic: str) -> FilterRule:
    """A rule for some addresses."""
    return FilterRule(action, Peer(addresses=AddressSet.of(cidr)), parse_traffic(traffic))


FIREWALLS = {
    "one range of clients": [tier(Direction.INGRESS, rule(Action.NEXT, GOOGLE, "TCP/30000-32767"))],
    "some node ports": [tier(Direction.INGRESS, rule(Action.NEXT, "0.0.0.0/0", "TCP/30001-30002"))],
    "one of the nodes": [
        tier(Direction.INGRESS, rule(Action.NEXT, "0.0.0.0/0", "TCP"), guards="n1"),
        tier(Direction.INGRESS, rule(Action.NEXT, QUAD, "TCP"), guards="n2"),
    ],
    "denials first": [
        tier(Direction.INGRESS, rule(Action.DENY, GOOGLE, "TCP/30003"), rule(Action.NEXT, "0.0.0.0/0", "TCP"))
    ],
    "lists that let replies out": [
        tier(Direction.EGRESS, rule(Action.NEXT, "0.0.0.0/0", "TCP/1024-65535"), stateless=True),
        tier(Direction.INGRESS, rule(Action.NEXT, "8.0.0.0/7", "TCP/30000-32767"), stateless=True),
    ],
    "lists that let replies out to some": [
        tier(Direction.EGRESS, rule(Action.NEXT, QUAD, "TCP/1024-65535"), stateless=True),
        tier(Direction.INGRESS, rule(Action.NEXT, "0.0.0.0/0", "TCP/30000-32767"), stateless=True),
    ],
}


@pytest.mark.parametrize("policies", [POLICIES["no policy"], POLICIES["clients of one range"]], ids=("open", "closed"))
@pytest.mark.parametrize("tiers", FIREWALLS.values(), ids=FIREWALLS)
def test_with_firewalls_in_front_of_the_nodes(tiers: list[Tier], policies: list[Object]) -> None:
    """The same with the firewalls of the infrastructure in the kernel, on the router between outside and nodes.

    Stateless lists would judge what nodes hand on to each other, which `exposure` does not walk: Services are local
    then.
    """
    services = SERVICES[1:3] if any(each.stateless for each in tiers) else SERVICES[:3]
    placement = place(crenel.load([*PUBLIC, *PODS[:2], *services, *policies]).model, Wishes())
    joined = join(placement.model.given, Infrastructure(CARDS, tiers))
    says = {path.entry.port: path for path in exposure(joined, assume([])).paths if path.family == 4}
    assert {path.state for path in says.values()} <= {State.OPEN, State.CLOSED}
    cards = tuple(LocalPod(joined.wire.index(each.name), each.addresses, "") for each in CARDS)
    staged = stage(placement, outside=[(4, int(ip_address(text))) for text in ("8.8.8.8", "9.9.9.9", "1.1.1.1")])
    opened: dict[tuple[int, str], bool] = defaultdict(bool)
    with Lab(staged, watched=[FABRIC]) as lab:
        with Nftables(lab.twin.spaces[FABRIC]) as nft:
            for ruleset in compile_wire(joined.wire, Site(FABRIC, cards)).values():
                nft.run(write(ruleset))
        planner = Planner(placement.model.network, staged.parties, staged.served, staged.entrances)
        found = [each for each in planner.agenda().probes if each.route is Route.NODE_PORT and each.source.family == 4]
        # With ports of their own, the answers that are dropped are known for what they are.
        probes = [replace(each, sport=40000 + number) for number, each in enumerate(found)]
        seen = lab.probe(probes)
    assert not [each for each in seen if each.fate is Fate.LOST]
    for probe, each in zip(probes, seen, strict=True):
        opened[probe.port, probe.source.address] |= each.fate is Fate.ARRIVED
    checked = {key: arrived for key, arrived in opened.items() if INTERNET.contains(4, int(ip_address(key[1])))}
    for (port, address), arrived in checked.items():
        assert says[port].sources.contains(4, int(ip_address(address))) is arrived, (port, address, arrived)
    assert len(checked) >= 6
    assert set(checked.values()) == {True, False}
