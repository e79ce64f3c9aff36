"""Ingresses as proxies, beyond what the conformance data asks."""

from __future__ import annotations

import pytest

from crenel.dialects.ingress import translate
from crenel.dialects.ingressclasses import belonging
from crenel.dialects.known import Truth
from crenel.provenance import Severity
from crenel.routing.openings import openings
from crenel.routing.proxy import Proxy, TlsMode
from dialects.manifests import ask, read, said, services

SHOP = """
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: shop, namespace: shop, annotations: %s}
    spec:
      ingressClassName: web
      tls: [{hosts: [shop.example.com], secretName: shop-tls}]
      rules:
      - host: shop.example.com
        http:
          paths:
          - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
          - {path: /api, pathType: ImplementationSpecific, backend: {service: {name: api, port: {name: http}}}}
      - host: plain.example.com
        http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""


def klass(name: str = "web", controller: str = "example.org/c", default: str = "false", born: str = "") -> str:
    created = f"creationTimestamp: '{born}'" if born else ""
    return f"""
    apiVersion: networking.k8s.io/v1
    kind: IngressClass
    metadata:
      name: {name}
      annotations: {{ingressclass.kubernetes.io/is-default-class: "{default}"}}
      {created}
    spec: {{controller: {controller}}}
    """


def one(*texts: str) -> Proxy:
    found = translate(read(*texts))
    (proxy,) = found.proxies
    return proxy


def shop(annotations: str = "{}", controller: str = "example.org/c") -> Proxy:
    return one(SHOP % annotations, klass(controller=controller), services("web", "api"))


NGINX = "k8s.io/ingress-nginx"


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://shop.example.com/", "shop/web:80"),
        ("https://shop.example.com/", "shop/web:80"),
        ("https://shop.example.com/api/x", "shop/api:http"),
        ("http://plain.example.com/", "shop/web:80"),
        ("https://plain.example.com/", "404"),
        ("http://other.example.com/", "404"),
        ("http://shop.example.com:8080/", "refused: nothing listens there"),
    ],
)
def test_hosts_with_and_without_tls(url: str, answer: str) -> None:
    """Port 443 has the hosts under tls alone, port 80 has all."""
    assert ask(shop(), url) == answer


def test_what_a_proxy_is_known_by() -> None:
    """Class, controller, the certificates it shows, and where each rule is written."""
    proxy = shop()
    assert (proxy.class_name, proxy.controller, proxy.title) == ("web", "example.org/c", "ingress class web")
    assert [(each.port, each.tls, each.secrets) for each in proxy.listeners] == [
        (80, TlsMode.NONE, ()), (443, TlsMode.TERMINATE, ("shop/shop-tls",)),
    ]  # fmt: skip
    fields = [each.field for each in openings(proxy)]
    assert fields[1] == ("spec", "rules", 0, "http", "paths", 1)
    assert {each.origin.source for each in openings(proxy)} == {"shop.yaml"}


@pytest.mark.parametrize(
    ("annotations", "url", "answer"),
    [
        ("{}", "http://shop.example.com/x", "308 https://shop.example.com/x"),
        ("{}", "http://plain.example.com/", "shop/web:80"),
        ("{}", "https://plain.example.com/", "shop/web:80"),
        ('{nginx.ingress.kubernetes.io/ssl-redirect: "false"}', "http://shop.example.com/", "shop/web:80"),
        ('{nginx.ingress.kubernetes.io/force-ssl-redirect: "true"}', "http://plain.example.com/",
         "308 https://plain.example.com/"),
        ('{nginx.ingress.kubernetes.io/use-regex: "true"}', "https://shop.example.com/API", "shop/api:http"),
        ('{nginx.ingress.kubernetes.io/ssl-passthrough: "true"}', "https://shop.example.com/x", "shop/web:80"),
    ],
)  # fmt: skip
def test_annotations_of_ingress_nginx(annotations: str, url: str, answer: str) -> None:
    """They count for that controller, ssl-redirect by default."""
    assert ask(shop(annotations, NGINX), url) == answer


def test_annotations_count_for_their_controller_alone() -> None:
    """Another controller does not read them."""
    forced = '{nginx.ingress.kubernetes.io/force-ssl-redirect: "true"}'
    assert ask(shop(forced), "http://plain.example.com/") == "shop/web:80"


def test_passthrough_ends_at_the_backend() -> None:
    """The proxy does not end TLS for such hosts, listed under tls or not, if it is told to allow that at all."""
    proxy = shop('{nginx.ingress.kubernetes.io/ssl-passthrough: "true"}', NGINX)
    assert {(each.tls, str(each.host)) for each in proxy.listeners} == {
        (TlsMode.NONE, "*"), (TlsMode.PASSTHROUGH, "shop.example.com"),
        (TlsMode.PASSTHROUGH, "plain.example.com"),
    }  # fmt: skip
    passing = [each for each in openings(proxy) if each.tls is TlsMode.PASSTHROUGH]
    assert {each.rule.notes for each in passing} == {("the controller must run with --enable-ssl-passthrough",)}


def test_source_ranges_of_ingress_nginx() -> None:
    """Other clients are turned away; a range that cannot be read is named."""
    ranges = '{nginx.ingress.kubernetes.io/whitelist-source-range: "10.0.0.0/8, 2001:db8::/32"}'
    proxy = shop(ranges, NGINX)
    assert ask(proxy, "https://shop.example.com/", source="10.1.1.1") == "shop/web:80"
    assert ask(proxy, "https://shop.example.com/", source="192.0.2.1") == "403"
    wrong = translate(read(SHOP % "{nginx.ingress.kubernetes.io/allowlist-source-range: nobody}",
                           klass(controller=NGINX), services("web", "api")))  # fmt: skip
    assert [each.severity for each in wrong.problems] == [Severity.WARNING]
    assert "metadata.annotations[nginx.ingress.kubernetes.io/allowlist-source-range]" in said(wrong.problems)[0]


def test_tls_towards_the_backend() -> None:
    """backend-protocol encrypts, and verifies only where it is told to."""
    said_so = "{nginx.ingress.kubernetes.io/backend-protocol: HTTPS}"
    tls = {each.backends[0].tls for each in openings(shop(said_so, NGINX)) if each.backends}
    assert [each is not None and each.verified for each in tls] == [False]


def ingress(name: str, spec: str, annotations: str = "{}", namespace: str = "shop", born: str = "") -> str:
    created = f"creationTimestamp: '{born}'" if born else ""
    return f"""
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: {name}
      namespace: {namespace}
      annotations: {annotations}
      {created}
    spec: {spec}
    """


def to(service: str, port: str = "{number: 80}") -> str:
    return f"{{service: {{name: {service}, port: {port}}}}}"


def test_default_backends() -> None:
    """They take what no rule of any Ingress does; the older one's counts; a rule without paths goes to its own."""
    found = one(
        klass(default="true"),
        ingress("new", f"{{defaultBackend: {to('web')}, rules: [{{host: bare.com}}]}}", born="2025-01-01T00:00:00Z"),
        ingress("old", f"{{defaultBackend: {to('api')}}}", born="2024-01-01T00:00:00Z"),
        ingress(
            "x", f"{{rules: [{{host: x.com, http: {{paths: [{{path: /x, pathType: Exact, backend: {to('x')}}}]}}}}]}}"
        ),
        services("web", "api", "x"),
    )
    answers = {url: ask(found, f"http://{url}") for url in ("y.com/", "x.com/x", "x.com/x/", "bare.com/")}
    assert answers == {"y.com/": "shop/api:80", "x.com/x": "shop/x:80", "x.com/x/": "shop/api:80",
                       "bare.com/": "shop/web:80"}  # fmt: skip


def test_services_that_are_not_there() -> None:
    """A missing Service and a missing port are answered with 503; another resource is a backend of its kind."""
    resource = "{resource: {apiGroup: k8s.example.com, kind: Bucket, name: files}}"
    paths = ", ".join(
        f"{{path: /{name}, pathType: Prefix, backend: {backend}}}"
        for name, backend in (("gone", to("gone")), ("port", to("web", "{name: https}")), ("files", resource))
    )
    proxy = one(klass(default="true"), ingress("a", f"{{rules: [{{http: {{paths: [{paths}]}}}}]}}"), services("web"))
    assert [ask(proxy, f"http://a.com/{each}") for each in ("gone", "port", "files")] == ["503", "503", "shop/files"]
    assert [each.backends[0].kind for each in openings(proxy) if each.backends] == ["Bucket"]


RULES = f"rules: [{{http: {{paths: [{{path: /, pathType: Prefix, backend: {to('web')}}}]}}}}]"


@pytest.mark.parametrize(
    ("spec", "annotations", "classes", "closed", "expected"),
    [
        ("ingressClassName: web", "{}", [klass()], True, ("web", "example.org/c", Truth.YES)),
        ("ingressClassName: gone", "{}", [klass()], True, ("gone", "", Truth.NO)),
        ("ingressClassName: gone", "{}", [klass()], False, ("gone", "", Truth.UNKNOWN)),
        ("ingressClassName: web", "{kubernetes.io/ingress.class: nginx}", [klass()], True, ("nginx", NGINX, Truth.YES)),
        ("", "{kubernetes.io/ingress.class: web}", [klass()], True, ("web", "example.org/c", Truth.YES)),
        ("", "{}", [klass()], True, ("", "", Truth.UNKNOWN)),
        ("", "{}", [klass(default="true")], True, ("web", "example.org/c", Truth.YES)),
        ("", "{}", [klass("b", default="true"), klass("a", default="true")], True, ("a", "example.org/c", Truth.YES)),
        ("", "{}", [klass("b", default="true", born="2025-01-01T00:00:00Z"),
                    klass("a", default="true", born="2024-01-01T00:00:00Z")], True, ("b", "example.org/c", Truth.YES)),
    ],
)  # fmt: skip
def test_which_class_an_ingress_belongs_to(
    spec: str, annotations: str, classes: list[str], closed: bool, expected: tuple[str, str, Truth]
) -> None:
    """The annotation, then the field, then the youngest default class, then the first of those by name."""
    written = ingress("a", "{" + ", ".join(filter(None, (spec, RULES))) + "}", annotations)
    decoded = read(written, *classes)
    found = belonging(decoded.ingresses[0], decoded, closed=closed)
    assert (found.name, found.controller, found.served) == expected


def test_an_ingress_that_nobody_serves() -> None:
    """It makes no proxy where the input is closed, and one with a note where it is not."""
    decoded = read(ingress("a", f"{{ingressClassName: gone, {RULES}}}"), services("web"))
    assert translate(decoded, closed=True).proxies == []
    found = translate(decoded)
    words = "there is no IngressClass gone in the input"
    assert said(found.problems) == [f"ingress shop/a: spec.ingressClassName: {words}"]
    assert [each.rule.notes for each in openings(found.proxies[0])] == [(words,)]


@pytest.mark.parametrize(
    ("controller", "group", "proxies"),
    [
        ("example.org/c", "{}", ["web"]),
        ("k8s.io/ingress-gce", "{}", ["shop/a", "shop/b"]),
        ("ingress.k8s.aws/alb", "{}", ["shop/a", "shop/b"]),
        ("ingress.k8s.aws/alb", "{alb.ingress.kubernetes.io/group.name: front}", ["front"]),
    ],
)
def test_load_balancers_of_their_own(controller: str, group: str, proxies: list[str]) -> None:
    """Some controllers make one for each Ingress, or for each group of them."""
    both = [ingress(name, f"{{ingressClassName: web, {RULES}}}", group) for name in "ab"]
    found = translate(read(klass(controller=controller), *both, services("web")))
    assert [each.name for each in found.proxies] == proxies


def test_addresses() -> None:
    """Those that a controller reported."""
    written = ingress("a", f"{{ingressClassName: web, {RULES}}}").rstrip()
    written += "\n    status: {loadBalancer: {ingress: [{ip: 192.0.2.7}, {hostname: lb.example.com}]}}\n"
    assert one(klass(), written, services("web")).addresses == ("192.0.2.7", "lb.example.com")
