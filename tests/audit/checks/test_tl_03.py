"""TL-03: a certificate that does not cover the host it is shown for."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command
from audit.papers import HOST, NOW, POD, hook, ingress, secret, told
from audit.pieces import service
from certificates.making import leaf

GATEWAY = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  gatewayClassName: public
  listeners:
    - {name: https, port: 443, protocol: HTTPS, hostname: shop.example.com,
       tls: {certificateRefs: [{name: one}, {name: two}]}}
---
"""


def test_real_command(tmp_path: Path) -> None:
    """The Ingress is named at its reference, with what the certificate is for."""
    text = POD + secret("shop-tls", leaf("www.example.com")) + ingress()
    (line,) = command("TL-03", text, tmp_path, *NOW)
    assert line.endswith(
        f"medium ingress shop/web: the certificate of secret shop/shop-tls does not cover {HOST}; lowered: whether the "
        "internet gets there is not in the input"
    )


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        ((HOST,), HOST, True),
        (("*.example.com",), HOST, True),
        (("*.example.com",), "example.com", False),
        (("*.example.com",), "a.shop.example.com", False),
        (("*.example.com",), "*.example.com", True),
        ((HOST,), "*.example.com", False),
        (("SHOP.example.com",), HOST, True),
        ((), HOST, False),
    ],
)
def test_names(names: tuple[str, ...], host: str, covered: bool) -> None:
    """Names are compared as RFC 9525 says; a common name counts for nothing."""
    lines = told("TL-03", secret("shop-tls", leaf(HOST, dns=names)) + ingress(host))
    assert bool(lines) is not covered


def test_one_of_several_certificates() -> None:
    """Of several certificates of a listener one has to cover the host."""
    wrong, right = secret("one", leaf("a.example.com")), leaf(HOST)
    assert told("TL-03", GATEWAY + wrong + secret("two", right)) == []
    (line,) = told("TL-03", GATEWAY + wrong + secret("two", leaf("b.example.com")))
    assert line.startswith(f"medium gateway shop/public: the certificate of secret shop/one does not cover {HOST}")
    assert told("TL-03", GATEWAY + wrong) == [], "the other one may"


MOUNTED = """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: web, image: example.org/web, ports: [{containerPort: 8443}]}]
  volumes: [{name: tls, secret: {secretName: hook-tls}}]
---
"""


def test_webhooks() -> None:
    """The pods behind a webhook have to mount a certificate for the name that it is called by."""
    rest = MOUNTED.replace("name: web, namespace", "name: hook, namespace").replace("app: web", "app: web, hook: a")
    text = rest + service("web", "ports: [{port: 443, targetPort: 8443}]").replace("app: web", "hook: a") + hook("")
    assert told("TL-03", text + secret("hook-tls", leaf("other.shop.svc"))) == [
        (
            "high validatingwebhookconfiguration web: webhook web.example.com: the certificate of secret "
            "shop/hook-tls does "
            "not cover web.shop.svc, by which it is called"
        )
    ]
    assert told("TL-03", text + secret("hook-tls", leaf("web.shop.svc"))) == []
