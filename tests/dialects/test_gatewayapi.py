"""Gateways as proxies and their status, beyond what the conformance data asks."""

from __future__ import annotations

import pytest

from crenel.dialects.gatewayapi import GatewayApi, translate
from crenel.dialects.gatewayapi.conditions import Conditions
from crenel.dialects.gatewayapi.rules import seconds
from crenel.routing.decision import Decision
from crenel.routing.openings import openings
from crenel.routing.proxy import ClientCertificate, Proxy, TlsMode
from crenel.routing.requests import Request
from crenel.routing.routing import route
from dialects.manifests import ask, read, said, services

CLASS = """
    apiVersion: gateway.networking.k8s.io/v1
    kind: GatewayClass
    metadata: {name: web}
    spec: {controllerName: example.org/c}
"""


def gateway(listeners: str, more: str = "", name: str = "gw", namespace: str = "infra") -> str:
    return f"""
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata: {{name: {name}, namespace: {namespace}}}
    spec: {{gatewayClassName: web, listeners: [{listeners}]{more}}}
    """


def listener(name: str = "http", port: int = 80, protocol: str = "HTTP", more: str = "") -> str:
    return f"{{name: {name}, port: {port}, protocol: {protocol}, allowedRoutes: {{namespaces: {{from: All}}}}{more}}}"


def http(name: str = "web", spec: str = "", rule: str = "", namespace: str = "shop", parent: str = "") -> str:
    return f"""
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {{name: {name}, namespace: {namespace}}}
    spec:
      parentRefs: [{{name: gw, namespace: infra{parent}}}]
      rules: [{{backendRefs: [{{name: web, port: 80}}]{rule}}}]
      {spec}
    """


def stream(kind: str, spec: str = "", version: str = "v1") -> str:
    return f"""
    apiVersion: gateway.networking.k8s.io/{version}
    kind: {kind}
    metadata: {{name: web, namespace: shop}}
    spec: {{parentRefs: [{{name: gw, namespace: infra}}], rules: [{{backendRefs: [{{name: web, port: 80}}]}}]{spec}}}
    """


def api(*texts: str, closed: bool = True) -> GatewayApi:
    return translate(read(CLASS, services("web", "api"), *texts), closed=closed)


def one(*texts: str, closed: bool = True) -> Proxy:
    (proxy,) = api(*texts, closed=closed).proxies
    return proxy


def brief(conditions: Conditions) -> dict[str, str]:
    """Type to status and reason."""
    return {each.type: f"{each.status} {each.reason}" for each in conditions.values()}


def parent(found: GatewayApi, kind: str = "HTTPRoute", name: str = "web") -> dict[str, str]:
    (status,) = found.routes[kind, "shop", name]
    return brief(status.conditions)


CERTIFICATE = ", tls: {certificateRefs: [{name: cert}]}"


def test_what_a_proxy_is_known_by() -> None:
    """Namespace and name of the Gateway, class and controller, the addresses that are asked for and given."""
    written = gateway(listener(), ", addresses: [{value: 192.0.2.1}]").rstrip()
    proxy = one(written + "\n    status: {addresses: [{type: IPAddress, value: 192.0.2.9}]}")
    assert (proxy.namespace, proxy.name, proxy.class_name, proxy.controller) == ("infra", "gw", "web", "example.org/c")
    assert (proxy.kind, proxy.title, proxy.addresses) == ("Gateway", "gateway infra/gw", ("192.0.2.1", "192.0.2.9"))


def test_where_rules_are_written() -> None:
    """An opening leads to its rule, a listener to its text, a backend to its reference."""
    (opening,) = openings(one(gateway(listener()), http()))
    assert (opening.field, opening.route.title) == (("spec", "rules", 0), "httproute shop/web")
    assert opening.listener.field == ("spec", "listeners", 0)
    assert opening.backends[0].field == ("spec", "rules", 0, "backendRefs", 0)


def test_what_an_open_input_lacks() -> None:
    """A certificate that is not there may come from elsewhere: the listener is kept, and a notice says so."""
    texts = gateway(listener("https", 443, "HTTPS", CERTIFICATE)), http()
    found = api(*texts, closed=False)
    (status,) = found.gateways["infra", "gw"].listeners
    assert brief(status.conditions) == {
        "Accepted": "True Accepted", "Conflicted": "False NoConflicts", "ResolvedRefs": "Unknown InvalidCertificateRef",
        "Programmed": "Unknown Pending",
    }  # fmt: skip
    assert ask(found.proxies[0], "https://a.com/") == "shop/web:80"
    assert found.proxies[0].listeners[0].secrets == ("infra/cert",)
    words = "there is no Secret infra/cert in the input"
    assert said(found.problems) == [f"gateway infra/gw: spec.listeners[0]: {words}"]
    assert ask(one(*texts), "https://a.com/") == "refused: nothing listens there"


def test_a_class_that_is_not_there() -> None:
    """Nobody serves the Gateway of a closed input; in an open one somebody may."""
    decoded = read(gateway(listener()), http(), services("web"))
    assert translate(decoded, closed=True).proxies == []
    found = translate(decoded)
    assert brief(found.gateways["infra", "gw"].conditions)["Accepted"] == "Unknown Pending"
    assert ask(found.proxies[0], "http://a.com/") == "shop/web:80"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (listener("a"), listener("b", more=", hostname: a.com"), ""),
        (listener("a"), listener("b", protocol="TCP"), "ProtocolConflict"),
        (listener("a"), listener("b", protocol="UDP"), ""),
        (listener("a"), listener("b", protocol="HTTPS", more=CERTIFICATE), "ProtocolConflict"),
        (listener("a", protocol="HTTPS", more=f"{CERTIFICATE}, hostname: a.com"),
         listener("b", protocol="TLS", more=", hostname: b.com, tls: {mode: Passthrough}"), ""),
        (listener("a", protocol="HTTPS", more=f"{CERTIFICATE}, hostname: a.com"),
         listener("b", protocol="TLS", more=", hostname: a.com, tls: {mode: Passthrough}"), "ProtocolConflict"),
        (listener("a", protocol="example.org/x"), listener("b"), ""),
    ],
)  # fmt: skip
def test_listeners_that_cannot_be_told_apart(first: str, second: str, reason: str) -> None:
    """Within a Gateway none of them is accepted."""
    statuses = api(gateway(f"{first}, {second}"), closed=False).gateways["infra", "gw"].listeners
    conflicts = [each.conditions["Conflicted"] for each in statuses]
    expected = ("True", reason) if reason else ("False", "NoConflicts")
    assert [(each.status, each.reason) for each in conflicts] == [expected] * 2


@pytest.mark.parametrize(
    ("namespace", "closed", "accepted"),
    [
        ("{metadata: {name: shop, labels: {team: web}}}", True, "True Accepted"),
        ("{metadata: {name: shop}}", True, "False NotAllowedByListeners"),
        ("{metadata: {name: shop}}", False, "False NotAllowedByListeners"),
        ("", True, "False NotAllowedByListeners"),
        ("", False, "Unknown Pending"),
    ],
)
def test_namespaces_by_their_labels(namespace: str, closed: bool, accepted: str) -> None:
    """Labels that the input does not have may be there in an open one: the route is attached, with a note."""
    selecting = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: %s}}}"
    listeners = selecting % "{matchLabels: {team: web}}"
    listed = f"{{apiVersion: v1, kind: Namespace, {namespace[1:]}" if namespace else ""
    found = api(gateway(listeners), http(), listed, closed=closed)
    assert parent(found)["Accepted"] == accepted
    notes = [each.rule.notes for each in openings(found.proxies[0])]
    words = "the labels of namespace shop are not in the input"
    expected = {"True Accepted": [()], "Unknown Pending": [(words,)]}
    assert notes == expected.get(accepted, [])


@pytest.mark.parametrize(
    ("rule", "url", "headers", "answer"),
    [
        (", matches: [{path: {type: RegularExpression, value: '/v[0-9]/.*'}}]", "/v2/x", (), "shop/web:80"),
        (", matches: [{path: {type: RegularExpression, value: '/v[0-9]/.*'}}]", "/vx/x", (), "404"),
        (
            ", matches: [{headers: [{name: A, value: 'b+', type: RegularExpression}]}]",
            "/",
            (("a", "bbb"),),
            "shop/web:80",
        ),
        (", matches: [{headers: [{name: A, value: b}, {name: a, value: c}]}]", "/", (("a", "b"),), "shop/web:80"),
        (", matches: [{queryParams: [{name: q, value: x}, {name: q, value: y}]}]", "/?q=x", (), "shop/web:80"),
        (", matches: [{}]", "/any", (), "shop/web:80"),
    ],
)
def test_matches(rule: str, url: str, headers: tuple[tuple[str, str], ...], answer: str) -> None:
    """Expressions, repeated conditions of which the first counts, and no condition."""
    assert ask(one(gateway(listener()), http(rule=rule)), f"http://a.com{url}", headers=headers) == answer


def test_a_route_without_rules() -> None:
    """The definition gives it one that takes everything and has no backend."""
    bare = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web, namespace: shop}\n"
    bare += "spec: {parentRefs: [{name: gw, namespace: infra}]}\n"
    assert ask(one(gateway(listener()), bare), "http://a.com/x") == "500"


def test_mirrors_and_foreign_filters() -> None:
    """A copy is listed; a filter of the implementation's own is named; a mirror that is not there is not resolved."""
    filters = """, filters: [
        {type: RequestMirror, requestMirror: {backendRef: {name: api, port: 80}}},
        {type: RequestMirror, requestMirror: {backendRef: {name: gone, port: 80}}},
        {type: ExtensionRef, extensionRef: {group: x.io, kind: Auth, name: login}}]"""
    found = api(gateway(listener()), http(rule=filters))
    (opening,) = openings(found.proxies[0])
    assert [each.name for each in opening.mirrors] == ["api"]
    assert route(found.proxies[0], Request("a.com", port=80)).unsure == ("filter Auth login is not understood",)
    assert parent(found)["ResolvedRefs"] == "False BackendNotFound"


@pytest.mark.parametrize(
    ("ref", "closed", "reason", "answer"),
    [
        ("{name: web, port: 81}", True, "False BackendNotFound", "500"),
        ("{name: pool, group: x.io, kind: Pool}", True, "False InvalidKind", "500"),
        ("{name: pool, group: x.io, kind: Pool}", False, "Unknown InvalidKind", "shop/pool"),
        ("{name: far, group: multicluster.x-k8s.io, kind: ServiceImport, port: 80}", True, "Unknown BackendNotFound",
         "shop/far:80"),
        ("{name: db, namespace: data, port: 80}", False, "False RefNotPermitted", "500"),
    ],
)  # fmt: skip
def test_backends(ref: str, closed: bool, reason: str, answer: str) -> None:
    """A port that the Service lacks, kinds that not every proxy knows, and another namespace."""
    written = http().replace("{name: web, port: 80}", ref)
    found = api(gateway(listener()), written, services("db", namespace="data"), closed=closed)
    assert parent(found)["ResolvedRefs"] == reason
    assert ask(found.proxies[0], "http://a.com/") == answer


GRPC = """
    apiVersion: gateway.networking.k8s.io/v1
    kind: GRPCRoute
    metadata: {name: web, namespace: shop}
    spec:
      parentRefs: [{name: gw, namespace: infra}]
      rules:
      - {matches: [{method: {method: Get}}], backendRefs: [{name: api, port: 80}]}
      - {matches: [{method: {service: shop.Cart}}], backendRefs: [{name: web, port: 80}]}
      - {matches: [{method: {service: shop.Cart, method: Put}}], backendRefs: [{name: api, port: 80}]}
      - {matches: [{method: {type: RegularExpression, service: 'x.+'}}], backendRefs: [{name: web, port: 80}]}
"""


@pytest.mark.parametrize(
    ("path", "answer", "unsure"),
    [
        ("/shop.Cart/Get", "shop/web:80", False),
        ("/shop.Cart/Put", "shop/api:80", False),
        ("/shop.Carts/Get", "shop/api:80", False),
        ("/shop.Carts/Put", "404", False),
        ("/x.y/Put", "shop/web:80", True),
    ],
)
def test_grpc(path: str, answer: str, unsure: bool) -> None:
    """More of the service's name goes before a method alone; only expressions are up to the proxy."""
    proxy = one(gateway(listener()), GRPC)
    assert ask(proxy, f"http://a.com{path}", method="POST") == answer
    decision: Decision = route(proxy, Request("a.com", path, "POST", port=80))
    assert bool(decision.unsure) is unsure


def test_tcp_and_udp() -> None:
    """They go by port; the older route of two keeps the listener."""
    proxy = one(gateway(f"{listener('t', 9000, 'TCP')}, {listener('u', 9000, 'UDP')}"), stream("TCPRoute"),
                stream("UDPRoute", version="v1alpha2"))  # fmt: skip
    assert [str(each) for each in route(proxy, Request(port=9000)).backends] == ["shop/web:80"]
    assert [str(each) for each in route(proxy, Request(port=9000, udp=True)).backends] == ["shop/web:80"]


def test_tls_that_the_gateway_ends() -> None:
    """A TLSRoute may follow it, and a TCPRoute; the listener says who ends TLS."""
    ended = listener("tls", 443, "TLS", CERTIFICATE.replace("{cert", "{mode: Terminate, cert"))
    proxy = one(gateway(ended), stream("TLSRoute", ", hostnames: [a.com]"), closed=False)
    assert [each.tls for each in proxy.listeners] == [TlsMode.TERMINATE]
    assert ask(proxy, "https://a.com/") == "shop/web:80"
    assert ask(proxy, "https://b.com/") == "refused: no rule matches"
    assert parent(api(gateway(ended), stream("TCPRoute"), closed=False), "TCPRoute")["Accepted"] == "True Accepted"


AUTHORITY = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: ca, namespace: infra}
    data: {ca.crt: "-----BEGIN CERTIFICATE-----\\nMAMCAQE=\\n-----END CERTIFICATE-----\\n"}
"""


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("", ClientCertificate.REQUIRED), (", mode: AllowInsecureFallback", ClientCertificate.OPTIONAL)],
)
def test_client_certificates(mode: str, expected: ClientCertificate) -> None:
    """They are wanted on the ports that the Gateway says, or taken if they come."""
    validation = f"{{validation: {{caCertificateRefs: [{{group: '', kind: ConfigMap, name: ca}}]{mode}}}}}"
    more = f", tls: {{frontend: {{default: {{}}, perPort: [{{port: 443, tls: {validation}}}]}}}}"
    listeners = f"{listener('a', 443, 'HTTPS', CERTIFICATE)}, {listener('b', 444, 'HTTPS', CERTIFICATE)}"
    proxy = one(gateway(listeners, more), AUTHORITY, closed=False)
    assert [each.client_certificate for each in proxy.listeners] == [expected, ClientCertificate.NONE]


SET = """
    apiVersion: %s
    kind: %s
    metadata: {name: more, namespace: shop}
    spec:
      parentRef: {name: gw, namespace: infra}
      listeners: [{name: http, port: 8080, protocol: HTTP}]
"""


@pytest.mark.parametrize(
    ("version", "kind"),
    [("gateway.networking.k8s.io/v1", "ListenerSet"), ("gateway.networking.x-k8s.io/v1alpha1", "XListenerSet")],
)
def test_routes_of_a_listener_set(version: str, kind: str) -> None:
    """They attach to its listeners alone, and those of the Gateway to the Gateway's; Same is the set's namespace."""
    to_set = http("set", parent=", kind: ListenerSet").replace(
        "{name: gw, namespace: infra", "{name: more, namespace: shop"
    )
    admitting = gateway(listener(), ", allowedListeners: {namespaces: {from: All}}")
    found = api(admitting, SET % (version, kind), to_set, http())
    (proxy,) = found.proxies
    names = {each.name: [one.title for one in each.routes] for each in proxy.listeners}
    assert names == {"http": ["httproute shop/web"], "shop/more/http": ["httproute shop/set"]}
    assert found.gateways["infra", "gw"].attached_listener_sets == 1


def test_a_listener_set_without_its_gateway() -> None:
    """It is not accepted, and so said."""
    found = api(SET % ("gateway.networking.k8s.io/v1", "ListenerSet"))
    assert brief(found.listener_sets["shop", "more"].conditions) == {
        "Accepted": "False ParentNotAccepted", "Programmed": "False ParentNotAccepted",
    }  # fmt: skip
    assert said(found.problems) == ["listenerset shop/more: spec.parentRef: its Gateway is not in the input"]


def test_parents_that_are_no_gateways() -> None:
    """A Service is the mesh's; a Gateway that is not there gets a notice, and a route that does not attach too."""
    mesh = http("mesh", parent=", kind: Service, group: ''")
    elsewhere = http("far", parent=", sectionName: x").replace("name: gw", "name: gone")
    wrong = http("wrong", parent=", sectionName: nowhere")
    found = api(gateway(listener()), mesh, elsewhere, wrong)
    assert found.routes["HTTPRoute", "shop", "mesh"] == found.routes["HTTPRoute", "shop", "far"] == []
    assert said(found.problems) == [
        "httproute shop/far: spec.parentRefs[0]: Gateway infra/gone is not in the input",
        "httproute shop/wrong: spec.parentRefs[0]: does not attach: Gateway infra/gw has no such listener",
    ]


def test_two_references_to_one_listener() -> None:
    """The route is attached once, and each reference has its status."""
    twice = http().replace("parentRefs: [", "parentRefs: [{name: gw, namespace: infra, sectionName: http}, ")
    found = api(gateway(listener()), twice)
    assert found.gateways["infra", "gw"].listeners[0].attached_routes == 1
    assert [brief(each.conditions)["Accepted"] for each in found.routes["HTTPRoute", "shop", "web"]] == [
        "True Accepted"
    ] * 2


def test_tls_towards_backends() -> None:
    """Without a policy there is none; authorities of the system need no reference."""
    policy = """
    apiVersion: gateway.networking.k8s.io/v1
    kind: BackendTLSPolicy
    metadata: {name: tls, namespace: shop}
    spec:
      targetRefs: [{group: '', kind: Service, name: web}]
      validation: {wellKnownCACertificates: System, hostname: web.internal}
    """
    plain, secured = one(gateway(listener()), http()), one(gateway(listener()), http(), policy)
    assert [each.backends[0].tls for each in openings(plain)] == [None]
    tls = next(openings(secured)).backends[0].tls
    assert tls is not None and (tls.server_name, tls.verified) == ("web.internal", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("1h2m3s4ms", 3723.004), ("0s", None), (None, None), ("10s", 10.0), ("1.5s", 1.5)],
)
def test_durations(text: str | None, expected: float | None) -> None:
    """GEP-2257: zero is no limit."""
    assert seconds(text) == expected
