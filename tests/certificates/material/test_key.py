"""Keys: what may be known of them."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x25519

from certificates.making import key, key_text, leaf
from crenel.certificates.material import key as keys


@pytest.mark.parametrize(
    ("private", "text", "size"),
    [
        (key(0, "RSA2048"), "RSA 2048", 2048),
        (key(0, "RSA1024"), "RSA 1024", 1024),
        (key(0), "EC P-256", 256),
        (key(0, "P-192"), "EC secp192r1", 192),
        (ec.generate_private_key(ec.SECP521R1()), "EC P-521", 521),
        (key(0, "Ed25519"), "Ed25519", 256),
        (ed448.Ed448PrivateKey.generate(), "Ed448", 456),
        (x25519.X25519PrivateKey.generate(), "X25519", 256),
        (dsa.generate_private_key(2048), "DSA 2048", 2048),
    ],
)
def test_kinds(private: Any, text: str, size: int) -> None:
    """Every kind has a name and a size, from either half, and the same fingerprint."""
    public = keys.of_public(private.public_key())
    assert (str(public), public.size) == (text, size)
    assert keys.of_private(key_text(private).encode()) == public


def test_the_fingerprint_is_that_of_the_certificate() -> None:
    """A certificate and its key are told to belong together by it."""
    made = leaf(private=key(3))
    assert keys.of_private(made.key_pem.encode()).fingerprint == made.certificate.spki
    assert keys.of_private(key_text(key(4)).encode()).fingerprint != made.certificate.spki


def test_passwords() -> None:
    """An encrypted key opens with its password alone, and the reason never shows one."""
    text = key(0).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"right")
    )
    assert keys.private(text, password=b"right").public_key() == key(0).public_key()
    for password, words in ((None, "the key is encrypted"), (b"wrong", "the key is broken, or the password is wrong")):
        with pytest.raises(keys.UnreadableKeyError) as caught:
            keys.private(text, password=password)
        assert str(caught.value) == words
        assert caught.value.__cause__ is None and caught.value.__context__ is None
    with pytest.raises(keys.UnreadableKeyError, match="not encrypted, yet there is a password"):
        keys.private(key_text(key(0)).encode(), password=b"x")


def test_nothing_of_a_private_key_is_kept() -> None:
    """What is returned holds text alone; the private key is gone when its reader returns."""
    found = keys.of_private(key_text(key(7)).encode())
    assert {type(getattr(found, name)) for name in found.__slots__} == {str, int}
    gc.collect()
    number = key(7).private_numbers().private_value
    assert str(number) not in repr(found) and f"{number:x}" not in repr(found)
