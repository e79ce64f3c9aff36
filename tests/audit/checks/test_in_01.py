"""IN-01: an Ingress whose requests come in plain HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import DENY, service
from audit.routing_pieces import (
    BALANCER,
    CONTROLLER,
    FACING,
    NGINX,
    NGINX_CLASS,
    TLS,
    WEB,
    ingress,
    openshift_route,
)

UNKNOWN = "lowered: whether the internet gets there is not in the input"
FRONT = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert: arn"


def test_real_command(tmp_path: Path) -> None:
    """The Ingress is named at its spec; where its controller is not in the input, it is medium."""
    assert command("IN-01", WEB + ingress(), tmp_path) == [
        f"21 medium ingress shop/web: shop.example.com is answered in plain HTTP only; {UNKNOWN}"
    ]


def test_who_gets_there() -> None:
    """High where the internet gets there, low where nothing leads it to the proxy."""
    text = WEB + NGINX + ingress()
    assert messages("IN-01", text + BALANCER, *FACING) == [
        "high ingress shop/web: shop.example.com is answered in plain HTTP only, and the internet gets there"
    ]
    (line,) = messages("IN-01", text + BALANCER, "--assume", "internet-facing=no", "--assume", "public-nodes=no")
    assert line.startswith("low ingress shop/web: ")
    (line,) = messages("IN-01", text + BALANCER + DENY, *FACING)
    assert line.endswith("lowered: the internet does not get there")


def test_a_service_that_the_input_lacks() -> None:
    """An Ingress counts without its Service, which may come from elsewhere; who gets there is not known then."""
    (line,) = messages("IN-01", WEB + NGINX + BALANCER + ingress(namespace="other"), *FACING)
    assert line == f"medium ingress other/web: shop.example.com is answered in plain HTTP only; {UNKNOWN}"


@pytest.mark.parametrize(
    "text",
    [
        ingress(more=TLS),
        ingress(more="tls: [{secretName: every}]"),
        ingress() + ingress("other", path="/other", more=TLS),
        ingress(annotations="traefik.ingress.kubernetes.io/router.tls: 'true'"),
        ingress(annotations="nginx.ingress.kubernetes.io/force-ssl-redirect: 'true'"),
        NGINX_CLASS + ingress(annotations="nginx.ingress.kubernetes.io/force-ssl-redirect: 'true'"),
        ingress(path="/.well-known/acme-challenge/x"),
        ingress(class_name="alb", annotations="alb.ingress.kubernetes.io/certificate-arn: 'arn:x'"),
        NGINX_CLASS + CONTROLLER + ingress()
        + service("ingress-nginx", "type: LoadBalancer, ports: [{port: 80}]", "edge", FRONT),
        openshift_route("host: a.example.com, tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}"),
        openshift_route("host: a.example.com, tls: {termination: edge}"),
        openshift_route("host: a.example.com, tls: {termination: passthrough}"),
    ],
    ids=[
        "listed", "every host", "merged", "traefik", "redirected", "redirected by nginx", "challenge", "alb",
        "in front", "route redirects", "route", "passed on",
    ],
)  # fmt: skip
def test_clean(text: str) -> None:
    """What is encrypted, by whomever, is no finding."""
    assert messages("IN-01", WEB + text, *FACING) == []


def test_beside_tls(tmp_path: Path) -> None:
    """A setting that keeps plain HTTP is lower, and its fix is mechanical."""
    text = WEB + NGINX_CLASS + ingress(more=TLS, annotations="nginx.ingress.kubernetes.io/ssl-redirect: 'false'")
    assert messages("IN-01", text) == [
        f"low ingress shop/web: shop.example.com is answered in plain HTTP beside TLS; {UNKNOWN}"
    ]
    path = tmp_path / "web.yaml"
    path.write_text(text)
    assert inside("-f", str(path), "--select", "IN-01", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "IN-01").code == 0
    ports = """alb.ingress.kubernetes.io/listen-ports: '[{"HTTP": 80}, {"HTTPS": 443}]'"""
    (line,) = messages("IN-01", WEB + ingress(class_name="alb", annotations=ports))
    assert "beside TLS" in line


def test_routes_of_openshift(tmp_path: Path) -> None:
    """A Route without TLS, and one that allows both, are mended by `--fix`."""
    text = WEB + openshift_route("host: a.example.com")
    text += openshift_route(
        "host: b.example.com, tls: {termination: edge, insecureEdgeTerminationPolicy: Allow}", "both"
    )
    assert messages("IN-01", text) == [
        f"medium route shop/web: its requests are answered in plain HTTP only; {UNKNOWN}",
        f"low route shop/both: its requests are answered in plain HTTP beside TLS; {UNKNOWN}",
    ]
    path = tmp_path / "routes.yaml"
    path.write_text(text)
    assert inside("-f", str(path), "--select", "IN-01", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "IN-01").code == 0


def test_fix_with_an_issuer(tmp_path: Path) -> None:
    """Where cert-manager makes the Secret, the entry of tls is written."""
    path = tmp_path / "web.yaml"
    path.write_text(WEB + ingress(annotations="cert-manager.io/cluster-issuer: acme"))
    assert inside("-f", str(path), "--select", "IN-01", "--fix", "--write").code == 1
    assert "secretName: web-tls" in path.read_text()
    assert inside("-f", str(path), "--select", "IN-01").code == 0
