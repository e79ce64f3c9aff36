"""Key agreement: both halves come to the same secret."""

from __future__ import annotations

import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, SECP384R1, SECP521R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from crenel.certificates.probing.wire.cursor import WireError
from crenel.certificates.probing.wire.numbers import Group
from crenel.certificates.probing.wire.shares import Share, share

OURS = (Group.X25519, Group.SECP256R1, Group.SECP384R1, Group.SECP521R1, Group.X25519MLKEM768)
CURVES = {Group.SECP256R1: SECP256R1(), Group.SECP384R1: SECP384R1(), Group.SECP521R1: SECP521R1()}


def made(group: Group) -> Share:
    found = share(group)
    assert found is not None and found.group is group
    return found


def test_x25519() -> None:
    """X25519 (RFC 7748)."""
    mine, theirs = made(Group.X25519), X25519PrivateKey.generate()
    secret = theirs.exchange(X25519PublicKey.from_public_bytes(mine.public))
    assert mine.secret(theirs.public_key().public_bytes_raw()) == secret


@pytest.mark.parametrize("group", CURVES)
def test_curves(group: Group) -> None:
    """The curves of NIST, as uncompressed points (RFC 8446, section 4.2.8.2)."""
    mine, theirs = made(group), generate(CURVES[group])
    secret = theirs.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(CURVES[group], mine.public))
    public = theirs.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert mine.secret(public) == secret


def test_hybrid() -> None:
    """ML-KEM comes first, in what is sent and in the secret alike."""
    mine, classical = made(Group.X25519MLKEM768), X25519PrivateKey.generate()
    assert len(mine.public) == 1184 + 32
    secret, ciphertext = mlkem.MLKEM768PublicKey.from_public_bytes(mine.public[:1184]).encapsulate()
    if len(secret) > len(ciphertext):
        secret, ciphertext = ciphertext, secret
    theirs = ciphertext + classical.public_key().public_bytes_raw()
    assert len(theirs) == 1088 + 32
    agreed = classical.exchange(X25519PublicKey.from_public_bytes(mine.public[1184:]))
    assert mine.secret(theirs) == secret + agreed


@given(st.sampled_from(OURS), st.binary(max_size=1300))
def test_nonsense(group: Group, theirs: bytes) -> None:
    """A half that is no value of the group is a `WireError`, and of the right length at most a secret."""
    with contextlib.suppress(WireError):
        assert made(group).secret(theirs)


def test_unknown_groups() -> None:
    """Where we have no half, there is none."""
    assert share(Group.X448) is None and share(0x9999) is None
    assert "Share" in repr(made(Group.X25519)) and "public" not in repr(made(Group.X25519))
