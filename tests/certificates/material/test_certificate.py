"""Certificates: what they say, and that odd ones say it without raising."""

from __future__ import annotations

import ipaddress
from datetime import timedelta, timezone

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.making import AT, CLIENT, DAY, SERVER, authority, issue, key, leaf
from crenel.certificates.material.certificate import Certificate, UnreadableCertificateError

ROOT = authority(path_length=1)
WEB = leaf(
    "web.shop.svc",
    ROOT,
    dns=("web.shop.svc", "WEB.example.com"),
    ips=("10.0.0.1", "2001:db8::1"),
    uris=("spiffe://shop/web",),
    purposes=(SERVER, CLIENT, x509.ObjectIdentifier("1.2.3")),
    usages=("digital_signature",),
).certificate

EVERYTHING = (
    "aki", "constraints", "fingerprint", "flaws", "is_ca", "issuer", "issuer_bytes", "key", "lifetime", "names",
    "not_after", "not_before", "path_length", "pem", "purposes", "self_issued", "self_signed", "serial",
    "signature_algorithm", "signature_hash", "ski", "spki", "subject", "subject_bytes", "subject_name", "title",
    "unknown_critical", "usages",
)  # fmt: skip


def test_what_it_says() -> None:
    """Every field of a certificate, as people read it."""
    assert (WEB.subject, WEB.issuer, WEB.title) == ("CN=web.shop.svc", "CN=Root", "web.shop.svc")
    assert WEB.names.dns == ("web.shop.svc", "web.example.com")
    assert WEB.names.ips == (ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("2001:db8::1"))
    assert WEB.names.texts == (
        "web.shop.svc", "web.example.com", "10.0.0.1", "2001:db8::1", "spiffe://shop/web",
    )  # fmt: skip
    assert WEB.purposes == ("serverAuth", "clientAuth", "1.2.3")
    assert WEB.usages == frozenset({"digital_signature"})
    assert (WEB.is_ca, WEB.path_length, WEB.self_issued, WEB.self_signed) == (False, None, False, False)
    assert (str(WEB.key), WEB.signature_hash, WEB.signature_algorithm) == ("EC P-256", "sha256", "1.2.840.10045.4.3.2")
    assert (WEB.not_before, WEB.not_after) == (AT - 10 * DAY, AT + 80 * DAY)
    assert WEB.aki == ROOT.certificate.ski != WEB.ski
    assert WEB.serial == f"{WEB.loaded.serial_number:x}"
    assert WEB.flaws == WEB.unknown_critical == ()
    assert WEB.subject_bytes == WEB.loaded.subject.public_bytes()
    assert WEB.issuer_bytes == WEB.loaded.issuer.public_bytes() == ROOT.certificate.subject_bytes


def test_an_authority() -> None:
    """A root says that it may sign, and how far down."""
    root = ROOT.certificate
    assert (root.is_ca, root.path_length, root.self_issued, root.self_signed) == (True, 1, True, True)
    assert root.usages == frozenset({"key_cert_sign", "crl_sign"}) and root.purposes is None
    assert WEB.signed_by(root) and not root.signed_by(WEB)


def test_forged_is_not_signed() -> None:
    """The name of an issuer is not its signature; a root with somebody else's signature did not sign itself."""
    assert not leaf("x", ROOT, signer=key(55)).certificate.signed_by(ROOT.certificate)
    forged = authority("Root", signer=key(55)).certificate
    assert forged.self_issued and not forged.self_signed


@pytest.mark.parametrize(("days", "used"), [(0, 0.0), (-9, -0.1), (45, 0.5), (90, 1.0), (180, 2.0)])
def test_the_fraction_of_life(days: float, used: float) -> None:
    """Life is a fraction of its own: below 0 before it begins, above 1 after its end."""
    made = issue("x", begins=AT, days=90).certificate
    assert made.used(AT + days * DAY) == pytest.approx(used)


def test_a_life_the_wrong_way_round() -> None:
    """What ends before it begins is never valid, and that is a flaw."""
    made = broken_dates()
    assert made.used(AT) == float("inf")
    assert made.flaws == ("it ends before it begins",)


def broken_dates() -> Certificate:
    """A certificate whose dates were exchanged in its bytes."""
    made = issue("x", begins=AT, days=90).certificate
    first, last = b"260601000000Z", b"260830000000Z"
    assert made.der.count(first) == made.der.count(last) == 1
    return Certificate.from_der(made.der.replace(first, b"@@@@").replace(last, first).replace(b"@@@@", last))


def test_titles() -> None:
    """Its first name, or its subject, or its serial number."""
    assert issue("", uris=("spiffe://x",)).certificate.title == "spiffe://x"
    assert issue("x").certificate.title == "CN=x"
    assert issue("", serial=255).certificate.title == "serial ff"


def test_equality_is_that_of_bytes() -> None:
    """The same bytes are the same certificate, and read once."""
    again = Certificate.from_der(WEB.der)
    assert again == WEB and hash(again) == hash(WEB)
    assert Certificate.from_der(WEB.der) is again
    assert leaf("web.shop.svc", ROOT).certificate != WEB


def test_a_zone_does_not_matter() -> None:
    """Times with another zone are the same moments."""
    assert WEB.used(AT.astimezone(timezone(timedelta(hours=9)))) == WEB.used(AT)


def test_a_critical_extension_that_nobody_knows() -> None:
    """It is named by its number."""
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert issue("x", more=((unknown, True),)).certificate.unknown_critical == ("1.2.3.4",)
    assert issue("x", more=((unknown, False),)).certificate.unknown_critical == ()


def test_extensions_that_do_not_parse() -> None:
    """They are a flaw, and as good as absent."""
    made = issue("x", dns=("a.b",)).certificate
    broken = Certificate.from_der(made.der.replace(b"\x82\x03a.b", b"\x82\x05a.b"))
    assert broken.names.texts == () and not broken.names
    assert len(broken.flaws) == 1 and broken.flaws[0].startswith("its extensions cannot be read: ")


def test_a_key_of_a_kind_that_nobody_reads() -> None:
    """It still has a fingerprint, and that is a flaw."""
    made = issue("x").certificate
    curve = bytes.fromhex("06082a8648ce3d030107")
    odd = Certificate.from_der(made.der.replace(curve, bytes.fromhex("06082a8648ce3d03017f")))
    assert (odd.key.kind, odd.key.size, len(odd.spki)) == ("unknown", 0, 64)
    assert odd.spki != made.spki
    assert odd.flaws == ("its public key is of a kind that cannot be read",)


@pytest.mark.parametrize("data", [b"", b"0", b"hello", b"\x30\x82\xff\xff", bytes(100), WEB.der[:-1], WEB.der + b"x"])
def test_what_is_no_certificate(data: bytes) -> None:
    """It is refused, with a reason on one line."""
    with pytest.raises(UnreadableCertificateError) as caught:
        Certificate.from_der(data)
    assert "\n" not in str(caught.value)


@settings(max_examples=400)
@given(data=st.data())
def test_no_byte_makes_it_raise(data: st.DataObject) -> None:
    """With any bytes changed, it is no certificate, or one of which everything can be asked."""
    der = bytearray(data.draw(st.sampled_from([WEB.der, ROOT.certificate.der])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(der) - 1))
        der[at] = data.draw(st.integers(0, 255))
    try:
        odd = Certificate.from_der(bytes(der))
    except UnreadableCertificateError:
        return
    for name in EVERYTHING:
        getattr(odd, name)
    assert isinstance(odd.used(AT), float) and str(odd) and repr(odd)
    signed = {WEB.loaded.tbs_certificate_bytes, ROOT.certificate.loaded.tbs_certificate_bytes}
    assert odd.loaded.tbs_certificate_bytes in signed or not odd.signed_by(ROOT.certificate)


@given(data=st.binary(max_size=64))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    """Arbitrary bytes are refused in the one way that is documented."""
    for text in (data, b"0" + data, b"0\x82\x01\x00" + data):
        with pytest.raises(UnreadableCertificateError):
            Certificate.from_der(text)
