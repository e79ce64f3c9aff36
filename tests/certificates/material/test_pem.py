"""PEM and DER: what a text holds, and what is wrong with it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from certificates.making import Issued, authority, key, key_text, leaf
from crenel.certificates.material import pem
from crenel.provenance import Origin, Severity

ROOT = authority()
WEB = leaf("web.shop.svc", ROOT)


def encrypted(issued: Issued) -> str:
    """Its key under a password."""
    text: bytes = issued.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    return text.decode()


def traditional(private: Any) -> str:
    """A key as PKCS#1 or SEC 1."""
    text: bytes = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return text.decode()


def messages(text: str | bytes) -> list[str]:
    """What is wrong with a text."""
    return [each.message for each in pem.read(text.encode() if isinstance(text, str) else text).problems]


def test_certificates_and_keys_in_their_order() -> None:
    """A text holds what it holds, in its order; text between the blocks is left alone."""
    found = pem.read(f"subject=/CN=web\n{WEB.pem}junk\n{WEB.key_pem}\n{ROOT.pem}".encode())
    assert [each.subject for each in found.certificates] == ["CN=web.shop.svc", "CN=Root"]
    assert [each.fingerprint for each in found.keys] == [WEB.certificate.spki]
    assert found.has_private_key and not found.problems


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\n\n"])
def test_line_ends(ending: str) -> None:
    """Lines may end as they do on any system."""
    (found,) = pem.read(WEB.pem.replace("\n", ending).encode()).certificates
    assert found == WEB.certificate


@pytest.mark.parametrize("kind", ["EC", "RSA2048", "Ed25519"])
def test_keys_of_every_form(kind: str) -> None:
    """PKCS#8, PKCS#1 and SEC 1 in PEM, and DER, are the same key."""
    private = key(0, kind)
    texts = [key_text(private).encode()]
    if kind != "Ed25519":
        texts.append(traditional(private).encode())
    texts.append(
        private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    fingerprints = {each.fingerprint for text in texts for each in pem.read(text).keys}
    assert len(fingerprints) == 1
    assert not any(pem.read(text).problems for text in texts)


def test_der() -> None:
    """One certificate in DER is read as well."""
    assert pem.read(WEB.certificate.der).certificates == (WEB.certificate,)


def test_an_encrypted_key_is_noticed_and_no_more() -> None:
    """It is not looked at, and that is no error."""
    found = pem.read((WEB.pem + encrypted(WEB)).encode())
    assert (found.encrypted, found.keys, found.has_private_key) == (1, (), True)
    (problem,) = found.problems
    assert problem.severity is Severity.NOTICE
    assert problem.message == ("block 2, ENCRYPTED PRIVATE KEY: encrypted, so not compared with any certificate")


def test_headers_of_encrypted_keys() -> None:
    """The form of RFC 1421 says so in a header."""
    text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
    assert pem.read(f"{text}-----END RSA PRIVATE KEY-----\n".encode()).encrypted == 1


BROKEN = {
    "": ["empty"],
    "  \n": ["empty"],
    "hello": ["neither PEM nor DER"],
    "0hello": ["this is no certificate"],
    "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----": ["block 1, CERTIFICATE: not base64"],
    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----": ["block 1, CERTIFICATE: not base64"],
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----": ["block 1, CERTIFICATE: this is no certificate"],
    "-----BEGIN CERTIFICATE-----\nAAAA\n": ["block 1, CERTIFICATE: its end is missing"],
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X-----": ["block 1, CERTIFICATE: its end is missing"],
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----": ["block 1, PRIVATE KEY: the key is broken"],
    "-----BEGIN PRIVATE KEY-----\nAAAA\n": ["block 1, PRIVATE KEY: its end is missing"],
    "-----BEGIN -----\nAAAA\n": ["block 1, without a label: its end is missing"],
}


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_broken(text: str) -> None:
    """Each mistake is one problem that says which block and why."""
    found = messages(text)
    assert len(found) == len(BROKEN[text])
    assert all(one.startswith(other) for one, other in zip(found, BROKEN[text], strict=True)), found


def test_a_broken_block_does_not_hide_the_others() -> None:
    """What follows an unfinished block is still read."""
    unfinished = "-----BEGIN CERTIFICATE-----\nMIIB\n"
    found = pem.read(f"{unfinished}{ROOT.pem}{unfinished.replace('MIIB', '')}".encode())
    assert found.certificates == (ROOT.certificate,)
    assert [each.message for each in found.problems] == [
        "block 1, CERTIFICATE: its end is missing",
        "block 3, CERTIFICATE: its end is missing",
    ]


def test_a_broken_key_is_still_a_private_key() -> None:
    """Whoever put it there has to know."""
    assert pem.read(b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----").has_private_key
    assert pem.read(b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n").has_private_key


def test_other_blocks_are_counted() -> None:
    """Requests and revocation lists are no certificates, and nothing is wrong with them."""
    found = pem.read(b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    assert (found.others, found.problems, found.has_private_key) == (("X509 CRL",), (), False)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a large text nor many blocks make it slow; both are said."""
    assert messages(b"-----BEGIN CERTIFICATE-----" * (pem.LARGEST // 20)) == ["larger than 4 MiB: not read"]
    monkeypatch.setattr(pem, "MOST", 3)
    found = pem.read((ROOT.pem * 5).encode())
    assert len(found.certificates) == 3
    assert [each.message for each in found.problems] == ["more than 3 blocks: the rest is not read"]


def test_problems_lead_to_their_place() -> None:
    """Origin, field and title are those that were given."""
    origin = Origin("a.yaml")
    (problem,) = pem.read(b"x", origin, ("data", "tls.crt"), "secret shop/web").problems
    assert (problem.origin, problem.field, problem.object) == (origin, ("data", "tls.crt"), "secret shop/web")


def test_no_problem_shows_what_it_is_about() -> None:
    """A key that cannot be read is not quoted, whatever is wrong with it."""
    body = "".join(WEB.key_pem.splitlines()[1:-1])
    for number in range(0, len(body), 7):
        broken = body[:number] + ("A" if body[number] != "A" else "B") + body[number + 1 :]
        for text in (broken, broken[:number], f"{broken}="):
            found = pem.read(f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n".encode())
            shown = repr(found) + str([str(each) for each in found.problems])
            assert body[40:60] not in shown and body[60:80] not in shown
            assert base64.b64decode(body)[36:50].hex() not in shown


def test_only_authorities_are_remembered() -> None:
    """A text that is read again is the same; none with a key, a leaf or a problem is kept."""
    texts = [
        ROOT.pem, WEB.pem, WEB.key_pem, ROOT.pem + ROOT.key_pem, ROOT.pem + "-----BEGIN CERTIFICATE-----",
        WEB.key_pem.replace("PRIVATE KEY", "CERTIFICATE"), WEB.key_pem.replace("PRIVATE KEY", "X509 CRL"),
    ]  # fmt: skip
    data = [each.encode() for each in texts] + [base64.b64decode("".join(WEB.key_pem.splitlines()[1:-1]))]
    first = [pem.read(each) for each in data]
    assert [pem.read(each) for each in data] == first
    assert [each in pem._authorities for each in data] == [True, *[False] * 7]
