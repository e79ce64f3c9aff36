"""Routes of OpenShift as a proxy."""

from __future__ import annotations

import pytest

from crenel.dialects.openshift import OpenShiftRoutes, translate
from crenel.routing.openings import openings
from crenel.routing.proxy import Proxy, TlsMode
from dialects.manifests import ask, read, said, services


def shown(
    spec: str, name: str = "web", namespace: str = "shop", born: str = "2024-01-01T00:00:00Z", annotations: str = "{}"
) -> str:
    return f"""
    apiVersion: route.openshift.io/v1
    kind: Route
    metadata: {{name: {name}, namespace: {namespace}, creationTimestamp: '{born}', annotations: {annotations}}}
    spec: {spec}
    """


def found(*texts: str) -> OpenShiftRoutes:
    return translate(read(services("web", "api"), services("web", namespace="other"), *texts))


def one(*texts: str) -> Proxy:
    proxy = found(*texts).proxy
    assert proxy is not None
    return proxy


TO = "to: {kind: Service, name: web}"


@pytest.mark.parametrize(
    ("tls", "plain", "encrypted"),
    [
        ("", "shop/web:80", "503"),
        (", tls: {termination: edge}", "503", "shop/web:80"),
        (", tls: {termination: edge, insecureEdgeTerminationPolicy: Allow}", "shop/web:80", "shop/web:80"),
        (", tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}", "302 https://a.com/x", "shop/web:80"),
        (", tls: {termination: reencrypt}", "503", "shop/web:80"),
        (", tls: {termination: passthrough}", "503", "shop/web:80"),
        (", tls: {termination: passthrough, insecureEdgeTerminationPolicy: Redirect}", "302 https://a.com/x",
         "shop/web:80"),
    ],
)  # fmt: skip
def test_tls(tls: str, plain: str, encrypted: str) -> None:
    """A Route with TLS is not answered without it unless it says so; what no Route takes gets 503."""
    proxy = one(shown(f"{{host: a.com, {TO}{tls}}}"))
    assert (ask(proxy, "http://a.com/x"), ask(proxy, "https://a.com/x")) == (plain, encrypted)


def test_who_ends_tls() -> None:
    """A Route that is passed through has a listener of its own; re-encryption asks for the Service's name."""
    passed = one(shown(f"{{host: a.com, {TO}, tls: {{termination: passthrough}}}}"))
    assert [(each.tls, str(each.host)) for each in passed.listeners][2:] == [(TlsMode.PASSTHROUGH, "a.com")]
    again = one(shown(f"{{host: a.com, {TO}, tls: {{termination: reencrypt}}}}"))
    tls = next(openings(again)).backends[0].tls
    assert tls is not None and tls.server_name == "web.shop.svc"


def test_paths_and_shares() -> None:
    """The longest path decides by whole segments; weights are 100 unless given."""
    proxy = one(
        shown(f"{{host: a.com, {TO}, alternateBackends: [{{kind: Service, name: api, weight: 20}}]}}"),
        shown("{host: a.com, path: /api, to: {kind: Service, name: api}}", "api"),
    )
    assert ask(proxy, "http://a.com/apis") == "shop/web:80, shop/api:80"
    assert ask(proxy, "http://a.com/api/x") == "shop/api:80"
    weights = [[one.weight for one in each.backends] for each in openings(proxy)]
    assert sorted(weights) == [[100], [100, 20]]


@pytest.mark.parametrize(
    ("port", "answer"),
    [("http", "shop/web:80"), ("8080", "shop/web:80"), ("9", "shop/web:9")],
)
def test_target_ports(port: str, answer: str) -> None:
    """A Route names the Service's port or the target's number."""
    assert ask(one(shown(f"{{host: a.com, {TO}, port: {{targetPort: {port}}}}}")), "http://a.com/") == answer


def test_who_claims_a_host() -> None:
    """The namespace of the oldest Route keeps the host, and the oldest Route a path of it."""
    routes = found(
        shown(f"{{host: a.com, path: /x, {TO}}}", "thief", "other", "2025-01-01T00:00:00Z"),
        shown(f"{{host: a.com, {TO}}}", born="2023-01-01T00:00:00Z"),
        shown("{host: a.com, to: {kind: Service, name: api}}", "later"),
    )
    assert said(routes.problems) == [
        "route shop/later: spec.host: an older Route has host a.com and path /",
        "route other/thief: spec.host: host a.com is claimed by an older Route in namespace shop",
    ]
    assert routes.proxy is not None and ask(routes.proxy, "http://a.com/x") == "shop/web:80"


def test_wildcards_and_names_that_the_router_makes() -> None:
    """A wildcard stands for one label; both carry a note."""
    proxy = one(
        shown(f"{{host: www.a.com, wildcardPolicy: Subdomain, {TO}}}"),
        shown("{to: {kind: Service, name: api}}", "made"),
    )
    assert ask(proxy, "http://x.a.com/") == "shop/web:80"
    notes = {str(each.host): each.rule.notes for each in openings(proxy)}
    assert notes == {
        "*.a.com": ("the router must be told to admit wildcards",), "*": ("the router makes up the host name",),
    }  # fmt: skip


def test_clients() -> None:
    """The list of addresses is by spaces; one that cannot be read is named."""
    name = "haproxy.router.openshift.io/ip_whitelist"
    proxy = one(shown(f"{{host: a.com, {TO}}}", annotations=f"{{{name}: 10.0.0.0/8 192.0.2.1}}"))
    assert [ask(proxy, "http://a.com/", source=each) for each in ("192.0.2.1", "192.0.2.2")] == ["shop/web:80", "403"]
    wrong = found(shown(f"{{host: a.com, {TO}}}", annotations=f"{{{name}: nobody}}"))
    assert [each.field for each in wrong.problems] == [("metadata", "annotations", name)]


def test_a_service_that_is_not_there() -> None:
    """It is answered with 503; without Routes there is no proxy."""
    assert ask(one(shown("{host: a.com, to: {kind: Service, name: gone}}")), "http://a.com/") == "503"
    assert found().proxy is None
