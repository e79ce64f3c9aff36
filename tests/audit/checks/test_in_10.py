"""IN-10: TLS to backends that is not verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.routing_pieces import WEB, gateway, ingress, istio, other, route

PREFIX = "nginx.ingress.kubernetes.io"
HTTPS = f"{PREFIX}/backend-protocol: HTTPS"
TAKES = "the proxy takes any certificate of the backend"
VALIDATION = "validation: {hostname: web, caCertificateRefs: [{group: '', kind: %s, name: ca}]}"
POLICY = "targetRefs: [{group: '', kind: Service, name: web}], " + VALIDATION
LISTENER = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"


def test_real_command(tmp_path: Path) -> None:
    """The annotation that encrypts is named."""
    assert command("IN-10", WEB + ingress(annotations=HTTPS), tmp_path) == [
        f"20 medium ingress shop/web: {TAKES}: it encrypts without proxy-ssl-verify"
    ]


def test_fix_with_an_authority(tmp_path: Path) -> None:
    """Where the authority is there, verification is switched on."""
    path = tmp_path / "web.yaml"
    text = ingress(annotations=f"{HTTPS}, {PREFIX}/proxy-ssl-secret: shop/ca")
    path.write_text(WEB + text)
    assert inside("-f", str(path), "--select", "IN-10", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "IN-10").code == 0


def test_other_proxies() -> None:
    """HAProxy, Istio and Traefik have their own words for it."""
    assert messages("IN-10", WEB + ingress(annotations="haproxy.org/server-ssl: 'true'")) == [
        f"medium ingress shop/web: {TAKES}: it encrypts without haproxy.org/server-ca"
    ]
    port = "{port: {number: 443}, tls: {mode: SIMPLE, insecureSkipVerify: true}}"
    rule = f"host: web, trafficPolicy: {{portLevelSettings: [{port}]}}"
    assert messages("IN-10", WEB + istio("DestinationRule", rule)) == [
        "medium destinationrule shop/web: it takes any certificate of the other end (insecureSkipVerify)"
    ]
    (line,) = messages("IN-10", WEB + other("traefik.io/v1alpha1", "ServersTransport", "insecureSkipVerify: true"))
    assert line.startswith("medium serverstransport shop/web: ")


def test_a_policy_without_an_authority() -> None:
    """A BackendTLSPolicy that cannot be fulfilled is told, and low."""
    text = WEB + gateway(LISTENER) + route()
    wrong = other("gateway.networking.k8s.io/v1", "BackendTLSPolicy", POLICY % "Service")
    (line,) = messages("IN-10", text + wrong)
    assert line.startswith("low backendtlspolicy shop/web: it has no valid authority, so that requests fail: ")


@pytest.mark.parametrize(
    "text",
    [
        ingress(),
        ingress(annotations=f"{HTTPS}, {PREFIX}/proxy-ssl-verify: 'on'"),
        ingress(annotations="haproxy.org/server-ssl: 'true', haproxy.org/server-ca: shop/ca"),
        ingress(class_name="alb", annotations="alb.ingress.kubernetes.io/backend-protocol: HTTPS"),
        istio("DestinationRule", "host: web, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: false}}"),
        gateway(LISTENER) + route()
        + other("gateway.networking.k8s.io/v1", "BackendTLSPolicy", POLICY % "ConfigMap"),
    ],
    ids=["plain", "verified", "haproxy", "a cloud", "istio", "an authority that the input lacks"],
)  # fmt: skip
def test_clean(text: str) -> None:
    """What verifies, and what cannot, is no finding."""
    assert messages("IN-10", WEB + text) == []
