"""IN-05: a route that leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import service
from audit.routing_pieces import WEB, gateway, ingress, route

LISTENER = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"


def test_real_command(tmp_path: Path) -> None:
    """The reference is named."""
    assert command("IN-05", WEB + ingress(backend="{name: wep, port: {number: 80}}"), tmp_path) == [
        "26 low ingress shop/web: its backend leads nowhere: there is no Service shop/wep"
    ]


def test_ports() -> None:
    """A port that the Service lacks is told once, whatever the number of listeners."""
    tls = "tls: [{hosts: [shop.example.com], secretName: x}]"
    assert messages("IN-05", WEB + ingress(backend="{name: web, port: {name: grpc}}", more=tls)) == [
        "low ingress shop/web: its backend leads nowhere: Service shop/web has no port grpc"
    ]
    assert messages("IN-05", WEB + gateway(LISTENER) + route(rules="{backendRefs: [{name: web, port: 81}]}")) == [
        "low httproute shop/web: its backend leads nowhere: Service shop/web has no port 81"
    ]


def test_what_the_input_may_lack() -> None:
    """A Service of a namespace that the input has none of, and pods, may come from elsewhere."""
    alone = ingress(namespace="other")
    assert messages("IN-05", WEB + alone) == []
    assert messages("IN-05", WEB + alone, "--persona", "auditor") == [
        "low ingress other/web: its backend leads nowhere: there is no Service other/web"
    ]
    empty = service("empty", "ports: [{port: 80}]") + ingress(backend="{name: empty, port: {number: 80}}")
    assert messages("IN-05", WEB + empty) == []
    assert messages("IN-05", WEB + empty, "--persona", "pedantic") == [
        "low ingress shop/web: its backend leads nowhere: no pod stands behind Service shop/empty"
    ]


@pytest.mark.parametrize(
    "text",
    [
        ingress(),
        ingress(backend="{name: web, port: {name: http}}"),
        gateway(LISTENER) + route(),
        ingress(backend="{name: out, port: {number: 80}}")
        + service("out", "type: ExternalName, externalName: out.example.org").replace("selector: {app: out}, ", ""),
    ],
    ids=["number", "name", "route", "a name outside"],
)
def test_clean(text: str) -> None:
    """What leads somewhere is no finding."""
    assert messages("IN-05", WEB + text, "--persona", "auditor") == []
