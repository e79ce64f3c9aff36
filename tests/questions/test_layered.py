"""All layers in one network say of a connection what the policies say, and what the wire says, together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.dialects.joined import join
from crenel.dialects.model import Input, Model
from crenel.kubernetes.decode import decode
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.endpoints import Kind
from crenel.network.firewalls import Answer, Fact, Infrastructure
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.network.traffic import Match, parse_traffic
from crenel.network.wire import Wire
from crenel.provenance import Origin
from crenel.questions.crossing import Crossing, crossing
from crenel.questions.explain import passage
from crenel.questions.exposure.assumptions import Assumptions
from crenel.questions.exposure.report import exposure
from crenel.questions.layered import Layers, layered
from crenel.sources.document import Document
from firewalls.strategies import MEMBERS, infrastructures

YES = {family: Fact(Answer.YES) for family in FAMILIES}
ASKED = ("TCP/443", "TCP/22", "TCP/40000", "UDP/53", "UDP/62000", "SCTP/2905")
OUTSIDE = ("198.51.100.7", "203.0.113.70", "203.0.113.5", "2001:db8:c::1", "10.0.2.9")


def node(name: str) -> dict[str, Any]:
    """A node with the addresses of an interface."""
    (own,) = [each.addresses for each in MEMBERS if each.name == name]
    addresses = [{"type": "InternalIP", "address": each.partition("/")[0]} for each in own.cidrs()]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"addresses": addresses}}


def pod(name: str, host: str, *addresses: str) -> dict[str, Any]:
    """A running pod."""
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {"nodeName": host, "containers": [{"name": "c", "image": "example.org/c"}]},
        "status": {"phase": "Running", "podIPs": [{"ip": each} for each in addresses]},
    }  # fmt: skip


OBJECTS = [
    node("a"), node("b"), node("c"), node("d"),
    pod("tunnel-a", "a", "10.244.1.5", "fd00:244:1::5"), pod("tunnel-b", "b", "10.244.2.5", "fd00:244:2::5"),
    pod("routed", "c", "10.0.2.77"), pod("neighbour", "c", "10.0.2.78"), pod("far", "d", "203.0.113.200"),
]  # fmt: skip
DELEGATED = {"c": AddressSet.of("10.0.2.64/26"), "d": AddressSet.of("203.0.113.192/26")}


def layers(infrastructure: Infrastructure) -> tuple[Wire, Model]:
    """The wire of an infrastructure under the cluster, and the one network."""
    interfaces = [
        replace(each, entered=YES, leaves=YES, delegated=DELEGATED.get(each.name, AddressSet()))
        for each in infrastructure.interfaces
    ]
    documents = [Document(data, Origin("test", number)) for number, data in enumerate(OBJECTS)]
    inside = Input(decode(documents))
    joined = join(inside, replace(infrastructure, interfaces=interfaces))
    whole = Layers(inside, joined, exposure(joined, Assumptions()))
    return joined.wire, layered([whole])[0]


def view_of(network: Network, family: Family) -> View:
    """The view of a family."""
    return next(view for view in network.views if view.family in (None, family))


def at(network: Network, text: str) -> int:
    """The index of an endpoint, or of the block around an address."""
    index = network.blueprint.registry.known(text)
    return index if index is not None else network.blocks_within(AddressSet.of(text))[0]


def said(model: Model, family: Family, source: str, destination: str, asked: tuple[Match, ...]) -> tuple[bool, bool]:
    """(sure, possible) in the one network."""
    network = model.network
    found = passage(
        network, view_of(network, family), at(network, source), at(network, destination), network.table.sum(asked)
    )
    return found.sure == found.asked, bool(found.possible)


def wired(wire: Wire, family: Family, source: str, destination: str, asked: tuple[Match, ...]) -> tuple[bool, bool]:
    """The same on the wire, both packets of the connection."""
    found: Crossing = crossing(wire, family, at(wire.forth, source), at(wire.forth, destination), asked)
    sure = found.request.sure == found.request.asked and found.reply.sure == found.reply.asked
    return sure, bool(found.request.possible and found.reply.possible)


def families_of(model: Model, *ends: str) -> list[Family]:
    """Those that all ends have."""
    endpoints = [model.network.endpoints[at(model.network, each)] for each in ends]
    return [family for family in FAMILIES if all(family in each.families for each in endpoints)]


@settings(max_examples=60, deadline=None)
@given(infrastructures(), st.sampled_from(ASKED))
def test_between_machines_and_outside_it_is_what_the_wire_says(infrastructure: Infrastructure, text: str) -> None:
    """Nodes, pods with addresses of the network, pods behind their node, and outside: each pair as the wire has it."""
    wire, model = layers(infrastructure)
    there = {each.name for each in infrastructure.interfaces}
    asked = parse_traffic(text)
    seats = {f"node/{name}": name for name in "abcd" if name in there}
    seats |= {"shop/routed": "shop/routed at c"} if "c" in there else {}
    seats |= {"shop/far": "shop/far at d"} if "d" in there else {}
    seats |= {address: address for address in OUTSIDE}
    for source, seat in {**seats, **({"shop/tunnel-a": "a"} if "a" in there else {})}.items():
        for destination, other in seats.items():
            if {source, destination} <= {*OUTSIDE} or same_node(source, destination):
                continue
            if source in OUTSIDE and destination.startswith("shop/") and source != "10.0.2.9":
                continue  # the ways in decide that
            for family in families_of(model, source, destination):
                assert said(model, family, source, destination, asked) == wired(wire, family, seat, other, asked)


def same_node(source: str, destination: str) -> bool:
    """Whether both are, or are on, one of the nodes."""
    where = {"shop/routed": "c", "shop/far": "d", "shop/tunnel-a": "a"}
    here, there = (where.get(each, each.removeprefix("node/")) for each in (source, destination))
    return here == there


@settings(max_examples=20, deadline=None)
@given(infrastructures())
def test_what_never_comes_to_a_firewall_is_open(infrastructure: Infrastructure) -> None:
    """On one node, and through the tunnel between nodes, no firewall of the infrastructure stands in the way."""
    _, model = layers(infrastructure)
    pairs = [("shop/tunnel-a", "shop/tunnel-b"), ("node/b", "shop/tunnel-a"), ("shop/routed", "shop/neighbour")]
    for source, destination in [*pairs, ("node/c", "shop/routed"), ("shop/routed", "node/c")]:
        for family in families_of(model, source, destination):
            if model.network.endpoints[at(model.network, source)].kind is not Kind.NODE:
                assert said(model, family, source, destination, parse_traffic("TCP/443")) == (True, True)
