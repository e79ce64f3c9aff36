"""Chains are judged as openssl judges them, and as cryptography's own verifier does where it accepts."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import verification
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certificates.making import ANY, AT, CLIENT, DAY, SERVER, Issued, authority, issue, key
from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.chains import Broken, Purpose, Reason, build

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

MUTATIONS = (
    "none", "expired", "future", "no_ca", "no_sign", "short", "server", "client", "any", "no_constraints", "forged",
    "aki", "permits", "forbids", "excludes", "no_ids", "critical", "encipher", "agree",
)  # fmt: skip
DIFFERENT = {"any", "no_constraints"}
"""Where OpenSSL and Go differ: what Crenel accepts both accept, and no more is asked."""


STRICTER = {Reason.KEY_USAGE, Reason.KEY_ID}
"""What OpenSSL looks at, and the verifier for the public web does not: a leaf's key usage, identifiers of keys."""


@dataclass(frozen=True)
class Pki:
    """A root, CAs below it and a leaf, and which of them are handed out."""

    chain: tuple[Issued, ...]
    trusted: tuple[Issued, ...]
    sent: tuple[Issued, ...]
    purpose: Purpose
    mutations: frozenset[str]


def changed(mutation: str, *, ca: bool) -> dict[str, Any]:
    """The arguments of `issue` that a mutation stands for."""
    found: dict[str, dict[str, Any]] = {
        "expired": {"begins": AT - 500 * DAY, "days": 400},
        "future": {"begins": AT + DAY},
        "no_ca": {"ca": False} if ca else {},
        "no_sign": {"usages": ("crl_sign",)},
        "short": {"path_length": 0} if ca else {},
        "server": {"purposes": (SERVER,)},
        "client": {"purposes": (CLIENT,)},
        "any": {"purposes": (ANY,)},
        "no_constraints": {"ca": None},
        "forged": {"signer": key(99)},
        "aki": {"aki": b"x" * 20},
        "permits": {"constraints": limits(permitted="shop.svc")} if ca else {},
        "forbids": {"constraints": limits(permitted="other.svc")} if ca else {},
        "excludes": {"constraints": limits(excluded="web.shop.svc")} if ca else {},
        "no_ids": {"identifiers": False},
        "critical": {"more": ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),)},
        "encipher": {} if ca else {"usages": ("key_encipherment",)},
        "agree": {} if ca else {"usages": ("key_agreement",)},
    }
    return found.get(mutation, {})


def limits(permitted: str = "", excluded: str = "") -> x509.NameConstraints:
    """Constraints on DNS names."""
    return x509.NameConstraints(
        [x509.DNSName(permitted)] if permitted else None, [x509.DNSName(excluded)] if excluded else None
    )


@st.composite
def pkis(draw: st.DrawFn) -> Pki:
    """PKIs with at most two things wrong."""
    depth = draw(st.integers(0, 3))
    wrong = draw(st.dictionaries(st.integers(0, depth), st.sampled_from(MUTATIONS), max_size=2))
    made: list[Issued] = []
    for place in range(depth):
        more = changed(wrong.get(place, "none"), ca=True)
        if place == 0:
            more.pop("signer", None)
            more.pop("aki", None)
        made.append(authority(f"CA {place}", made[-1] if made else None, **more))
    more = changed(wrong.get(depth, "none"), ca=False)
    made.append(issue("web", made[-1] if made else None, dns=("web.shop.svc",), **more))
    trusted = draw(st.sampled_from([made[:1], made[:1], made[-2:-1] or made[:1], [authority("Other")]]))
    sent = made[:-1]
    if draw(st.integers(0, 4)) == 0 and sent:
        sent = [each for number, each in enumerate(sent) if number != draw(st.integers(0, len(sent) - 1))]
    purpose = draw(st.sampled_from([Purpose.SERVER, Purpose.SERVER, Purpose.CLIENT, Purpose.ANY]))
    return Pki(tuple(made), tuple(trusted), tuple(sent), purpose, frozenset(wrong.values()))


def openssl(pki: Pki, folder: Path) -> tuple[bool, str]:
    """Whether `openssl verify` accepts the leaf, and what it says."""
    texts = {"roots": pki.trusted, "sent": pki.sent, "leaf": pki.chain[-1:]}
    for name, certificates in texts.items():
        (folder / name).write_text("".join(each.pem for each in certificates))
    purpose = {Purpose.SERVER: ["-purpose", "sslserver"], Purpose.CLIENT: ["-purpose", "sslclient"], Purpose.ANY: []}
    arguments = ["-partial_chain", "-no-CApath", "-no-CAstore", "-attime", str(int(AT.timestamp())), "-CAfile", "roots"]
    sent = ["-untrusted", "sent"] if pki.sent else []
    ran = subprocess.run(
        ["openssl", "verify", *arguments, *purpose[pki.purpose], *sent, "leaf"],
        cwd=folder, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    return ran.returncode == 0, ran.stdout + ran.stderr


def ours(pki: Pki) -> Any:
    """What Crenel says."""
    roots = [each.certificate for each in pki.trusted]
    return build(pki.chain[-1].certificate, [each.certificate for each in pki.sent], roots, AT, pki.purpose)


@needs_openssl
@settings(max_examples=settings().max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pki=pkis())
def test_as_openssl_does(pki: Pki, tmp_path: Path) -> None:
    """What Crenel accepts, `openssl verify` accepts; and the other way round but for the documented differences."""
    accepted, said = openssl(pki, tmp_path)
    mine = ours(pki)
    if mine:
        assert accepted, (said, pki.mutations)
    elif accepted:
        assert pki.mutations & DIFFERENT, (mine, pki.mutations)


@given(pki=pkis())
def test_as_cryptography_does(pki: Pki) -> None:
    """What the verifier for the public web accepts, Crenel accepts."""
    store = verification.Store([each.certificate.loaded for each in pki.trusted])
    builder = verification.PolicyBuilder().store(store).time(AT)
    verifier = builder.build_server_verifier(x509.DNSName("web.shop.svc"))
    try:
        verifier.verify(pki.chain[-1].certificate.loaded, [each.certificate.loaded for each in pki.sent])
    except verification.VerificationError:
        return
    roots = [each.certificate for each in pki.trusted]
    built = build(pki.chain[-1].certificate, [each.certificate for each in pki.sent], roots, AT, host="web.shop.svc")
    as_openssl = isinstance(built, Broken) and built.reason in STRICTER
    assert built or as_openssl or pki.mutations & DIFFERENT, (built, pki.mutations)


SCRIPT = """set -e
openssl req -x509 -newkey {kind} -nodes -keyout root.key -out root.pem -subj '/CN=Root' -days 30 {more}
openssl req -newkey {kind} -nodes -keyout ca.key -out ca.csr -subj '/O=Crenel/CN=CA'
printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign\\n' > ca.ext
openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -CAcreateserial -out ca.pem -days 20 -extfile ca.ext {more}
openssl req -newkey {kind} -nodes -keyout leaf.key -out leaf.csr -subj '/CN=web'
printf 'subjectAltName=DNS:web.shop.svc,IP:10.0.0.1\\nextendedKeyUsage=serverAuth\\n' > leaf.ext
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 10 -extfile leaf.ext {more}
cat leaf.pem ca.pem > chain.pem
"""


@needs_openssl
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("rsa:2048", ""),
        ("rsa:2048", "-sha512"),
        ("rsa:2048", "-sigopt rsa_padding_mode:pss"),
        ("ec -pkeyopt ec_paramgen_curve:P-256", ""),
        ("ec -pkeyopt ec_paramgen_curve:P-384", ""),
        ("ed25519", ""),
        ("ed448", ""),
    ],
)
def test_chains_made_by_openssl(kind: str, more: str, tmp_path: Path) -> None:
    """A chain that openssl made verifies, under its root and under no other, and its keys match."""
    script = SCRIPT.format(kind=kind, more=more)
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    sent = pem.read((tmp_path / "chain.pem").read_bytes()).certificates
    (root,) = pem.read((tmp_path / "root.pem").read_bytes()).certificates
    (own,) = pem.read((tmp_path / "leaf.key").read_bytes()).keys
    assert own.fingerprint == sent[0].spki
    at = sent[0].not_before + timedelta(hours=1)
    assert build(sent[0], sent[1:], [root], at, host="web.shop.svc")
    assert build(sent[0], sent[1:], [root], at, host="10.0.0.1")
    assert not build(sent[0], sent[1:], [root], at, host="web")
    assert not build(sent[0], [], [root], at)
    assert build(sent[0], [], [sent[1]], at), "an intermediate that is trusted"
    assert not build(sent[0], sent[1:], [authority("Root").certificate], at)
    assert root.self_signed
    assert isinstance(root, Certificate)


V1 = """set -e
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.csr -subj '/CN=Old'
openssl x509 -req -in root.csr -signkey root.key -out root.pem -days 30
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj '/CN=web'
openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -out leaf.pem -days 10
openssl verify -CAfile root.pem leaf.pem
"""


@needs_openssl
def test_a_root_of_version_1(tmp_path: Path) -> None:
    """It cannot say that it is an authority; trusted, it ends a chain nevertheless, as with openssl."""
    subprocess.run(["bash", "-c", V1], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    (root,) = pem.read((tmp_path / "root.pem").read_bytes()).certificates
    (leaf,) = pem.read((tmp_path / "leaf.pem").read_bytes()).certificates
    at = leaf.not_before + timedelta(hours=1)
    assert root.constraints is None and root.is_ca and not leaf.is_ca
    assert build(leaf, [], [root], at)
    assert not build(leaf, [root], [], at)
    assert not build(root, [leaf], [leaf], at), "a leaf of version 1 signs nothing"
