"""Keys in a token: with SoftHSM, which is a token in software behind the same interface as those in hardware."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certificates.authority.small import AT
from certificates.authority.test_openssl import verified
from command import crenel
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.tokens import Place, TokenKeyStore, parse

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
needs_softhsm = pytest.mark.skipif(
    not MODULE.exists() or shutil.which("softhsm2-util") is None, reason="softhsm2 is not installed"
)

SIGNS = """
import sys
from crenel.certificates.authority.keys import KeyKind
from crenel.certificates.authority.tokens import TokenKeyStore
store = TokenKeyStore(sys.argv[1])
for kind in (KeyKind.P256, KeyKind.RSA3072):
    public = store.generate(kind.value, kind)
    assert store.generate(kind.value, kind) == public and kind.value in store
    signature = store.sign(kind.value, b"data")
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    print(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex(), signature.hex())
    store.destroy(kind.value)
    store.destroy(kind.value)
    assert kind.value not in store
"""
"""A module is loaded once in a process, with the configuration that it finds then: so each test has its own process."""


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URI of a new token."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
    (tmp_path / "pin").write_text("1234\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "the ca", "--pin", "1234", "--so-pin", "5678"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return f"pkcs11:token=the%20ca?module-path={MODULE}&pin-source={tmp_path / 'pin'}"


@needs_softhsm
def test_signatures_are_those_of_the_key(token: str) -> None:
    """Keys are made once, sign as cryptography verifies, and are gone when they are destroyed."""
    ran = subprocess.run(
        [sys.executable, "-c", SIGNS, token], capture_output=True, text=True, check=True, timeout=60, env=os.environ
    )
    (first, signed), (second, signed_too) = (line.split() for line in ran.stdout.splitlines())
    elliptic, other = (load_der_public_key(bytes.fromhex(each)) for each in (first, second))
    assert isinstance(elliptic, ec.EllipticCurvePublicKey)
    assert isinstance(other, rsa.RSAPublicKey)
    elliptic.verify(bytes.fromhex(signed), b"data", ec.ECDSA(hashes.SHA256()))
    other.verify(bytes.fromhex(signed_too), b"data", padding.PKCS1v15(), hashes.SHA256())


@needs_softhsm
def test_an_authority_in_a_token(token: str, tmp_path: Path) -> None:
    """Made, issued from and rotated with its keys in a token: no key of the CA is ever in a file."""
    ca, out = tmp_path / "ca", tmp_path / "out"
    common = ("--ca", str(ca))
    ran = crenel("certs", "ca", "init", *common, "--trust-domain", "a", "--keys", token, "--at", AT.isoformat())
    assert (ran.code, ran.err) == (0, "")
    ran = crenel("certs", "ca", "issue", "web", "--dns", "web.svc", "--out", str(out), *common, "--at", AT.isoformat())
    assert (ran.code, ran.err) == (0, "")
    codes = [
        crenel("certs", "ca", "rotate", *common, "--at", (AT + timedelta(minutes=11 * step)).isoformat()).code
        for step in range(3)
    ]
    assert codes == [1, 1, 0]
    assert not (ca / "keys").exists()
    assert "PRIVATE" not in "".join(path.read_text() for path in ca.rglob("*") if path.is_file())
    assert verified(out, at=int(AT.timestamp()) + 2000) == ""
    (tmp_path / "pin").write_text("wrong\n")
    ran = crenel("certs", "ca", "issue", "web", "--dns", "web.svc", "--anew", "--out", str(out), *common)
    assert ran.code == 2
    assert "the token the ca: " in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "uri",
    [
        "pkcs11:", "pkcs11:token=a", "pkcs11:token=a?module-path=relative", "pkcs11:object=a?module-path=/a",
        "pkcs11:token=a?module-path=/a&pin-value=1234", "pkcs11:token=a?module-path=/a&what=1", "file:/a",
        "pkcs11:token=a?module-path=/a&pin-source=b",
    ],
)  # fmt: skip
def test_uris_that_are_none(uri: str) -> None:
    """What is no URI of a token is refused in one line, a PIN in it too."""
    with pytest.raises(AuthorityError) as error:
        parse(uri)
    assert "1234" not in str(error.value)


def test_a_uri() -> None:
    """Label, library and the file of the PIN; the label may be escaped."""
    assert parse("pkcs11:token=my%20ca?module-path=/m.so&pin-source=/pin") == Place(
        "my ca", Path("/m.so"), Path("/pin")
    )


def test_a_library_that_is_not_there() -> None:
    """A token that cannot be reached is one line, and holds no key."""
    store = TokenKeyStore("pkcs11:token=a?module-path=/nowhere/lib.so")
    assert "x" not in store
    with pytest.raises(AuthorityError, match="there is no such library"):
        store.public("x")
