"""IN-03: every host name is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.routing_pieces import BALANCER, FACING, NGINX, WEB, gateway, ingress, istio, route

UNKNOWN = "lowered: whether the internet gets there is not in the input"
LISTENER = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"
NAMED = LISTENER.replace("port: 80", "port: 80, hostname: '*.example.com'")
SERVER = "selector: {istio: gateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]"


def test_real_command(tmp_path: Path) -> None:
    """The rule without a host is named."""
    assert command("IN-03", WEB + ingress(host=""), tmp_path) == [
        f"24 low ingress shop/web: requests for every host are led to shop/web:80; {UNKNOWN}"
    ]


def test_on_the_internet() -> None:
    """Medium where the internet gets there."""
    assert messages("IN-03", WEB + NGINX + BALANCER + ingress(host=""), *FACING) == [
        "medium ingress shop/web: requests for every host are led to shop/web:80, and the internet gets there"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ingress(host="*.com"), "ingress shop/web: requests for every name under com"),
        (ingress(more="defaultBackend: {service: {name: web, port: {number: 80}}}"), "requests for every host"),
        (gateway(LISTENER) + route(hosts=""), "httproute shop/web: requests for every host"),
        (
            istio("Gateway", SERVER)
            + istio("VirtualService", "hosts: ['*'], gateways: [web], http: [{route: [{destination: {host: web}}]}]"),
            "virtualservice shop/web: requests for every host",
        ),
    ],
    ids=["top-level domain", "default backend", "route", "virtual service"],
)
def test_wide(text: str, says: str) -> None:
    """Every way to write it counts."""
    (line,) = messages("IN-03", WEB + text)
    assert says in line


@pytest.mark.parametrize(
    "text",
    [
        ingress(),
        ingress(host="*.apps.example.com"),
        gateway(NAMED) + route(hosts=""),
        gateway(LISTENER) + route(),
        gateway(LISTENER)
        + route(hosts="", rules="{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}"),
        istio("Gateway", SERVER)
        + istio(
            "VirtualService", "hosts: [a.example.com], gateways: [web], http: [{route: [{destination: {host: web}}]}]"
        ),
    ],
    ids=["named", "a domain's wildcard", "the listener is named", "the route is named", "redirects", "virtual service"],
)
def test_clean(text: str) -> None:
    """Named hosts, and redirects, are no finding."""
    assert messages("IN-03", WEB + text) == []
