"""TL-06: a certificate with a weak key, or a weak signature."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command
from audit.papers import HOST, NOW, POD, config, ingress, secret, told
from certificates.making import Issued, authority, key, leaf

SMALL = leaf(HOST, private=key(0, "RSA1024"))


def test_real_command(tmp_path: Path) -> None:
    """The Secret is named at its certificate."""
    text = POD + secret("shop-tls", SMALL) + ingress()
    assert command("TL-06", text, tmp_path, *NOW) == [
        f"11 high secret shop/shop-tls: the certificate of {HOST} is weak: its RSA key has 1024 bits, fewer than 2048"
    ]


def test_curves() -> None:
    """Only the curves that clients take are strong."""
    (line,) = told("TL-06", secret("shop-tls", leaf(HOST, private=key(0, "P-192"))) + ingress())
    assert line.endswith("its key is on the curve secp192r1")


def test_authorities_in_bundles() -> None:
    """A weak authority is as bad where it is trusted, and told once."""
    weak = authority("Weak", private=key(1, "RSA1024"))
    (line,) = told("TL-06", config("a", weak) + config("b", weak, namespace="blog"))
    assert line.startswith("high configmap shop/a: certificate 1 of ca.crt, CN=Weak, is weak: ")
    assert line.endswith("(and 1 more hold it)")


@pytest.mark.parametrize(
    "good", [leaf(HOST), leaf(HOST, private=key(0, "Ed25519")), leaf(HOST, private=key(0, "RSA2048"))]
)
def test_clean(good: Issued) -> None:
    """P-256, Ed25519 and RSA with 2048 bits are strong."""
    assert told("TL-06", secret("shop-tls", good) + ingress()) == []
