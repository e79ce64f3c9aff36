"""Load balancers: whom they face, what they listen on, where they lead, and whose address is seen behind them."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer, Role, Target
from crenel.network.traffic import TCP, UDP
from crenel.network.wire import wire
from dialects.gcp import samples
from dialects.gcp.asking import A, D, ask, read
from dialects.gcp.samples import NET, REGION, ROOT, backend, firewall, forwarding, instance, made_by, nic

SERVICE = f"{REGION}/backendServices/web"


def nodes() -> list[dict[str, Any]]:
    """Two machines of one managed group."""
    return [instance(f"node{n}", nic(f"10.0.1.{n}"), number=str(n), tags=("gke",), **made_by("gke")) for n in (1, 2)]


def estate(*more: dict[str, Any], rules: tuple[dict[str, Any], ...] = ()) -> list[Any]:
    """Those machines, with load balancers."""
    return [*samples.shop(*rules)[:2], nodes(), list(rules) or [firewall("x", "udp:1")], list(more)]


def target(number: int, **more: Any) -> Target:
    """A machine of the group."""
    return Target(f"gce://shop/us-east1-b/node{number}", interface=f"node{number}", **more)


def test_a_passthrough_load_balancer() -> None:
    """Its targets are the machines of its group, on its own port, and see the client."""
    found = read(*estate(forwarding("lb", "34.9.9.9", backendService=SERVICE), backend("web", "gke"))).balancers[0]
    assert (found.name, found.addresses, found.facing.answer) == ("lb", AddressSet.of("34.9.9.9"), Answer.YES)
    one = found.listeners[0]
    assert (one.protocol, one.port, one.tls, one.keeps_client) == (TCP, 443, False, True)
    assert one.targets == (target(1), target(2))


@pytest.mark.parametrize(
    ("scheme", "answer"),
    [("EXTERNAL", Answer.YES), ("EXTERNAL_MANAGED", Answer.YES), ("INTERNAL", Answer.NO),
     ("INTERNAL_MANAGED", Answer.NO), ("", Answer.UNKNOWN)],
)  # fmt: skip
def test_the_scheme_tells_whom_it_faces(scheme: str, answer: Answer) -> None:
    """Source: API, ``loadBalancingScheme``."""
    rule = forwarding("lb", "34.9.9.9", scheme=scheme, backendService=SERVICE)
    assert read(*estate(rule)).balancers[0].facing.answer is answer


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"portRange": "80-82"}, [(TCP, 80), (TCP, 81), (TCP, 82)]),
        ({"portRange": None, "ports": ["80", "443"]}, [(TCP, 80), (TCP, 443)]),
        ({"portRange": "53-53", "IPProtocol": "UDP"}, [(UDP, 53)]),
        ({"portRange": "53-53", "IPProtocol": "L3_DEFAULT"}, [(TCP, 53), (UDP, 53)]),
        ({"portRange": None, "allPorts": True}, []),
        ({"portRange": "1-65535"}, []),
        ({"portRange": "1-5000"}, []),
    ],
)
def test_ports(more: dict[str, Any], expected: list[tuple[int, int]]) -> None:
    """Each port is a listener; where these are too many, it is said that any may be one."""
    found = read(*estate(forwarding("lb", "34.9.9.9", backendService=SERVICE, **more)))
    assert [(each.protocol, each.port) for each in found.balancers[0].listeners] == expected
    assert [each.severity.value for each in found.problems] == ([] if expected else ["notice"])


def test_forwarding_rules_of_one_address_are_one_load_balancer() -> None:
    """With the listeners of both."""
    rules = [forwarding(f"lb{n}", "34.9.9.9", str(n), backendService=SERVICE) for n in (80, 443)]
    found = read(*estate(*rules)).balancers
    assert [each.name for each in found] == ["lb80"]
    assert [each.port for each in found[0].listeners] == [80, 443]


def proxied(**more: Any) -> list[dict[str, Any]]:
    """An external Application Load Balancer: rule, proxy, URL map and backend service, none of them regional."""
    rule = forwarding("lb", "34.9.9.9", scheme="EXTERNAL_MANAGED", target=f"{ROOT}/global/targetHttpsProxies/p")
    rule = {**rule, "selfLink": f"{ROOT}/global/forwardingRules/lb"}
    del rule["region"]
    proxy = {"kind": "compute#targetHttpsProxy", "selfLink": rule["target"], "urlMap": f"{ROOT}/global/urlMaps/m"}
    paths = [{"paths": ["/*"], "service": f"{ROOT}/global/backendServices/web"}]
    routes = {
        "kind": "compute#urlMap",
        "selfLink": proxy["urlMap"],
        "pathMatchers": [{"name": "a", "pathRules": paths}],
    }
    service = {**backend("web", "gke", portName="http", **more), "selfLink": f"{ROOT}/global/backendServices/web"}
    return [rule, proxy, routes, service]


def test_a_proxy_load_balancer() -> None:
    """It ends TLS, hides the client, and leads to the port of the service."""
    one = read(*estate(*proxied(port=30080))).balancers[0].listeners[0]
    assert (one.tls, one.keeps_client, one.targets) == (True, False, (target(1, port=30080), target(2, port=30080)))


def test_the_ports_of_a_group_have_names() -> None:
    """The name of the service's port is looked up in the group first (API, ``portName``, ``namedPorts``)."""
    group = {"kind": "compute#instanceGroup", "name": "gke", "selfLink": f"{samples.ZONE}/instanceGroups/gke",
             "namedPorts": [{"name": "http", "port": 31000}, {"name": "x", "port": 1}]}  # fmt: skip
    one = read(*estate(*proxied(port=80), group)).balancers[0].listeners[0]
    assert one.targets == (target(1, port=31000), target(2, port=31000))


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_missing_parts_leave_targets_unknown(missing: int) -> None:
    """Without the proxy, the URL map or the service nobody knows where it leads."""
    parts = proxied(port=80)
    del parts[missing]
    assert read(*estate(*parts)).balancers[0].listeners[0].targets is None


def test_a_group_without_known_members_leaves_targets_unknown() -> None:
    """Lists of groups do not tell their members, but the metadata of instances does."""
    found = read(*estate(forwarding("lb", "34.9.9.9", backendService=SERVICE), backend("web", "other")))
    assert found.balancers[0].listeners[0].targets is None


def test_where_proxies_send_from() -> None:
    """Global external ones from Google's front ends, others from the subnet that is kept for them."""
    found = [each for each in read(*estate(*proxied(port=80))).interfaces if each.role is Role.BALANCER]
    assert [(each.machine, each.ranges) for each in found] == [("lb", AddressSet.of("35.191.0.0/16", "130.211.0.0/22"))]
    inner = forwarding("lb", "10.0.1.99", scheme="INTERNAL_MANAGED", target=f"{REGION}/targetTcpProxies/p", network=NET)
    kept = samples.subnet("proxies", "10.0.7.0/24", purpose="REGIONAL_MANAGED_PROXY")
    found = [each for each in read(*estate(inner, kept)).interfaces if each.role is Role.BALANCER]
    assert [each.ranges for each in found] == [AddressSet.of("10.0.7.0/24")]


@pytest.mark.parametrize(("source", "expected"), [("35.191.0.0/16", A), ("10.0.7.0/24", D)])
def test_rules_see_proxies(source: str, expected: Any) -> None:
    """A rule for Google's front ends lets them in ("Firewall rules" of the load balancers)."""
    sources = ["130.211.0.0/22", source] if expected is A else [source]
    made = estate(*proxied(port=80), rules=(firewall("lb", "tcp:80", sourceRanges=sources),))
    assert ask(wire(read(*made)), "proxies of lb", "node1", "TCP/80").outcome is expected


@pytest.mark.parametrize(("destination", "expected"), [("34.9.9.9", A), ("10.0.1.1", D)])
def test_rules_may_tell_the_address_of_the_load_balancer(destination: str, expected: Any) -> None:
    """What passes through keeps the forwarding rule's address, which a rule may allow alone (as GKE's do)."""
    rule = firewall("k8s-fw-lb", "tcp:443", destinationRanges=[destination], targetTags=["gke"])
    made = read(*estate(forwarding("lb", "34.9.9.9", backendService=SERVICE), backend("web", "gke"), rules=(rule,)))
    reached = made.balancers[0].listeners[0].targets
    assert reached is not None
    assert reached[0].interface == "node1 for 34.9.9.9"
    assert ask(wire(made), "8.8.8.8", reached[0].interface).outcome is expected
    assert ask(wire(made), "8.8.8.8", "node1").outcome is (D if expected is A else A)


def test_target_pools_and_instances() -> None:
    """The older ways to name machines."""
    pool = {"kind": "compute#targetPool", "name": "p", "selfLink": f"{REGION}/targetPools/p",
            "instances": [f"{samples.ZONE}/instances/node2"]}  # fmt: skip
    single = {"kind": "compute#targetInstance", "name": "t", "selfLink": f"{samples.ZONE}/targetInstances/t",
              "instance": f"{samples.ZONE}/instances/node1"}  # fmt: skip
    one = forwarding("one", "34.9.9.9", target=pool["selfLink"])
    two = forwarding("two", "34.9.9.8", target=single["selfLink"])
    found = read(*estate(one, two, pool, single)).balancers
    assert [each.listeners[0].targets for each in found] == [(target(2),), (target(1),)]


@pytest.mark.parametrize("kind", ["targetVpnGateways", "serviceAttachments"])
def test_what_does_not_balance_is_none(kind: str) -> None:
    """Forwarding rules of VPN gateways and of Private Service Connect."""
    assert read(*estate(forwarding("x", "34.9.9.9", target=f"{REGION}/{kind}/x"))).balancers == ()
