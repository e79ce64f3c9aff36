"""Through proxies: whose pods they are, what goes on behind them, and who answers a URL."""

from __future__ import annotations

from typing import Any

import pytest

import crenel
from crenel.questions.exposure.paths import Path
from questions.cluster import Object, metadata, policy, workload
from questions.exposure.world import exposed, service

LABELS = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
NGINX = workload("ingress/nginx", {"http": 80, "https": 443}, labels=LABELS)
CLASS = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"},
         "spec": {"controller": "k8s.io/ingress-nginx"}}  # fmt: skip
CART, WEB = workload("shop/cart", {"http": 8080}), workload("shop/web", {"http": 8080})


def front(name: str = "ingress/nginx", **spec: Any) -> Object:
    """The load balancer of a proxy, on both ports; it faces the internet and keeps clients."""
    made = service(
        name, "LoadBalancer", status={"ip": "18.185.10.9"}, allocateLoadBalancerNodePorts=False,
        externalTrafficPolicy="Local", **spec,
    )  # fmt: skip
    made["spec"]["ports"] = [
        {"name": "http", "port": 80, "targetPort": "http"}, {"name": "https", "port": 443, "targetPort": "https"}
    ]  # fmt: skip
    return made


def ingress(*paths: tuple[str, str], tls: bool = True, annotations: Object | None = None) -> Object:
    """An Ingress for shop.example.com: paths, each with its Service."""
    listed = [
        {"path": path, "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": 80}}}}
        for path, name in paths
    ]
    spec: Object = {"ingressClassName": "nginx", "rules": [{"host": "shop.example.com", "http": {"paths": listed}}]}
    if tls:
        spec["tls"] = [{"hosts": ["shop.example.com"], "secretName": "shop-tls"}]
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": metadata("shop/shop", annotations=annotations or {}), "spec": spec,
    }  # fmt: skip


BEHIND = [CART, WEB, service("shop/cart", "ClusterIP"), service("shop/web", "ClusterIP")]
WORLD = [NGINX, CLASS, front(), *BEHIND]


def routed(*objects: Object) -> dict[str, Path]:
    """The paths behind proxies, by their requests."""
    return {each.request: each for each in exposed([*WORLD, *objects]).paths if each.request}


def test_a_route_is_a_path_of_two_connections() -> None:
    """Each path of an Ingress leads to its own pods, which see the proxy; TLS is told for both connections."""
    found = routed(ingress(("/", "web"), ("/cart", "cart")))
    assert {request: (path.target, path.state.value, path.seen_as) for request, path in found.items()} == {
        "https://shop.example.com/": ("shop/web", "open", "the proxy"),
        "https://shop.example.com/cart": ("shop/cart", "open", "the proxy"),
    }
    assert [leg.tls for leg in found["https://shop.example.com/cart"].tls] == ["terminate", "none"]


def test_without_tls_the_route_is_plain() -> None:
    """A host without a certificate is served on port 80, in the clear."""
    found = routed(ingress(("/", "web"), tls=False))
    assert found["http://shop.example.com/"].port == 80
    assert [leg.tls for leg in found["http://shop.example.com/"].tls] == ["none", "none"]


@pytest.mark.parametrize(
    ("closed", "state"),
    [
        (policy("shop/cart", {"app": "cart"}, ingress=[]), "closed"),
        (policy("ingress/nginx", {"app": "nginx"}, egress=[]), "closed"),
        (policy("ingress/nginx", {"app": "nginx"}, ingress=[]), "closed"),
        (policy("shop/web", {"app": "web"}, ingress=[]), "open"),
        (policy("shop/cart", {"app": "cart"}, ingress=[{"from": [{"ipBlock": {"cidr": "18.0.0.0/8"}}]}]), "possible"),
    ],
)
def test_policies_judge_both_connections(closed: Object, state: str) -> None:
    """Ingress of the proxy, its egress and the ingress of what is behind: each closes the path."""
    assert routed(ingress(("/cart", "cart")), closed)["https://shop.example.com/cart"].state.value == state


def test_an_allow_list_of_the_proxy_is_a_layer() -> None:
    """Only the clients that the annotation names get through."""
    listed = {"nginx.ingress.kubernetes.io/whitelist-source-range": "8.8.8.0/24"}
    found = routed(ingress(("/", "web"), annotations=listed))["https://shop.example.com/"]
    assert found.sources.cidrs() == ["8.8.8.0/24"]
    assert "allow list of the proxy" in [layer.name for layer in found.layers]


def test_pods_that_are_not_known_leave_nothing() -> None:
    """A class whose pods cannot be found has no path; one that names them does."""
    other = {
        **NGINX,
        "spec": {**NGINX["spec"], "template": {**NGINX["spec"]["template"], "metadata": {"labels": {"app": "nginx"}}}},
    }
    net = crenel.load([other, CLASS, front(), *BEHIND, ingress(("/", "web"))])
    assert not [each for each in net.exposure().paths if each.request]
    verdict = net.can("internet", "https://shop.example.com/")
    assert (verdict.outcome.value, verdict.reason) == ("unknown", "unknown: which pods serve ingress class nginx")
    net.proxies["nginx"] = ("ingress", "nginx")
    assert [each.state.value for each in net.exposure().paths if each.request] == ["open"]


def test_gateways_are_known_by_the_label_of_their_pods() -> None:
    """A Gateway's pods bear its name (GEP-1762); the listener is found by the port of the Service."""
    made = workload(
        "infra/edge-istio", {"http": 80, "https": 443}, labels={"gateway.networking.k8s.io/gateway-name": "edge"}
    )
    gateway = {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": metadata("infra/edge"),
        "spec": {"gatewayClassName": "istio", "listeners": [
            {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}]},
    }  # fmt: skip
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata("shop/cart"),
        "spec": {"parentRefs": [{"name": "edge", "namespace": "infra"}], "hostnames": ["shop.example.com"],
                 "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/cart"}}],
                            "backendRefs": [{"name": "cart", "port": 80}]}]},
    }  # fmt: skip
    front_ = front("infra/edge-istio")
    found = [each for each in exposed([made, front_, *BEHIND, gateway, route]).paths if each.request]
    assert [(each.request, each.target, each.state.value) for each in found] == [
        ("http://shop.example.com/cart", "shop/cart", "open")
    ]


@pytest.mark.parametrize(
    ("url", "outcome", "said"),
    [
        ("https://shop.example.com/cart/1", "allowed", "ingress class nginx sends it to service shop/cart:80"),
        ("https://shop.example.com/other", "denied", "ingress class nginx answers 404: no rule matches"),
        ("http://shop.example.com/cart", "allowed", "ingress class nginx answers 308: redirected"),
        ("https://shop.example.com:8443/cart", "denied", ""),
    ],
)
def test_who_answers_a_url(url: str, outcome: str, said: str) -> None:
    """The path of the URL that the proxy would choose is walked; an error of the proxy is a no."""
    verdict = crenel.load([*WORLD, ingress(("/cart", "cart"))]).can("internet", url)
    assert verdict.outcome.value == outcome
    assert said in [*verdict.notes, *verdict.reasons] or not said


@pytest.mark.parametrize(
    ("target", "outcome"),
    [("shop/svc/cart:80", "allowed"), ("shop/svc/cart:81", "denied"), ("ingress/svc/nginx:443", "allowed")],
)
def test_services_behind_a_proxy_and_in_front_of_it(target: str, outcome: str) -> None:
    """Both are on the path, each by its own port."""
    assert crenel.load([*WORLD, ingress(("/cart", "cart"))]).can("internet", target).outcome.value == outcome


@pytest.mark.parametrize("url", ["https://", "http://shop.example.com:99999/", "https://[::1/"])
def test_what_is_no_url(url: str) -> None:
    """It is said in one line."""
    with pytest.raises(ValueError, match="cannot read"):
        crenel.load(WORLD).can("internet", url)
