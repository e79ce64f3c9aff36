"""IN-11: gateways that lead plain HTTP to pods."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import deployment, service
from audit.routing_pieces import FACING, WEB, gateway, istio, route

ALL = "allowedRoutes: {namespaces: {from: All}}"
HTTP = f"{{name: http, port: 80, protocol: HTTP, {ALL}}}"
HTTPS = f"{{name: https, port: 443, protocol: HTTPS, tls: {{certificateRefs: [{{name: shop}}]}}, {ALL}}}"
REDIRECT = "{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}"
UNKNOWN = "lowered: whether the internet gets there is not in the input"
SERVICE = "hosts: [shop.example.com], gateways: [web], http: [{route: [{destination: {host: web}}]}]"
SERVER = "port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]"
SECURE = "port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop.example.com], tls: {mode: SIMPLE}"
PODS = deployment("proxy", "edge", port=80).replace(
    "{app: proxy}", "{app: proxy, gateway.networking.k8s.io/gateway-name: public}"
) + service("proxy", "type: LoadBalancer, ports: [{port: 80}]", "edge")


def test_real_command(tmp_path: Path) -> None:
    """The listener is named."""
    assert command("IN-11", WEB + gateway(HTTP) + route(), tmp_path) == [
        f"21 low gateway edge/public: listener http leads shop.example.com to pods in plain HTTP; {UNKNOWN}"
    ]


def test_on_the_internet() -> None:
    """Medium where the internet gets there; that TLS is offered beside it does not help."""
    assert messages("IN-11", WEB + PODS + gateway(f"{HTTP}, {HTTPS}") + route(), *FACING) == [
        (
            "medium gateway edge/public: listener http leads shop.example.com to pods in plain HTTP beside TLS, and "
            "the internet gets there"
        )
    ]


def test_istio(tmp_path: Path) -> None:
    """A Gateway of Istio is mended where all its hosts are answered in TLS as well."""
    path = tmp_path / "gateway.yaml"
    servers = f"selector: {{istio: gateway}}, servers: [{{{SERVER}}}, {{{SECURE}}}]"
    path.write_text(WEB + istio("VirtualService", SERVICE) + istio("Gateway", servers))
    ran = inside("-f", str(path), "--select", "IN-11", "--fix", "--write")
    assert ran.code == 1
    assert "httpsRedirect: true" in path.read_text()
    assert inside("-f", str(path), "--select", "IN-11").code == 0


@pytest.mark.parametrize(
    "text",
    [
        gateway(HTTPS) + route(),
        gateway(HTTP) + route(rules=REDIRECT),
        gateway(HTTP),
        gateway(HTTP) + route(rules="{matches: [{path: {value: /.well-known/acme-challenge/x}}], "
                              "backendRefs: [{name: web, port: 80}]}"),
        istio("VirtualService", SERVICE) + istio("Gateway", f"servers: [{{{SERVER}, tls: {{httpsRedirect: true}}}}]"),
    ],
    ids=["TLS", "redirect", "no route", "challenge", "istio redirects"],
)  # fmt: skip
def test_clean(text: str) -> None:
    """Listeners with TLS, and those that only redirect, are no finding."""
    assert messages("IN-11", WEB + text) == []
