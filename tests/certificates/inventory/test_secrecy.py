"""No private key is ever printed: in no format, in no error, whatever is wrong with it."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from certificates.inventory.pieces import Thing, b64, config_map, ingress, secret, thing, tls, write
from certificates.making import AT, Issued, authority, key, leaf
from command import crenel

ROOT = authority()
PRIVATE = [key(100), key(101, "RSA2048"), key(102, "Ed25519"), key(103), key(104), key(105), key(106), key(107)]
WINDOW = 24
"""So many characters of a key in a row are never an accident."""


def made(number: int) -> Issued:
    """A certificate with the key of a number."""
    return leaf(f"h{number}.example.com", ROOT, private=PRIVATE[number])


def form(private: Any, encoding: str, kind: str, password: bytes | None = None) -> bytes:
    """A private key in some form."""
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    data: bytes = private.private_bytes(
        getattr(serialization.Encoding, encoding), getattr(serialization.PrivateFormat, kind), encryption
    )
    return data


def material() -> Iterator[bytes]:
    """All texts of the keys that are handed in."""
    for private in PRIVATE:
        yield form(private, "PEM", "PKCS8")
        yield form(private, "DER", "PKCS8")
        if private is not PRIVATE[2]:
            yield form(private, "PEM", "TraditionalOpenSSL")


def damaged(text: str, at: int) -> str:
    """A text with a character of its body changed."""
    return text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]


def things() -> Iterator[Thing]:
    """Keys in every place and form, right and wrong."""
    good = made(0)
    yield tls("good", good)
    yield ingress("good", "good", "h0.example.com", "other.example.com")
    yield tls("rsa", made(1))
    yield tls("ed", made(2))
    sec1 = form(PRIVATE[3], "PEM", "TraditionalOpenSSL").decode()
    yield secret("sec1", {"tls.crt": made(3).pem, "tls.key": sec1}, type_="kubernetes.io/tls")
    yield secret("swapped", {"tls.crt": sec1, "tls.key": made(3).pem}, type_="kubernetes.io/tls")
    yield secret("mismatch", {"tls.crt": made(4).pem, "tls.key": good.key_pem}, type_="kubernetes.io/tls")
    for at in (40, 60, 100, 150):
        values = {"tls.crt": made(4).pem, "tls.key": damaged(made(4).key_pem, at)}
        yield secret(f"damaged-{at}", values, type_="kubernetes.io/tls")
    yield secret("cut", {"tls.crt": made(4).pem, "tls.key": made(4).key_pem[:120]}, type_="kubernetes.io/tls")
    yield secret("label", {"tls.crt": made(4).pem.replace("CERTIFICATE", "PRIVATE KEY"), "x": made(4).key_pem})
    yield secret("not-a-certificate", {"tls.crt": made(4).key_pem.replace("PRIVATE KEY", "CERTIFICATE")})
    yield thing("v1", "Secret", "plain", type="kubernetes.io/tls",
                stringData={"tls.crt": made(5).pem, "tls.key": made(5).key_pem})  # fmt: skip
    yield thing("v1", "Secret", "not-encoded", type="kubernetes.io/tls",
                data={"tls.crt": made(5).pem, "tls.key": made(5).key_pem})  # fmt: skip
    yield thing("v1", "Secret", "wrong-type", type="kubernetes.io/tls", data={"tls.key": [made(5).key_pem]})
    yield thing("v1", "Secret", made(5).key_pem, type="Opaque", data={"a": "b"})
    yield config_map("exposed", {"a.pem": made(6).key_pem, "b.pem": made(6).pem + made(6).key_pem})
    yield thing("v1", "ConfigMap", "binary", binaryData={"a": b64(made(6).key_pem)})
    yield thing("route.openshift.io/v1", "Route", "r", spec={
        "host": "h6.example.com", "to": {"kind": "Service", "name": "x"},
        "tls": {"termination": "edge", "certificate": made(6).pem, "key": made(6).key_pem}})  # fmt: skip
    client = {"url": "https://a.b.c", "caBundle": b64(made(7).key_pem + ROOT.pem)}
    webhooks = [{"name": "a.b.c", "clientConfig": client}]
    yield thing("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "w", "", webhooks=webhooks)
    yield thing("trust.cert-manager.io/v1alpha1", "Bundle", "b", "", spec={"sources": [{"inLine": made(7).key_pem}]})
    user = {"client-certificate-data": b64(made(7).pem), "client-key-data": b64(made(7).key_pem)}
    yield {"apiVersion": "v1", "kind": "Config", "current-context": "x", "users": [{"name": "u", "user": user}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The things, and files beside them."""
    made_in = tmp_path_factory.mktemp("keys")
    write(made_in, things())
    (made_in / "broken.yaml").write_text("a: [\n" + "".join(f"  {line}\n" for line in made(0).key_pem.splitlines()))
    (made_in / "web.key").write_text(made(0).key_pem)
    (made_in / "web.crt").write_bytes(made(0).certificate.der)
    (made_in / "der.key").write_bytes(form(PRIVATE[1], "DER", "PKCS8"))
    (made_in / "locked.key").write_bytes(form(PRIVATE[1], "PEM", "PKCS8", b"password"))
    (made_in / "cut.key").write_text(made(1).key_pem[:700])
    (made_in / "both.pem").write_text(made(1).key_pem + made(1).pem)
    return made_in


def needles() -> set[str]:
    """What must not be seen: all windows of the keys, in base64 of either kind, in hexadecimal digits and decimal."""
    texts: set[str] = set()
    for data in material():
        body = "".join(line for line in data.decode("latin-1").splitlines() if "-----" not in line)
        texts |= {body, b64(data), data.hex()} if b"-----" in data else {b64(data), data.hex()}
    for private in PRIVATE:
        if hasattr(private, "private_numbers"):
            numbers = private.private_numbers()
            number = getattr(numbers, "private_value", 0) or numbers.d
            texts |= {str(number), f"{number:x}"}
    return {text[at : at + WINDOW] for text in texts for at in range(len(text) - WINDOW + 1)}


@pytest.fixture(scope="module")
def secret_windows() -> set[str]:
    """The windows, without those that public halves and headers share with private ones."""
    public: set[str] = set()
    for number in range(len(PRIVATE)):
        certificate = made(number).certificate
        for text in (
            certificate.pem.replace("\n", ""),
            certificate.der.hex(),
            b64(certificate.pem),
            b64(certificate.der),
        ):
            public |= {text[at : at + WINDOW] for at in range(len(text) - WINDOW + 1)}
    return needles() - public


def seen(text: str, windows: set[str]) -> list[str]:
    """What of the keys is in a text, line breaks and escapes of them left out."""
    flat = text.replace("\\n", "").replace("\n", "")
    return [flat[at : at + WINDOW] for at in range(len(flat) - WINDOW + 1) if flat[at : at + WINDOW] in windows]


@pytest.mark.parametrize(("form_", "debug"), [("table", ""), ("json", "1"), ("md", "")])
def test_nothing_of_a_key_is_printed(folder: Path, secret_windows: set[str], form_: str, debug: str) -> None:
    """Neither the report nor an error holds a part of a key; a name that is a key is the user's own doing."""
    ran = crenel(
        "certs",
        "inventory",
        "-f",
        str(folder),
        "--at",
        f"{AT:%Y-%m-%d}",
        "-o",
        form_,
        "--exit-zero",
        CRENEL_DEBUG=debug,
    )
    assert ran.code == 2, "there are errors to look at"
    assert len(ran.err.splitlines()) > 10 and "Traceback" not in ran.err
    lines = [line for line in (ran.out + ran.err).splitlines() if made(5).key_pem[28:60] not in line]
    assert seen("".join(lines), secret_windows) == []


def test_the_search_finds_what_it_looks_for(folder: Path, secret_windows: set[str]) -> None:
    """The input itself is full of it."""
    assert seen((folder / "all.yaml").read_text(), secret_windows)
    assert seen((folder / "web.key").read_text(), secret_windows)
    assert seen(repr(base64.b64decode(b64(made(0).key_pem)).decode()), secret_windows)


def test_nothing_of_a_key_is_in_what_is_made_of_it(folder: Path, secret_windows: set[str]) -> None:
    """The inventory itself holds none: whoever prints it by mistake prints none."""
    import crenel as package
    from crenel.certificates.inventory.finding import split

    manifests, files, _ = split([str(folder)])
    inventory = package.load(*manifests).certificates(AT, files)
    held = repr(inventory.entries) + repr(inventory.secrets) + "".join(map(str, inventory.problems))
    lines = [line for line in held.split("Entry(") if made(5).key_pem[28:60] not in line]
    assert seen("".join(itertools.chain(lines)), secret_windows) == []


def test_other_commands_print_none_either(folder: Path, secret_windows: set[str]) -> None:
    """A map of the same input, and what the command says of a file that is no YAML."""
    for arguments in (("map", "-f", str(folder)), ("map", "-f", str(folder / "web.key"))):
        ran = crenel(*arguments, "-o", "json")
        lines = [line for line in (ran.out + ran.err).splitlines() if made(5).key_pem[28:60] not in line]
        assert seen("".join(lines), secret_windows) == []
