"""TL-22: a private key that is used in several namespaces."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command
from audit.papers import HOST, NOW, POD, secret, told
from certificates.making import authority, key, leaf

PAIR = leaf(HOST, private=key(1))
COPY = '"reflector.v1.k8s.emberstack.com/reflects": shop/shop-tls'


def test_real_command(tmp_path: Path) -> None:
    """The first Secret is named at its key."""
    text = (
        POD
        + secret("a", PAIR, key=PAIR.key_pem)
        + secret("b", leaf("other", private=key(1)), key=PAIR.key_pem, namespace="blog")
    )
    (line,) = command("TL-22", text, tmp_path, *NOW)
    assert line.endswith("medium secret shop/a: its private key is in 2 namespaces: shop, blog")


def test_an_authority() -> None:
    """The key of an authority in two places is worse."""
    ca = authority("CA")
    text = secret("a", ca, key=ca.key_pem) + secret("a", ca, key=ca.key_pem, namespace="blog")
    (line,) = told("TL-22", text)
    assert line.startswith("high secret shop/a: its private key of an authority is in 2 namespaces")


def test_copies_that_are_meant() -> None:
    """A controller keeps them the same: the pedantic are told."""
    text = secret("shop-tls", PAIR, key=PAIR.key_pem) + secret(
        "shop-tls", PAIR, key=PAIR.key_pem, namespace="blog", annotations=COPY
    )
    assert told("TL-22", text) == []
    (line,) = told("TL-22", text, "--persona", "pedantic")
    assert line.endswith("; a controller keeps the copies")


def test_clean() -> None:
    """One namespace, and a certificate alone elsewhere."""
    assert told("TL-22", secret("a", PAIR, key=PAIR.key_pem) + secret("b", PAIR, key=PAIR.key_pem)) == []
    assert told("TL-22", secret("a", PAIR, key=PAIR.key_pem) + secret("b", PAIR, namespace="blog")) == []
