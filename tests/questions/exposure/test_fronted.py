"""Load balancers of a cloud that are the proxy themselves: what asks for them, and what is behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import crenel
from crenel.dialects.joined import join
from crenel.dialects.proxies import find
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Balancer, Infrastructure, Interface, Listening, Role, Target
from crenel.questions.exposure.assumptions import assume
from crenel.questions.exposure.closing import cheapest
from crenel.questions.exposure.fronted import Fronted
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.paths import Path
from crenel.questions.exposure.proxied import Proxied
from crenel.questions.exposure.report import exposure
from crenel.questions.exposure.walking import Walker
from questions.cluster import Object, metadata, node, pod, policy
from questions.exposure.world import LB, NODES, WEB, YES, allow, balancer, group, machine, service, union

ALB = "alb.ingress.kubernetes.io/"
PUBLIC = {f"{ALB}scheme": "internet-facing"}
WEB_SERVICE = service("shop/web", "NodePort")
OPEN = ("unfiltered=yes",)


def klass(controller: str = "ingress.k8s.aws/alb", name: str = "alb", **more: Any) -> Object:
    """A class of Ingresses."""
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name},
        "spec": {"controller": controller, **more},
    }  # fmt: skip


def ingress(annotations: Object, name: str = "shop/shop", *, status: Object | None = None, **spec: Any) -> Object:
    """An Ingress for one host with everything for the web Service."""
    paths = [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]
    rule = {"host": f"{name.rpartition('/')[2]}.example.com", "http": {"paths": paths}}
    made = {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata(name, annotations=annotations),
        "spec": {"rules": [rule], **({"ingressClassName": "alb"} | spec)},
    }  # fmt: skip
    return {**made, "status": {"loadBalancer": {"ingress": [status]}}} if status else made


def fronted(*objects: Object, world: Infrastructure | None = None, assumed: tuple[str, ...] = OPEN) -> list[Path]:
    """The paths through load balancers of a cloud."""
    joined = join(crenel.load(list(objects)).given, world or Infrastructure())
    return [each for each in exposure(joined, assume(assumed)).paths if each.request]


def one(*objects: Object, world: Infrastructure | None = None, assumed: tuple[str, ...] = OPEN) -> Path:
    """The only one."""
    (found,) = fronted(*objects, world=world, assumed=assumed)
    return found


CLUSTER = (WEB, *NODES, klass(), WEB_SERVICE)


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, {("http", 80)}),
        ({f"{ALB}certificate-arn": "arn:x"}, {("https", 443)}),
        ({f"{ALB}listen-ports": '[{"HTTP": 80}, {"HTTPS": 8443}]'}, {("http", 80), ("https", 8443)}),
        ({f"{ALB}listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]', f"{ALB}ssl-redirect": "443"}, {("https", 443)}),
        ({f"{ALB}listen-ports": "nonsense"}, {("http", 80)}),
    ],
)
def test_ports_of_an_application_load_balancer(annotations: Object, expected: set[tuple[str, int]]) -> None:
    """Those that the annotation lists; a port that redirects leads to no pod."""
    found = fronted(*CLUSTER, ingress(PUBLIC | annotations))
    assert {(each.request.partition(":")[0], each.port) for each in found} == expected
    assert {each.state.value for each in found} == {"open"}


@pytest.mark.parametrize(
    ("more", "state", "lacks"),
    [
        (PUBLIC, "open", ()),
        ({f"{ALB}scheme": "internal"}, "closed", ()),
        ({}, "closed", ()),
        (PUBLIC | {f"{ALB}inbound-cidrs": "10.0.0.0/8"}, "closed", ()),
        (PUBLIC | {f"{ALB}inbound-cidrs": "8.8.8.0/24, 10.0.0.0/8"}, "open", ()),
        (
            PUBLIC | {f"{ALB}inbound-cidrs": "8.8.8.0/24", f"{ALB}security-groups": "sg-1"},
            "possible",
            ("whom the security groups sg-1 of ingress shop/shop let in",),
        ),
        (
            PUBLIC | {f"{ALB}inbound-cidrs": "everywhere"},
            "possible",
            (f"what {ALB}inbound-cidrs of ingress shop/shop means by 'everywhere'",),
        ),
    ],
)
def test_whom_it_takes_connections_from(more: Object, state: str, lacks: tuple[str, ...]) -> None:
    """By its scheme and its ranges; what is not in the input is not known."""
    found = one(*CLUSTER, ingress(more))
    assert (found.state.value, found.lacking) == (state, lacks)


def test_ranges_are_the_sources() -> None:
    """Who gets through are those in the ranges."""
    found = one(*CLUSTER, ingress(PUBLIC | {f"{ALB}inbound-cidrs": "8.8.8.0/24,9.9.9.9/32"}))
    assert found.sources.cidrs() == ["8.8.8.0/24", "9.9.9.9/32"]


def test_a_group_of_ingresses_is_one_load_balancer() -> None:
    """The scheme of one of them is that of all; ranges are those of the ports of their own Ingress."""
    grouped = {f"{ALB}group.name": "front"}
    first = ingress(grouped | PUBLIC | {f"{ALB}inbound-cidrs": "8.8.8.0/24"}, "shop/a")
    second = ingress(grouped | {f"{ALB}listen-ports": '[{"HTTP": 8080}]'}, "shop/b")
    found = {each.request: each for each in fronted(*CLUSTER, first, second)}
    assert {each.entry.title for each in found.values()} == {"ingress group front"}
    assert found["http://a.example.com/"].sources.cidrs() == ["8.8.8.0/24"]
    assert found["http://b.example.com/"].port == 8080
    assert len(found["http://b.example.com/"].sources.cidrs()) > 1
    differing = ingress(grouped | {f"{ALB}scheme": "internal"}, "shop/b")
    assert {each.state.value for each in fronted(*CLUSTER, first, differing)} == {"possible"}


def test_a_class_that_says_more_or_is_not_there() -> None:
    """What its parameters or its absence leave open is unknown, and may be assumed."""
    configured = klass(parameters={"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "x"})
    found, six = fronted(WEB, *NODES, configured, WEB_SERVICE, ingress(PUBLIC), assumed=())
    assert "whether the load balancer of ingress shop/shop has addresses of IPv6" in six.lacking
    assert "whether the load balancer of ingress shop/shop faces the internet" in found.lacking
    assert "what the IngressClassParams of ingress class alb say" in found.lacking
    without = [WEB, *NODES, WEB_SERVICE, ingress(PUBLIC)]
    assert one(*without).lacking == ("whether the load balancer of ingress shop/shop faces the internet",)
    assert one(*without, assumed=(*OPEN, "internet-facing=yes")).state.value == "open"
    assert one(*without, assumed=(*OPEN, "internet-facing=no")).state.value == "closed"


def test_both_families() -> None:
    """With addresses of both it takes both, though pods have one; clients of the other come as the load balancer."""
    found = fronted(*CLUSTER, ingress(PUBLIC | {f"{ALB}ip-address-type": "dualstack"}))
    assert {each.family: each.state.value for each in found} == {4: "open", 6: "open"}
    closed = policy("shop/web", ingress=[{"from": [{"ipBlock": {"cidr": "192.168.0.0/16"}}]}])
    found = fronted(*CLUSTER, closed, ingress(PUBLIC | {f"{ALB}ip-address-type": "dualstack-without-public-ipv4"}))
    assert {each.family: each.state.value for each in found} == {6: "closed"}


FRONT = union(
    group("lb", ["lb-eni"], allow("TCP/80")), group("nodes", ["eni-n1", "eni-n2"], allow("TCP/30080", "10.0.1.99"))
)
NODE_ENIS = ["eni-n1", "eni-n2"]
BY_NAME = {"hostname": "lb.example.com"}
MACHINES = [machine("n1", "10.0.1.10"), machine("n2", "10.0.2.10")]


def test_instances_see_the_load_balancer_and_pods_a_node() -> None:
    """Under Cluster a node stands for it at the pod; under Local the pod sees it."""
    world = Infrastructure([LB, *MACHINES], [FRONT], [balancer(True, keeps=False)])
    asked = ingress(PUBLIC, status=BY_NAME)
    found = one(*CLUSTER, asked, world=world, assumed=())
    assert (found.state.value, found.seen_as) == ("open", "a node")
    for cidr, cluster, local in (("10.0.1.99/32", "closed", "open"), ("10.0.2.10/32", "open", "closed")):
        only = policy("shop/web", ingress=[{"from": [{"ipBlock": {"cidr": cidr}}]}])
        assert one(*CLUSTER, only, asked, world=world, assumed=()).state.value == cluster
        kept = service("shop/web", "NodePort", externalTrafficPolicy="Local")
        found = one(WEB, *NODES, klass(), kept, only, asked, world=world, assumed=())
        assert (found.state.value, found.seen_as) == (local, "the load balancer")


def test_a_load_balancer_of_which_the_infrastructure_does_not_tell() -> None:
    """Its groups and addresses are unknown: a rule for them is possible, a rule for everybody is enough."""
    asked = ingress(PUBLIC)
    world = Infrastructure(MACHINES, [union(group("nodes", ["eni-n1", "eni-n2"], allow("TCP/30080", "10.0.1.99")))])
    found = one(*CLUSTER, asked, world=world, assumed=())
    assert found.lacking == (
        "which addresses and groups the load balancer of ingress shop/shop in front of node n1 has",
    )
    world = Infrastructure(MACHINES, [union(group("nodes", ["eni-n1", "eni-n2"], allow("TCP/30080")))])
    assert one(*CLUSTER, asked, world=world, assumed=()).state.value == "open"


def test_targets_that_the_listener_tells() -> None:
    """Without the annotation what the listener leads to decides; with it that does."""
    web = pod("shop/web", "10.0.1.77", ports={"http": 8080}, nodeName="n1")
    shared = replace(MACHINES[0], delegated=AddressSet.of("10.0.1.64/28"))
    tier = union(group("lb", ["lb-eni"], allow("TCP/80")), group("nodes", NODE_ENIS, allow("TCP/8080", "10.0.1.99")))
    lb = balancer(True, keeps=False, targets=[Target(address="10.0.1.77", port=8080)])
    world = Infrastructure([LB, shared, MACHINES[1]], [tier], [lb])
    objects = [web, *NODES, klass(), WEB_SERVICE]
    assert one(*objects, ingress(PUBLIC, status=BY_NAME), world=world, assumed=()).state.value == "open"
    stated = ingress(PUBLIC | {f"{ALB}target-type": "instance"}, status=BY_NAME)
    assert one(*objects, stated, world=world, assumed=()).state.value == "closed"
    own = service("shop/web", "NodePort", annotations={f"{ALB}target-type": "ip"})
    assert one(web, *NODES, klass(), own, stated, world=world, assumed=()).state.value == "open"


def test_pods_that_the_network_does_not_know() -> None:
    """Targets by address need an interface that takes them; where none does, it is said."""
    world = Infrastructure([LB, *MACHINES], [FRONT], [balancer(True, keeps=False)])
    found = one(*CLUSTER, ingress(PUBLIC | {f"{ALB}target-type": "ip"}, status=BY_NAME), world=world, assumed=())
    assert found.lacking == ("which interface takes what is sent to shop/web",)


GCE = {"kubernetes.io/ingress.class": "gce"}
GFE = [{"from": [{"ipBlock": {"cidr": "35.191.0.0/16"}}, {"ipBlock": {"cidr": "130.211.0.0/22"}}]}]


def google(annotations: Object, **more: Any) -> Object:
    """An Ingress on Google Cloud."""
    return ingress(annotations, ingressClassName=None, **more)


@pytest.mark.parametrize(
    ("annotations", "tls", "expected"),
    [
        ({}, False, {80}),
        ({}, True, {80, 443}),
        ({"kubernetes.io/ingress.allow-http": "false"}, True, {443}),
        ({"networking.gke.io/managed-certificates": "x"}, False, {80, 443}),
        ({"ingress.gcp.kubernetes.io/pre-shared-cert": "x", "kubernetes.io/ingress.allow-http": "false"}, False, {443}),
    ],
)
def test_ports_on_google_cloud(annotations: Object, tls: bool, expected: set[int]) -> None:
    """Plain unless that is forbidden, and in TLS where there is a certificate of any sort."""
    more = {"tls": [{"secretName": "x"}]} if tls else {}
    found = fronted(WEB, *NODES, WEB_SERVICE, google(GCE | annotations, **more))
    assert {each.port for each in found} == expected


def test_where_google_cloud_sends_from() -> None:
    """An external one connects from Google's front ends; an internal one from a subnet that the input lacks."""
    native = service("shop/web", "ClusterIP", annotations={"cloud.google.com/neg": '{"ingress": true}'})
    only = policy("shop/web", ingress=GFE)
    assert one(WEB, *NODES, native, only, google(GCE)).state.value == "open"
    half = policy("shop/web", ingress=[{"from": GFE[0]["from"][:1]}])
    found = one(WEB, *NODES, native, half, google(GCE))
    assert found.lacking == ("where in 35.191.0.0/16, 130.211.0.0/22 the load balancer in front of shop/web is",)
    found = one(WEB, *NODES, native, only, google({"kubernetes.io/ingress.class": "gce-internal"}))
    assert [layer.name for layer in found.blocking] == ["load balancer"]


def test_groups_of_endpoints_or_of_instances() -> None:
    """Without the annotation either may be: sure is what holds in both cases."""
    plain = one(WEB, *NODES, WEB_SERVICE, google(GCE))
    assert plain.state.value == "open"
    only = policy("shop/web", ingress=GFE)
    found = one(WEB, *NODES, WEB_SERVICE, only, google(GCE))
    assert found.lacking == (
        "whether the targets of the load balancer of ingress shop/shop for service shop/web are nodes or pods",
    )
    grouped = service("shop/web", "NodePort", annotations={"cloud.google.com/neg": '{"ingress": false}'})
    found = one(WEB, *NODES, grouped, only, google(GCE))
    assert [layer.name for layer in found.blocking] == ["network policy"]


def test_pods_in_a_network_of_google_cloud_are_addressed() -> None:
    """Where pods have addresses of the network, they are what it connects to; the rule is for Google's front ends."""
    shared = replace(MACHINES[0], delegated=AddressSet.of("10.244.1.0/24"))
    lb = Balancer("shop", addresses=AddressSet.of("34.1.1.1"), facing=YES, listeners=(Listening(6, 80),))
    proxies = Interface("proxies", Role.BALANCER, machine="shop", ranges=AddressSet.of("35.191.0.0/16"))
    for port, state in (("8080", "open"), ("30080", "closed")):
        tiers = [union(group("l7", ["eni-n1"], allow(f"TCP/{port}", "35.191.0.0/16", "130.211.0.0/22")))]
        for interfaces, balancers in (([], []), ([proxies], [lb])):
            world = Infrastructure([*interfaces, shared, MACHINES[1]], tiers, balancers)
            asked = google(GCE, status={"ip": "34.1.1.1"})
            assert one(WEB, *NODES, WEB_SERVICE, asked, world=world, assumed=()).state.value == state


APPGW = "appgw.ingress.kubernetes.io/"


@pytest.mark.parametrize(
    ("annotations", "status", "state"),
    [
        ({f"{APPGW}use-private-ip": "true"}, None, "closed"),
        ({}, {"ip": "20.1.1.1"}, "open"),
        ({}, {"ip": "10.1.1.1"}, "closed"),
        ({}, None, "possible"),
    ],
)
def test_application_gateways(annotations: Object, status: Object | None, state: str) -> None:
    """A private frontend is closed; what says neither is not known, for the controller has a setting of its own."""
    agic = klass("azure/application-gateway", "azure-application-gateway")
    asked = ingress(annotations, ingressClassName="azure-application-gateway", status=status)
    assert one(WEB, *NODES, agic, service("shop/web", "ClusterIP"), asked).state.value == state


def test_hosts_with_a_certificate_of_an_application_gateway() -> None:
    """They are served in TLS alone; TLS to the backend is what the annotation says."""
    agic = klass("azure/application-gateway", "agw")
    asked = ingress(
        {f"{APPGW}backend-protocol": "https"}, ingressClassName="agw", status={"ip": "20.1.1.1"},
        tls=[{"hosts": ["shop.example.com"], "secretName": "x"}],
    )  # fmt: skip
    found = one(WEB, *NODES, agic, service("shop/web", "ClusterIP"), asked)
    assert (found.request, [leg.tls for leg in found.tls]) == ("https://shop.example.com/", ["terminate", "tls"])


def gateway(name: str, controller: str, **spec: Any) -> list[Object]:
    """A Gateway of a class with a route for everything to the web Service."""
    api = "gateway.networking.k8s.io/v1"
    listener = {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    return [
        {"apiVersion": api, "kind": "GatewayClass", "metadata": {"name": name}, "spec": {"controllerName": controller}},
        {"apiVersion": api, "kind": "Gateway", "metadata": metadata("shop/edge"),
         "spec": {"gatewayClassName": name, "listeners": [listener], **spec},
         "status": {"addresses": [{"type": "IPAddress", "value": "34.1.1.1"}]}},
        {"apiVersion": api, "kind": "HTTPRoute", "metadata": metadata("shop/web"),
         "spec": {"parentRefs": [{"name": "edge"}], "hostnames": ["shop.example.com"],
                  "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "controller", "state"),
    [
        ("gke-l7-global-external-managed", "networking.gke.io/gateway", "open"),
        ("gke-l7-regional-external-managed", "networking.gke.io/gateway", "open"),
        ("gke-l7-rilb", "networking.gke.io/gateway", "closed"),
        ("gke-l4-regional-external", "networking.gke.io/gateway", "possible"),
        ("azure-alb-external", "alb.networking.azure.io/alb-controller", "open"),
        ("aws", "gateway.k8s.aws/alb", "closed"),
    ],
)
def test_gateways(name: str, controller: str, state: str) -> None:
    """By their class, their address or the controller's default."""
    found = one(WEB, *NODES, service("shop/web", "ClusterIP"), *gateway(name, controller))
    assert (found.entry.title, found.state.value) == ("gateway shop/edge", state)


def test_gateways_whose_settings_are_not_read() -> None:
    """A LoadBalancerConfiguration leaves the scheme open; targets are what the listener leads to, or not known."""
    ref = {"group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", "name": "x"}
    objects = gateway("aws", "gateway.k8s.aws/alb", infrastructure={"parametersRef": ref})
    found = fronted(WEB, *NODES, WEB_SERVICE, *objects)[0]
    assert found.lacking == (
        "whether the load balancer of gateway shop/edge faces the internet",
        "what the LoadBalancerConfiguration of gateway shop/edge says",
    )
    assert [leg.tls for leg in found.tls] == ["none", "unknown"]
    lb = replace(balancer(True, keeps=False), addresses=AddressSet.of("34.1.1.1"))
    world = Infrastructure([LB, *MACHINES], [FRONT], [lb])
    found = one(WEB, *NODES, WEB_SERVICE, *objects, world=world, assumed=())
    assert found.lacking == ("whether the targets of lb for service shop/web are nodes or pods",)
    told = replace(lb, listeners=(replace(lb.listeners[0], targets=(Target(machine="i-1", port=30080),)),))
    assert (
        one(WEB, *NODES, WEB_SERVICE, *objects, world=replace(world, balancers=[told]), assumed=()).state.value
        == "open"
    )


def test_a_gateway_without_its_class() -> None:
    """Its class may be anybody's: whom it faces is not known."""
    _, *rest = gateway("gke-l7-gxlb", "x")
    found = one(WEB, *NODES, service("shop/web", "ClusterIP"), *rest)
    assert found.lacking == ("whether the load balancer of gateway shop/edge faces the internet",)


def test_actions_in_the_place_of_backends() -> None:
    """A redirect and a fixed answer lead nowhere; a forward does, by its Services."""

    def acting(action: str) -> Object:
        made = ingress(PUBLIC | {f"{ALB}actions.act": action})
        backend = {"service": {"name": "act", "port": {"name": "use-annotation"}}}
        made["spec"]["rules"][0]["http"]["paths"][0]["backend"] = backend
        return made

    forward = '{"type": "forward", "forwardConfig": {"targetGroups": [{"serviceName": "web", "servicePort": 80}]}}'
    assert one(*CLUSTER, acting(forward)).target == "shop/web"
    fixed = '{"type": "fixed-response", "fixedResponseConfig": {"statusCode": "503"}}'
    redirect = '{"type": "redirect", "redirectConfig": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}'
    for action in (fixed, redirect, "{", '{"type": "forward", "targetGroupARN": "arn:x"}'):
        assert fronted(*CLUSTER, acting(action)) == []
    net = crenel.load([*CLUSTER, acting(redirect)])
    verdict = net.can("internet", "http://shop.example.com/")
    assert (verdict.outcome.value, verdict.notes) == ("allowed", ("ingress class alb answers 301: redirected",))
    net = crenel.load([*CLUSTER, acting(fixed)])
    assert net.can("internet", "http://shop.example.com/").outcome.value == "denied"


def test_pods_that_the_user_names_serve_a_class_instead() -> None:
    """A class that is declared to be served by pods is not a load balancer's."""
    net = crenel.load([*CLUSTER, ingress(PUBLIC)])
    assert [each.request for each in net.exposure(*OPEN).paths if each.request] == ["http://shop.example.com/"]
    net.proxies["alb"] = ("shop", "web")
    assert [each.through for each in net.exposure(*OPEN).paths if each.request] != [
        ("the load balancer of ingress shop/shop",)
    ]


def test_pods_of_the_host_network() -> None:
    """Behind the addresses of their node it is the node's firewall that counts, and no policy does."""
    hosted = pod("shop/web", "10.0.1.10", ports={"http": 8080}, nodeName="n1", hostNetwork=True)
    asked = ingress(PUBLIC | {f"{ALB}target-type": "ip"}, status=BY_NAME)
    closed = policy("shop/web", ingress=[])
    for port, state in (("8080", "open"), ("30080", "closed")):
        tier = union(
            group("lb", ["lb-eni"], allow("TCP/80")), group("n", ["eni-n1"], allow(f"TCP/{port}", "10.0.1.99"))
        )
        world = Infrastructure([LB, *MACHINES], [tier], [balancer(True, keeps=False)])
        found = one(hosted, *NODES, klass(), WEB_SERVICE, closed, asked, world=world, assumed=())
        assert found.state.value == state


def test_node_ports_that_the_cluster_has_yet_to_choose() -> None:
    """A rule for the whole range lets any of them in; one for a part may."""
    chosen = service("shop/web", "NodePort")
    del chosen["spec"]["ports"][0]["nodePort"]
    for ports, state in (("30000-32767", "open"), ("30000-31000", "possible"), ("80", "closed")):
        tier = union(group("lb", ["lb-eni"], allow("TCP/80")), group("n", ["eni-n1", "eni-n2"], allow(f"TCP/{ports}")))
        world = Infrastructure([LB, *MACHINES], [tier], [balancer(True, keeps=False)])
        found = one(
            WEB, node("n1", "10.0.1.10"), klass(), chosen, ingress(PUBLIC, status=BY_NAME), world=world, assumed=()
        )
        assert found.state.value == state


def test_the_service_behind_is_reached() -> None:
    """A question about the Service, by its port or without one, walks the same path; another port is none of it."""
    net = crenel.load([*CLUSTER, ingress(PUBLIC)])
    net.assumed = assume(OPEN)
    assert net.can("internet", "shop/svc/web:80").outcome.value == "allowed"
    assert net.can("internet", "shop/web:8080").outcome.value == "allowed"
    assert net.can("internet", "shop/svc/web:81").outcome.value == "denied"


def test_what_changes_close_it() -> None:
    """The rule that opens a path is what to remove; for what the load balancer answers itself it is its scheme."""
    joined = join(crenel.load([*CLUSTER, ingress(PUBLIC)]).given, Infrastructure())
    report = exposure(joined, assume(OPEN))
    (closing,) = [each for path, each in zip(report.paths, report.closings, strict=True) if path.request]
    assert closing is not None
    assert (closing.what, closing.field_path) == (
        "remove the rule for http://shop.example.com/", ("spec", "rules", 0, "http", "paths", 0)
    )  # fmt: skip
    walker = Walker(Ground(joined), assume(OPEN))
    served = find(joined.proxies, joined.model.given.decoded, joined.model.scope, {})
    fronts = Fronted(walker, Proxied(walker.ground, served), served)
    (cloud,) = fronts.all
    (closing,) = cheapest(list(fronts.arriving(cloud, cloud.proxy.listeners[0])))
    assert closing is not None
    assert closing.what == f"ingress shop/shop: {ALB}scheme: internal, or narrower {ALB}inbound-cidrs"
    assert closing.field_path == ("metadata", "annotations", f"{ALB}scheme")


def test_rules_without_a_host_take_what_a_host_does_not() -> None:
    """An Application Load Balancer goes on to them, where other controllers answer that there is no such path."""
    anybody = ingress(PUBLIC)
    rules = anybody["spec"]["rules"]
    rules.append({"http": {"paths": [{**rules[0]["http"]["paths"][0], "path": "/"}]}})
    rules[0]["http"]["paths"][0]["path"] = "/cart"
    net = crenel.load([*CLUSTER, anybody])
    net.assumed = assume(OPEN)
    assert net.can("internet", "http://shop.example.com/other").outcome.value == "allowed"


def test_nodes_that_labels_choose() -> None:
    """Only nodes with the labels are targets; where those that have them cannot take it, that is said."""
    groups = group("n", ["eni-n1"], allow("TCP/30080")), group("o", ["eni-n2"])
    tier = union(group("lb", ["lb-eni"], allow("TCP/80")), *groups)
    world = Infrastructure([LB, *MACHINES], [tier], [balancer(True, keeps=False)])
    names = ["n1", "n2"]
    nodes = [
        {**each, "metadata": metadata(name, labels={"pool": name})} for name, each in zip(names, NODES, strict=True)
    ]
    for value, state, layer in (("n1", "open", ""), ("n2", "closed", "cloud firewall"), ("n3", "closed", "targets")):
        asked = ingress(PUBLIC | {f"{ALB}target-node-labels": f"pool={value}"}, status=BY_NAME)
        found = one(WEB, *nodes, klass(), WEB_SERVICE, asked, world=world, assumed=())
        assert (found.state.value, "".join(each.name for each in found.blocking)) == (state, layer)
    asked = ingress(PUBLIC | {f"{ALB}target-node-labels": "pool=x"})
    assert one(WEB, klass(), WEB_SERVICE, asked).state.value == "open", "no labels are known where no node is"
