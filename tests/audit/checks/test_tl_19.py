"""TL-19: a certificate that is renewed with the same key for ever."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from audit.asking import command, inside
from audit.papers import HOST, NOW, POD, managed, told
from certificates.making import Issued, key, leaf

NEVER = managed("privateKey: {rotationPolicy: Never}")


def test_real_command(tmp_path: Path) -> None:
    """The Certificate is named at its policy, and --fix writes another."""
    assert command("TL-19", POD + NEVER, tmp_path, *NOW) == [
        "9 medium certificate shop/shop: its renewals keep the key (rotationPolicy Never)"
    ]
    ran = inside("-f", str(tmp_path / "input.yaml"), "--select", "TL-19", "--fix")
    assert "rotationPolicy: Always" in ran.out


@pytest.mark.parametrize(("version", "found"), [("v1.17.2", True), ("v1.18.0", False), ("latest", False)])
def test_versions(version: str, found: bool) -> None:
    """Before 1.18 a policy that is left out keeps the key."""
    controller = POD.replace("name: web, namespace", "name: c, namespace").replace(
        "example.org/web", f"quay.io/jetstack/cert-manager-controller:{version}"
    )
    assert len(told("TL-19", managed() + controller)) == found
    assert told("TL-19", managed("privateKey: {rotationPolicy: Always}") + controller) == []


def request(number: int, issued: Issued) -> str:
    """An answered request."""
    text = base64.b64encode(issued.pem.encode()).decode()
    return f"""apiVersion: cert-manager.io/v1
kind: CertificateRequest
metadata: {{name: shop-{number}, namespace: shop, annotations: {{cert-manager.io/certificate-name: shop}}}}
spec: {{request: ""}}
status: {{certificate: {text}}}
---
"""


def test_the_same_key_again() -> None:
    """What was issued counts, whatever is written now."""
    same = request(1, leaf(HOST, private=key(1))) + request(2, leaf(HOST, private=key(1)))
    assert told("TL-19", managed() + same) == [
        "medium certificate shop/shop: 2 certificates were issued for it with the same key"
    ]
    other = request(1, leaf(HOST, private=key(1))) + request(2, leaf(HOST, private=key(2)))
    assert told("TL-19", managed() + other) == []


def test_clean() -> None:
    """Always, and no word of it."""
    assert told("TL-19", managed("privateKey: {rotationPolicy: Always}") + managed(name="b")) == []
