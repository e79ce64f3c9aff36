"""TL-09: a certificate that is used for what it is not for."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command
from audit.papers import HOST, NOW, POD, hook, ingress, managed, secret, told
from certificates.making import CLIENT, SERVER, leaf

FOR_CLIENTS, FOR_SERVERS = leaf(HOST, purposes=(CLIENT,)), leaf(HOST, purposes=(SERVER,))
GATEWAY = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  gatewayClassName: public
  listeners: [{name: http, port: 80, protocol: HTTP}]
  tls: {backend: {clientCertificateRef: {name: shop-tls}}}
---
"""


def test_real_command(tmp_path: Path) -> None:
    """A server shows a certificate for clients."""
    text = POD + secret("shop-tls", FOR_CLIENTS) + ingress()
    assert command("TL-09", text, tmp_path, *NOW) == [
        f"11 high secret shop/shop-tls: a server shows it, and {HOST} is for clientAuth, and not for serverAuth"
    ]


def test_clients() -> None:
    """A gateway shows backends a certificate for servers."""
    (line,) = told("TL-09", secret("shop-tls", FOR_SERVERS) + GATEWAY)
    assert line.endswith(f"a client shows it, and {HOST} is for serverAuth, and not for clientAuth")
    assert told("TL-09", secret("shop-tls", FOR_CLIENTS) + GATEWAY) == []


def test_an_authority_as_a_server() -> None:
    """A certificate with CA:TRUE is one step less bad."""
    made = leaf(HOST, ca=True, purposes=None)
    assert told("TL-09", secret("shop-tls", made, key=made.key_pem) + ingress()) == [
        f"medium secret shop/shop-tls: a server shows {HOST} as its own, which is the certificate of an authority"
    ]


def test_webhooks() -> None:
    """What answers the API server is a server."""
    wrong = leaf("web.shop.svc", purposes=(CLIENT,))
    (line,) = told("TL-09", secret("web-tls", wrong) + hook(""))
    assert line.startswith("high secret shop/web-tls: a server shows it")


ACME = managed("acme: {server: https://acme.example.org}", name="internal", kind="Issuer")


def test_planned_for_clients() -> None:
    """A Certificate that asks ACME for clients."""
    asked = managed("usages: [server auth, client auth]")
    assert told("TL-09", asked + ACME) == [
        (
            "medium certificate shop/shop: it asks for client auth, which public authorities do not issue any more "
            "(issuer shop/internal is ACME)"
        )
    ]
    assert told("TL-09", asked) == []
    assert told("TL-09", managed("usages: [server auth]") + ACME) == []


def test_clean() -> None:
    """A certificate for servers, and one that does not say."""
    assert told("TL-09", secret("shop-tls", FOR_SERVERS) + ingress()) == []
    assert told("TL-09", secret("shop-tls", leaf(HOST, purposes=None)) + ingress()) == []
    assert told("TL-09", secret("shop-tls", FOR_CLIENTS)) == []
