"""IN-02: a host that no certificate covers."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.routing_pieces import NGINX_CLASS, TLS, WEB, ingress

SHOWN = "is shown the certificate of the controller itself"
UNKNOWN = "lowered: whether the internet gets there is not in the input"


def test_real_command(tmp_path: Path) -> None:
    """The rule's host is named; ingress-nginx shows a certificate of its own."""
    assert command("IN-02", WEB + NGINX_CLASS + ingress(host="www.example.com", more=TLS), tmp_path) == [
        f"30 medium ingress shop/web: no entry of tls covers www.example.com, which {SHOWN}; {UNKNOWN}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        ingress(more=TLS),
        ingress(host="www.example.com", more="tls: [{hosts: ['*.example.com'], secretName: x}]"),
        ingress(host="www.example.com", more="tls: [{secretName: x}]"),
        ingress(host="", more=TLS),
        ingress(host="www.example.com"),
        ingress(host="www.example.com", more=TLS)
        + ingress("www", host="www.example.com", path="/x", more="tls: [{hosts: [www.example.com], secretName: x}]"),
        ingress(host="www.example.com", more=TLS, path="/.well-known/acme-challenge/x"),
        ingress(host="www.example.com", more=TLS, class_name="alb"),
        ingress(host="www.example.com", more=TLS, annotations="nginx.ingress.kubernetes.io/ssl-passthrough: 'true'"),
    ],
    ids=["listed", "wildcard", "every host", "no host", "no tls", "merged", "challenge", "a cloud", "passed on"],
)
def test_clean(text: str) -> None:
    """What is covered, and what other checks speak of, is no finding."""
    assert messages("IN-02", WEB + text) == []


def test_a_wildcard_is_one_label() -> None:
    """A wildcard of a certificate does not stand for two labels."""
    text = ingress(host="a.b.example.com", more="tls: [{hosts: ['*.example.com'], secretName: x}]")
    (line,) = messages("IN-02", WEB + text)
    assert "no entry of tls covers a.b.example.com" in line


def test_fix_with_an_issuer(tmp_path: Path) -> None:
    """Where cert-manager makes the certificate, the host is added."""
    path = tmp_path / "web.yaml"
    issuer = "cert-manager.io/issuer: acme"
    path.write_text(WEB + ingress(host="www.example.com", more=TLS, annotations=issuer))
    assert inside("-f", str(path), "--select", "IN-02", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "IN-02").code == 0
