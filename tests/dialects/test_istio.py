"""Gateways and VirtualServices of Istio as proxies."""

from __future__ import annotations

import pytest

from crenel.dialects.istio import IstioGateways, translate
from crenel.routing.openings import openings
from crenel.routing.proxy import ClientCertificate, Protocol, Proxy, TlsMode
from crenel.routing.requests import Request
from crenel.routing.routing import route
from dialects.manifests import ask, read, said, services


def gateway(servers: str, name: str = "gw", namespace: str = "infra", selector: str = "{istio: ingressgateway}") -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {{name: {name}, namespace: {namespace}}}
    spec: {{selector: {selector}, servers: [{servers}]}}
    """


def server(hosts: str, port: int = 80, protocol: str = "HTTP", tls: str = "") -> str:
    return f"{{port: {{number: {port}, name: p{port}, protocol: {protocol}}}, hosts: [{hosts}]{tls}}}"


def virtual(rules: str, hosts: str = "a.com", gateways: str = "infra/gw", name: str = "web", born: str = "") -> str:
    created = f", creationTimestamp: '{born}'" if born else ""
    return f"""
    apiVersion: networking.istio.io/v1beta1
    kind: VirtualService
    metadata: {{name: {name}, namespace: shop{created}}}
    spec: {{hosts: [{hosts}], gateways: [{gateways}], {rules}}}
    """


def found(*texts: str) -> IstioGateways:
    return translate(read(services("web", "api"), services("db", namespace="data"), *texts))


def one(*texts: str) -> Proxy:
    (proxy,) = found(*texts).proxies
    return proxy


def to(host: str, more: str = "") -> str:
    return f"{{destination: {{host: {host}{more}}}}}"


WEB, API = to("web"), to("api")
EVERYTHING = f"http: [{{route: [{WEB}]}}]"


def test_what_a_proxy_is_known_by() -> None:
    """Gateways with one selector are one proxy of the pods with these labels."""
    proxies = found(
        gateway(server("'*'")),
        gateway(server("'*'", 8080), "two", "shop"),
        gateway(server("'*'"), "own", selector="{a: b}"),
    ).proxies
    assert [(each.namespace, each.name, each.selector, len(each.listeners)) for each in proxies] == [
        ("infra", "gw", (("istio", "ingressgateway"),), 2), ("infra", "own", (("a", "b"),), 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hosts", "namespace", "gateways", "bound"),
    [
        ("'*'", "shop", "infra/gw", True),
        ("'*.com'", "shop", "infra/gw", True),
        ("b.com", "shop", "infra/gw", False),
        ("shop/a.com", "shop", "infra/gw", True),
        ("other/a.com", "shop", "infra/gw", False),
        ("'*/a.com'", "shop", "infra/gw", True),
        ("./a.com", "shop", "infra/gw", False),
        ("'*'", "shop", "gw", False),
        ("'*'", "shop", "mesh", False),
        ("'*'", "shop", "", False),
    ],
)
def test_which_services_are_bound(hosts: str, namespace: str, gateways: str, bound: bool) -> None:
    """By gateway, by a name in common, and by the namespace that a host may carry."""
    proxy = one(gateway(server(hosts)), virtual(EVERYTHING, gateways=gateways))
    assert bool(list(openings(proxy))) is bound
    assert namespace == "shop"


@pytest.mark.parametrize(
    ("written", "protocol", "tls", "client"),
    [
        (server("'*'"), Protocol.HTTP, TlsMode.NONE, ClientCertificate.NONE),
        (server("'*'", 443, "HTTPS", ", tls: {mode: SIMPLE, credentialName: c}"), Protocol.HTTPS, TlsMode.TERMINATE,
         ClientCertificate.NONE),
        (server("'*'", 443, "HTTPS", ", tls: {mode: MUTUAL}"), Protocol.HTTPS, TlsMode.TERMINATE,
         ClientCertificate.REQUIRED),
        (server("'*'", 443, "HTTPS", ", tls: {mode: OPTIONAL_MUTUAL}"), Protocol.HTTPS, TlsMode.TERMINATE,
         ClientCertificate.OPTIONAL),
        (server("'*'", 443, "HTTPS", ", tls: {mode: PASSTHROUGH}"), Protocol.TLS, TlsMode.PASSTHROUGH,
         ClientCertificate.NONE),
        (server("'*'", 443, "TLS", ", tls: {mode: SIMPLE}"), Protocol.TLS, TlsMode.TERMINATE, ClientCertificate.NONE),
        (server("'*'", 9000, "TCP"), Protocol.TCP, TlsMode.NONE, ClientCertificate.NONE),
    ],
)  # fmt: skip
def test_servers(written: str, protocol: Protocol, tls: TlsMode, client: ClientCertificate) -> None:
    """What a server speaks, who ends TLS, and whether clients show a certificate."""
    (listener,) = one(gateway(written)).listeners
    assert (listener.protocol, listener.tls, listener.client_certificate) == (protocol, tls, client)
    assert listener.secrets == (("infra/c",) if "credentialName" in written else ())


RULES = f"""http: [
    {{match: [{{uri: {{prefix: /v2}}}}], route: [{API}]}},
    {{match: [{{uri: {{exact: /v2/exact}}}}, {{headers: {{who: {{exact: me}}}}}}],
      route: [{to("web.shop.svc.cluster.local")}]}},
    {{match: [{{uri: {{regex: '/r[0-9]'}}}}], redirect: {{uri: /new, authority: b.com}}}},
    {{match: [{{uri: {{prefix: /old/}}}}], rewrite: {{uri: /}}, route: [{WEB}]}},
    {{match: [{{method: {{exact: POST}}, queryParams: {{q: {{prefix: x}}}}}}], directResponse: {{status: 418}}}},
    {{match: [{{uri: {{prefix: /CASE}}, ignoreUriCase: true}}], route: [{to("db.data")}]}},
    {{match: [{{uri: {{prefix: /there}}, gateways: [other]}}], route: [{WEB}]}},
    {{match: [{{uri: {{prefix: /split}}}}], route: [{to("web")[:-1]}, weight: 90}}, {to("api")[:-1]}, weight: 10}},
                                                    {to("web")[:-1]}, weight: 0}}]}},
    {{match: [{{uri: {{prefix: /out}}}}], route: [{to("example.org", ", port: {number: 443}")}]}}]
"""


@pytest.mark.parametrize(
    ("path", "changes", "answer"),
    [
        ("/v2/exact", {}, "shop/api:80"),
        ("/v2example", {}, "shop/api:80"),
        ("/", {"headers": (("Who", "me"),)}, "shop/web:80"),
        ("/r1", {}, "301 http://b.com/new"),
        ("/old/x", {}, "shop/web:80"),
        ("/?q=xy", {"method": "POST"}, "418"),
        ("/?q=xy", {}, "404"),
        ("/case/x", {}, "data/db:80"),
        ("/there", {}, "404"),
        ("/split", {}, "shop/web:80, shop/api:80"),
        ("/out", {}, "/example.org:443"),
    ],
)
def test_rules(path: str, changes: dict[str, object], answer: str) -> None:
    """The first that matches counts, in the order of the text; a prefix is of text."""
    assert ask(one(gateway(server("'*'")), virtual(RULES)), f"http://a.com{path}", **changes) == answer


def test_a_rewrite_of_a_prefix() -> None:
    """What matched is replaced."""
    proxy = one(gateway(server("'*'")), virtual(RULES))
    (answer,) = route(proxy, Request("a.com", "/old/x?y=1", port=80)).answers
    assert answer.seen is not None and answer.seen.path == "/x?y=1"


def test_hosts_are_exclusive() -> None:
    """A more specific host that has rules does not fall back; of one host the older VirtualService comes first."""
    proxy = one(
        gateway(server("'*'")),
        virtual(f"http: [{{match: [{{uri: {{prefix: /x}}}}], route: [{WEB}]}}]", name="exact"),
        virtual(f"http: [{{route: [{API}]}}]", "'*.com'", name="wide"),
        virtual(f"http: [{{route: [{WEB}]}}]", "'*.com'", name="old", born="2020-01-01T00:00:00Z"),
    )
    answers = [ask(proxy, f"http://{each}") for each in ("a.com/x", "a.com/y", "b.com/")]
    assert answers == ["shop/web:80", "404", "shop/web:80"]


def test_redirection_to_https() -> None:
    """A server may send every request there."""
    redirecting = server("a.com", tls=", tls: {httpsRedirect: true}")
    assert ask(one(gateway(redirecting), virtual(EVERYTHING)), "http://a.com/x") == "301 https://a.com/x"


def test_connections() -> None:
    """TLS goes by server name, TCP by port."""
    servers = (
        f"{server('a.com', 443, 'TLS', ', tls: {mode: PASSTHROUGH}')}, {server(chr(39) + '*' + chr(39), 9000, 'TCP')}"
    )
    rules = f"""tls: [{{match: [{{port: 443, sniHosts: [a.com]}}], route: [{WEB}]}}],
                tcp: [{{match: [{{port: 9000}}], route: [{API}]}}]"""
    proxy = one(gateway(servers), virtual(rules, "a.com, b.com"))
    assert ask(proxy, "https://a.com/") == "shop/web:80"
    assert ask(proxy, "https://b.com/") == "refused: no listener has this server name"
    assert [str(each) for each in route(proxy, Request(port=9000)).backends] == ["shop/api:80"]


def test_what_is_not_followed_is_said() -> None:
    """Delegation, faults and conditions on the caller; and server names that encode a Service."""
    rules = f"""http: [{{match: [{{sourceLabels: {{a: b}}, method: {{regex: '.*'}}}}],
                        fault: {{abort: {{httpStatus: 500}}}}, delegate: {{name: x}}, timeout: 1.5s,
                        mirror: {{host: api}}, route: [{WEB}]}}]"""
    auto = server("'*.local'", 15443, "TLS", ", tls: {mode: AUTO_PASSTHROUGH}")
    gateways = found(gateway(f"{server(chr(39) + '*' + chr(39))}, {auto}"), virtual(rules))
    (opening,) = openings(gateways.proxies[0])
    assert opening.rule.notes == (
        "the rule is delegated to another VirtualService, which is not followed",
        "the rule injects faults",
        "the condition source labels is not followed",
        "the condition on the method is not followed",
    )
    assert (opening.rule.timeouts.shortest, [each.name for each in opening.mirrors]) == (1.5, ["api"])
    (problem,) = said(gateways.problems)
    assert problem.startswith("gateway infra/gw: spec.servers[1]: passes TLS on to whatever Service")
