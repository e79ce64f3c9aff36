"""A corpus of broken certificates: each gives its own finding, in its own words, and never a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certificates.inventory.pieces import Thing, config_map, found, ingress, run, secret, tls, write
from certificates.making import AT, CLIENT, DAY, authority, issue, key, leaf
from command import crenel

ROOT = authority()
CA = authority("CA", ROOT)
HOST = "shop.example.com"
GOOD = leaf(HOST, ROOT)


def pair(certificate: str, private: str) -> Thing:
    """A Secret of any two texts."""
    return secret("x", {"tls.crt": certificate, "tls.key": private}, type_="kubernetes.io/tls")


def weak(**more: Any) -> Thing:
    """A certificate that is weak in some way."""
    return tls("x", leaf(HOST, ROOT, **more))


def truncated() -> str:
    """A certificate that was cut, in well-formed PEM."""
    lines = GOOD.pem.splitlines()
    return "\n".join([*lines[:3], lines[-1], ""])


CORPUS: dict[str, tuple[Callable[[], Thing], list[tuple[str, str]]]] = {
    "good": (lambda: tls("x", GOOD), []),
    "expired": (
        lambda: tls("x", leaf(HOST, ROOT, days=5)), [("expired", "shop.example.com expired on 2026-05-27")],
    ),
    "not yet valid": (
        lambda: tls("x", leaf(HOST, ROOT, begins=AT + DAY)),
        [("not-yet-valid", "shop.example.com is not valid before 2026-06-02")],
    ),
    "wrong name": (
        lambda: tls("x", leaf("pay.example.com", ROOT)),
        [("wrong-name", "it does not cover shop.example.com, which ingress shop/x shows it for")],
    ),
    "common name alone": (
        lambda: tls("x", issue(HOST, ROOT)),
        [("wrong-name", "it does not cover shop.example.com, which ingress shop/x shows it for")],
    ),
    "wrong usage": (
        lambda: tls("x", leaf(HOST, ROOT, purposes=(CLIENT,))),
        [("wrong-purpose", "shop.example.com is for clientAuth, and not for serverAuth")],
    ),
    "an authority": (
        lambda: tls("x", leaf(HOST, ROOT, ca=True)),
        [("wrong-purpose", "shop.example.com is a CA, and shown as a server")],
    ),
    "missing intermediate": (
        lambda: tls("x", leaf(HOST, CA)), [("broken-chain", "the issuer of shop.example.com, CN=CA, is missing")],
    ),
    "wrong intermediate": (
        lambda: tls("x", leaf(HOST, CA), authority("CA", ROOT, private=key(66))),
        [("broken-chain", "shop.example.com was signed by another key of CN=CA")],
    ),
    "root with a new key": (
        lambda: tls("x", leaf(HOST, authority("Root", private=key(66)))),
        [("broken-chain", "shop.example.com was signed by another key of CN=Root")],
    ),
    "forged": (
        lambda: tls("x", leaf(HOST, ROOT, signer=key(66))),
        [("broken-chain", "the signature of shop.example.com does not verify with the key of CN=Root")],
    ),
    "expired intermediate": (
        lambda: tls("x", leaf(HOST, authority("CA", ROOT, days=300)), authority("CA", ROOT, days=300)),
        [("expired", "CN=CA expired on 2026-03-28")],
    ),
    "wrong order": (
        lambda: tls("x", leaf(HOST, CA), ROOT, CA),
        [("wrong-order", "its certificates are not in the order in which they sign each other")],
    ),
    "the wrong one first": (
        lambda: pair(CA.pem + leaf(HOST, CA).pem, CA.key_pem),
        [
            ("wrong-name", "it does not cover shop.example.com, which ingress shop/x shows it for"),
            ("wrong-purpose", "the key usage of CN=CA allows no serverAuth"),
            ("wrong-order", "its certificates are not in the order in which they sign each other"),
        ],
    ),
    "short key": (
        lambda: weak(private=key(0, "RSA1024")),
        [("weak", "shop.example.com: its RSA key has 1024 bits, fewer than 2048")],
    ),
    "weak curve": (
        lambda: weak(private=key(0, "P-192")), [("weak", "shop.example.com: its key is on the curve secp192r1")],
    ),
    "mismatched key": (
        lambda: pair(GOOD.pem, leaf(HOST, private=key(9)).key_pem),
        [("key-mismatch", "the private key does not belong to the certificate")],
    ),
    "no key": (
        lambda: secret("x", {"tls.crt": GOOD.pem}, type_="kubernetes.io/tls"),
        [("no-key", "there is no private key for it")],
    ),
    "broken key": (
        lambda: pair(GOOD.pem, GOOD.key_pem.replace("MIG", "AAA")),
        [("unreadable", "block 1, PRIVATE KEY: the key is broken")],
    ),
    "garbage for a key": (
        lambda: pair(GOOD.pem, "garbage"),
        [("unreadable", "neither PEM nor DER"), ("no-key", "there is no private key for it")],
    ),
    "garbage": (lambda: pair("garbage", GOOD.key_pem), [("unreadable", "neither PEM nor DER")]),
    "empty": (lambda: pair("", ""), [("unreadable", "empty"), ("unreadable", "empty")]),
    "truncated": (
        lambda: pair(truncated(), GOOD.key_pem),
        [("unreadable", "block 1, CERTIFICATE: this is no certificate: error parsing asn1 value")],
    ),
    "its end is missing": (
        lambda: pair(GOOD.pem[:-30], GOOD.key_pem), [("unreadable", "block 1, CERTIFICATE: its end is missing")],
    ),
    "not base64": (
        lambda: tls("x", GOOD) | {"data": {"tls.crt": "%%%", "tls.key": "%%%"}},
        [("unreadable", "too large, or not base64"), ("unreadable", "too large, or not base64")],
    ),
    "old, and renewed by nobody": (
        lambda: tls("x", leaf(HOST, ROOT, begins=AT - 70 * DAY)),
        [("renewal", "78% of its life is over, and nobody renews it")],
    ),
    "a key in a ConfigMap": (
        lambda: config_map("x", {"all.pem": GOOD.pem + GOOD.key_pem}),
        [("key-exposed", "a private key lies in a configmap")],
    ),
    "a key alone in a ConfigMap": (
        lambda: config_map("x", {"web.key": GOOD.key_pem}), [("key-exposed", "a private key lies in a configmap")],
    ),
}  # fmt: skip
"""What is wrong, and what is said of it; everything is served by the Ingress ``x`` for the same host."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the corpus, each in a namespace of its own; the root is trusted."""
    made = tmp_path_factory.mktemp("corpus")
    for number, (build, _) in enumerate(CORPUS.values()):
        things = [build(), ingress("x", "x", HOST)]
        for each in things:
            each["metadata"]["namespace"] = f"n{number}"
        write(made, things, f"{number}.yaml")
    write(made, [config_map("roots", {"ca.crt": ROOT.pem})], "roots.yaml")
    return made


@pytest.fixture(scope="module")
def findings(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """What is wrong, by what was broken."""
    names = list(CORPUS)
    told: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
    for entry in found(folder, "--lenient").values():
        for each in entry["findings"]:
            message = each["message"].replace(f"ingress {entry['namespace']}/x", "ingress shop/x")
            told[names[int(entry["namespace"][1:])]].append((each["id"], message))
    return told


@pytest.mark.parametrize("what", CORPUS)
def test_each_gives_its_own_finding(findings: dict[str, list[tuple[str, str]]], what: str) -> None:
    """What is wrong is said, and nothing else; a finding that goes on with the library's words is compared so far."""
    expected = CORPUS[what][1]
    assert [id_ for id_, _ in findings[what]] == [id_ for id_, _ in expected]
    for (_, message), (_, wanted) in zip(findings[what], expected, strict=True):
        assert message == wanted or (message.startswith(wanted) and "parsing" in wanted)


def test_every_kind_of_fault_is_in_the_corpus() -> None:
    """No kind of fault is without an example; grants have a test of their own."""
    from crenel.certificates.inventory.faults import Kind

    told = {id_ for _, expected in CORPUS.values() for id_, _ in expected}
    assert told == {each.value for each in Kind} - {Kind.FORBIDDEN.value}


def test_findings_lead_to_their_lines(folder: Path) -> None:
    """A wrong name is where the host is asked for, a wrong key where the key is."""
    entries = found(folder, "--lenient")
    names = list(CORPUS)
    wrong = entries[f"secret n{names.index('wrong name')}/x tls.crt"]["findings"][0]
    assert (wrong["field"], wrong["file"]) == ("spec.tls[0].secretName", str(folder / "3.yaml"))
    assert folder.joinpath("3.yaml").read_text().splitlines()[wrong["line"] - 1] == "    secretName: x"
    mismatch = entries[f"secret n{names.index('mismatched key')}/x tls.crt"]["findings"][0]
    assert mismatch["field"] == "data[tls.key]"


def test_exit_codes(folder: Path) -> None:
    """What cannot be read is an error, what is wrong a no, and what is right is fine."""
    assert run(folder).code == 2
    assert run(folder, "--lenient").code == 1
    assert run(folder / "1.yaml").code == 1
    assert run(folder / "0.yaml").code == 0


SHA1 = """set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj /CN=R -days 30
openssl req -newkey rsa:2048 -nodes -keyout web.key -out web.csr -subj /CN=web
openssl x509 -req -in web.csr -CA root.pem -CAkey root.key -CAcreateserial -out web.crt -days 10 -sha1
rm root.key
"""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_sha1(tmp_path: Path) -> None:
    """A signature over SHA-1 is weak, and that is all that is said of it; the root's own does not matter."""
    subprocess.run(["bash", "-c", SHA1], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    ran = crenel("certs", "inventory", "-f", str(tmp_path), "-o", "json")
    (entry,) = (each for each in json.loads(ran.out)["entries"] if each["use"] == "pair")
    assert [(each["id"], each["message"]) for each in entry["findings"]] == [
        ("weak", "CN=web: its signature is over SHA1")
    ]
    assert entry["chain"]["reason"] == "signature too weak"
