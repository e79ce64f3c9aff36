"""TL-05: a private key that does not belong to its certificate."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command
from audit.papers import HOST, NOW, POD, ingress, secret, told
from certificates.making import key, key_text, leaf

PAIR = leaf(HOST, private=key(1))
OTHER = key_text(key(2))


def test_real_command(tmp_path: Path) -> None:
    """The Secret is named at its key, and nothing of the key is printed."""
    text = POD + secret("shop-tls", PAIR, key=OTHER) + ingress()
    (line,) = command("TL-05", text, tmp_path, *NOW)
    assert line.endswith(
        f"critical secret shop/shop-tls: its private key (EC P-256) is not that of the certificate of {HOST} (EC P-256)"
    )
    number = int(line.split()[0])
    assert "tls.key" in text.splitlines()[number - 1]


def test_nobody_uses_it() -> None:
    """One step less where nothing in the input uses the pair."""
    (line,) = told("TL-05", secret("shop-tls", PAIR, key=OTHER))
    assert line.startswith("high secret shop/shop-tls: ")


def test_clean() -> None:
    """A pair, a certificate without a key, and a key that cannot be read, are no findings."""
    assert told("TL-05", secret("shop-tls", PAIR, key=PAIR.key_pem) + ingress()) == []
    assert told("TL-05", secret("shop-tls", PAIR) + ingress()) == []
    assert told("TL-05", secret("shop-tls", PAIR, key="garbage") + ingress()) == []
