"""Every way to write an end of a connection, and what is said where there is no such end."""

from __future__ import annotations

import pytest

import crenel
from crenel.network.endpoints import Kind
from crenel.questions import places
from crenel.questions.places import PlaceError
from questions.cluster import Object, node, pod, service, workload

HASHED = {"app": "api", "pod-template-hash": "7d9f"}
CLUSTER: list[Object] = [
    node("k1", "192.168.0.1", pods="10.0.1.0/24", further="203.0.113.1"),
    workload("shop/web", {"http": 8080}),
    workload("shop/cart", kind="StatefulSet", replicas=2),
    workload("shop/both"),
    workload("shop/both", kind="DaemonSet"),
    pod("shop/lone", "10.0.1.9", nodeName="k1"),
    pod("shop/api-7d9f-x1", "10.0.1.10", labels=HASHED, owner=("ReplicaSet", "api-7d9f")),
    pod("shop/api-7d9f-x2", "10.0.1.11", labels=HASHED, owner=("ReplicaSet", "api-7d9f")),
    pod("shop/host", "192.168.0.1", nodeName="k1", hostNetwork=True),
    service("shop/web", [{"port": 80, "targetPort": "http"}], {"app": "web"}, clusterIP="10.96.0.1"),
    service("shop/front", [{"port": 80}], {"app": "web"}, clusterIP="10.96.0.2"),
]


@pytest.fixture(scope="module")
def net() -> crenel.Network:
    """The cluster."""
    net = crenel.load(CLUSTER)
    assert net.problems == []
    return net


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("shop/web", ["shop/web"]),
        ("shop/deployment/web", ["shop/web"]),
        ("shop/deploy/web", ["shop/web"]),
        ("shop/Deployment/web", ["shop/web"]),
        ("shop/sts/cart", ["shop/cart"]),
        ("shop/ds/both", ["shop/daemonset/both"]),
        ("shop/deploy/both", ["shop/deployment/both"]),
        ("shop/lone", ["shop/lone"]),
        ("shop/pod/lone", ["shop/lone"]),
        ("shop/po/lone", ["shop/lone"]),
        ("shop/api", ["shop/api"]),
        ("shop/api-7d9f-x1", ["shop/api"]),
        ("shop/pod/api-7d9f-x2", ["shop/api"]),
        ("shop/host", ["shop/host"]),
        ("10.0.1.9", ["shop/lone"]),
        ("10.0.1.11", ["shop/api"]),
        ("192.168.0.1", ["node/k1"]),
        ("node/k1", ["node/k1"]),
        ("10.0.1.8/30", ["0.0.0.0/0", "shop/api", "shop/lone"]),
        ("8.8.8.8", ["0.0.0.0/0"]),
        ("8.8.8.0/24", ["0.0.0.0/0"]),
        ("2001:db8::1", ["::/0"]),
        ("dns:api.example.com", ["dns:api.example.com"]),
        ("dns:API.Example.com.", ["dns:api.example.com"]),
        ("dns:*.example.com", ["dns:*.example.com"]),
    ],
)
def test_sources(net: crenel.Network, text: str, names: list[str]) -> None:
    """A workload, a pod, a node, an address, a CIDR and a name lead to the endpoints behind them."""
    place = places.source(text, net.directory)
    assert sorted(net.model.network.endpoints[index].title for index in place.members) == names
    assert place.service is None


@pytest.mark.parametrize(
    ("text", "end", "traffic"),
    [
        ("shop/web:80", "shop/web", ["TCP/80"]),
        ("shop/web:53/UDP", "shop/web", ["UDP/53"]),
        ("shop/web:53/udp", "shop/web", ["UDP/53"]),
        ("shop/web:80-90", "shop/web", ["TCP/80-90"]),
        ("shop/web:http", "shop/web", ["any/http"]),
        ("shop/web:http/UDP", "shop/web", ["UDP/http"]),
        ("shop/deploy/web:1", "shop/web", ["TCP/1"]),
        ("8.8.8.8:53/UDP", "0.0.0.0/0", ["UDP/53"]),
        ("8.8.8.0/24:443", "0.0.0.0/0", ["TCP/443"]),
        ("[2001:db8::1]:443", "::/0", ["TCP/443"]),
        ("[2001:db8::/64]:443", "::/0", ["TCP/443"]),
        ("[2001:db8::1]", "::/0", None),
        ("2001:db8::1", "::/0", None),
        ("dns:api.example.com:443", "dns:api.example.com", ["TCP/443"]),
        ("shop/web", "shop/web", None),
    ],
)
def test_targets(net: crenel.Network, text: str, end: str, traffic: list[str] | None) -> None:
    """A target may end in a port, with its protocol, as a range or by name."""
    place = places.target(text, net.directory)
    assert {net.model.network.endpoints[index].title for index in place.members} == {end}
    assert place.text == text
    if traffic is None:
        assert place.traffic is None
        return
    written = []
    for match in place.traffic or ():
        low, high = match.ports or (0, 0)
        what = match.name or (str(low) if low == high else f"{low}-{high}")
        written.append(f"{ {6: 'TCP', 17: 'UDP', None: 'any'}[match.protocol] }/{what}")
    assert written == traffic


@pytest.mark.parametrize("text", ["shop/svc/web", "shop/service/web", "shop/services/web", "10.96.0.1"])
def test_services(net: crenel.Network, text: str) -> None:
    """A Service is found by its name or its cluster address, as a target and not as a source."""
    place = places.target(f"{text}:80", net.directory)
    assert place.service is not None
    assert (place.service.namespace, place.service.name) == ("shop", "web")
    with pytest.raises(PlaceError) as caught:
        places.source(text, net.directory)
    assert str(caught.value) == f"{text!r} is a Service: only a workload, a pod, a node or an address can be a source"


def test_pods_and_their_nodes(net: crenel.Network) -> None:
    """One pod of a workload is remembered as that pod, with its node; a workload is not."""
    found = [
        places.source(text, net.directory) for text in ("shop/api", "shop/pod/api-7d9f-x1", "10.0.1.9", "shop/lone")
    ]
    assert [each.pod for each in found] == ["", "shop/api-7d9f-x1", "shop/lone", "shop/lone"]
    assert [each.nodes for each in found] == [None, None, frozenset({"k1"}), frozenset({"k1"})]


def test_internet(net: crenel.Network) -> None:
    """The internet is outside: no pod, no node, none of the cluster's own ranges, public node addresses included."""
    place = places.source("internet", net.directory)
    kinds = {net.model.network.endpoints[index].kind for index in place.members}
    assert kinds == {Kind.BLOCK}
    assert place.addresses is not None
    assert [place.addresses.contains(4, each) for each in (0x08080808, 0x0A000109, 0xCB007101)] == [True, False, False]


PROTOCOLS = "TCP, UDP, SCTP, ICMP, ICMPv6 or a number up to 255"
UNREADABLE = "write NAMESPACE/NAME, NAMESPACE/svc/NAME, node/NAME, an address, a CIDR, internet or dns:NAME"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("web", f"cannot read 'web': {UNREADABLE}"),
        ("", f"cannot read '': {UNREADABLE}"),
        ("a/b/c/d", f"cannot read 'a/b/c/d': {UNREADABLE}"),
        ("shop/", f"cannot read 'shop/': {UNREADABLE}"),
        ("10.0.0.256", f"cannot read '10.0.0.256': {UNREADABLE}"),
        ("shop/nope", "no workload or pod 'shop/nope' in the input"),
        ("shop/front", "no workload or pod 'shop/front' in the input (a Service is written shop/svc/front)"),
        ("data/web", "no workload or pod 'data/web' in the input (did you mean shop/web?)"),
        ("data/nope", "no workload or pod 'data/nope' in the input (there is no namespace 'data')"),
        ("shop/sts/web", "no workload or pod 'shop/sts/web' in the input (a Service is written shop/svc/web)"),
        ("shop/svc/nope", "no Service shop/nope in the input"),
        ("node/k9", "no node 'k9' in the input"),
        ("shop/both", "'shop/both' is several workloads: say which of shop/daemonset/both, shop/deployment/both"),
        ("dns:", "'dns:': not a DNS name"),
        ("dns:a..b", "'dns:a..b': not a DNS name"),
        ("dns:*", "'dns:*': not a DNS name"),
    ],
)
def test_no_such_end(net: crenel.Network, text: str, message: str) -> None:
    """What names nothing, or several things, is one line that says what to write."""
    with pytest.raises(PlaceError) as caught:
        places.source(text, net.directory)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shop/web:0", "'shop/web:0': impossible port '0': ports are from 1 to 65535"),
        ("shop/web:70000", "'shop/web:70000': impossible port '70000': ports are from 1 to 65535"),
        ("shop/web:90-80", "'shop/web:90-80': impossible port '90-80': ports are from 1 to 65535"),
        ("shop/web:80/XYZ", "'shop/web:80/XYZ': unknown protocol 'XYZ': " + PROTOCOLS),
        ("shop/web:80/ICMP", "'shop/web:80/ICMP': ICMP has no ports"),
        ("shop/web:http/ICMP", "'shop/web:http/ICMP': ICMP has no ports"),
        ("shop/web:a_b", "cannot read the port of 'shop/web:a_b': write :PORT, :PORT/PROTOCOL or :NAME"),
        ("[2001:db8::1", "cannot read '[2001:db8::1': write [ADDRESS]:PORT"),
        ("[2001:db8::1]443", "cannot read '[2001:db8::1]443': write [ADDRESS]:PORT"),
    ],
)
def test_no_such_port(net: crenel.Network, text: str, message: str) -> None:
    """A port that is none is one line that says why."""
    with pytest.raises(PlaceError) as caught:
        places.target(text, net.directory)
    assert str(caught.value) == message


def test_traffic_beside_a_port_takes_its_place(net: crenel.Network) -> None:
    """Traffic given on its own wins; what cannot be read is the same kind of error."""
    assert net.can("shop/web", "shop/cart:80", "UDP/53").traffic == (("UDP", "53"),)
    with pytest.raises(PlaceError, match="cannot read traffic 'TCP/x'"):
        net.can("shop/web", "shop/cart", "TCP/x")
