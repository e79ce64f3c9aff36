"""IN-04: a host that two namespaces claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import service
from audit.routing_pieces import WEB, gateway, ingress, openshift_route, route

OTHER = service("web", "ports: [{port: 80}]", "test")
LISTENER = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"
REFUSED = "lowered: the router refuses the younger of both"


def test_real_command(tmp_path: Path) -> None:
    """The one that comes later is named, at its path."""
    assert command("IN-04", WEB + OTHER + ingress() + ingress(namespace="test"), tmp_path) == [
        "44 high ingress test/web: it claims shop.example.com/, which ingress shop/web has"
    ]


def test_without_a_class() -> None:
    """Without a class one controller may serve both, or not."""
    (line,) = messages("IN-04", WEB + OTHER + ingress(class_name="") + ingress(namespace="test", class_name=""))
    assert line.startswith("medium ingress test/web: ")
    assert line.endswith("lowered: whether one controller serves both is not in the input")


def test_routes() -> None:
    """Routes of two namespaces at one listener, and Routes of OpenShift for one host, count."""
    assert messages("IN-04", WEB + OTHER + gateway(LISTENER) + route() + route(namespace="test")) == [
        "high httproute test/web: it claims shop.example.com/, which httproute shop/web has"
    ]
    both = openshift_route("host: a.example.com") + openshift_route("host: a.example.com", namespace="test")
    assert messages("IN-04", WEB + OTHER + both) == [
        f"medium route test/web: it claims a.example.com, which route shop/web has; {REFUSED}"
    ]


def test_a_part_of_a_host() -> None:
    """A longer path in another namespace is for the pedantic."""
    text = WEB + OTHER + ingress() + ingress(namespace="test", path="/login")
    assert messages("IN-04", text) == []
    assert messages("IN-04", text, "--persona", "pedantic") == [
        "low ingress test/web: it takes shop.example.com/login of a host that ingress shop/web has"
    ]


@pytest.mark.parametrize(
    "text",
    [
        ingress() + ingress("other", path="/other"),
        ingress() + ingress("again"),
        ingress() + ingress(namespace="test", host="test.example.com"),
        ingress() + ingress(namespace="test", class_name="internal"),
        ingress() + ingress(namespace="test", annotations="nginx.ingress.kubernetes.io/canary: 'true'"),
        ingress() + ingress(namespace="test", path="/.well-known/acme-challenge/x"),
    ],
    ids=["paths", "one namespace", "hosts", "classes", "canary", "challenge"],
)
def test_clean(text: str) -> None:
    """What does not collide, or is of one owner, is no finding."""
    assert messages("IN-04", WEB + OTHER + text, "--persona", "pedantic") == []
