"""What the authority makes, openssl verifies; what openssl makes, the authority signs."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from certificates.authority.small import AT, POLICY, Small, identity
from crenel.certificates.authority import authority, building, requests
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.identity import Identity
from crenel.certificates.authority.keys import KeyKind
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.state import Consumer
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.pem import read

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

RICH = Policy(trust_domain="example.org", dns=("svc", "example.org"), ip=("192.0.2.0/24", "2001:db8::/32"))


def openssl(*arguments: str) -> tuple[int, str]:
    """Run openssl: how it ended, and all that it said."""
    ran = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


def verified(folder: Path, *more: str, at: int = int(AT.timestamp()) + 60, bundle: Path | None = None) -> str:
    """What `openssl verify` says of a consumer's files; empty where all is well."""
    trusted = bundle or folder / "ca.crt"
    code, said = openssl(
        "verify", "-x509_strict", "-attime", str(at), "-CAfile", str(trusted), "-untrusted", str(folder / "tls.crt"),
        *more, str(folder / "tls.crt"),
    )  # fmt: skip
    return "" if code == 0 else said


def single(folder: Path, policy: Policy, names: Identity) -> Path:
    """An authority with one consumer, and the consumer's folder."""
    authority.init(folder / "ca", policy, AT)
    with authority.opened(folder / "ca") as opened:
        opened.enrol([Consumer("one", "folder", str(folder / "one"), identity=names)])
        assert [each.action for each in opened.issue(["one"], AT).values()] == ["issued"]
    return folder / "one"


@pytest.mark.parametrize("kind", KeyKind)
def test_chains_verify_for_servers_and_clients(kind: KeyKind, tmp_path: Path) -> None:
    """With every kind of key: as server of its names, as client, and under the strict reading of RFC 5280."""
    folder = single(tmp_path, Policy(trust_domain="example.org", key=kind), identity("web"))
    assert verified(folder, "-purpose", "sslserver", "-verify_hostname", "web.shop.svc") == ""
    assert verified(folder, "-purpose", "sslclient") == ""
    assert "hostname mismatch" in verified(folder, "-verify_hostname", "db.shop.svc")
    assert "certificate has expired" in verified(folder, at=int((AT + timedelta(hours=24, seconds=1)).timestamp()))
    assert "not yet valid" in verified(folder, at=int((AT - timedelta(minutes=5, seconds=1)).timestamp()))


def test_every_kind_of_name_is_within_the_constraints(tmp_path: Path) -> None:
    """Names of all kinds that a policy has, verified under the intermediate's name constraints."""
    names = Identity.of(
        "spiffe://example.org/ns/shop/sa/web",
        ("www.example.org", "*.web.shop.svc"),
        ("192.0.2.7", "2001:0db8:0::1"),
    )
    folder = single(tmp_path, RICH, names)
    for option, name in (
        ("-verify_hostname", "www.example.org"), ("-verify_hostname", "pod-0.web.shop.svc"),
        ("-verify_ip", "192.0.2.7"), ("-verify_ip", "2001:db8::1"),
    ):  # fmt: skip
        assert verified(folder, option, name) == "", name
    _, said = openssl(
        "x509", "-in", str(folder / "tls.crt"), "-noout", "-ext", "subjectAltName,basicConstraints,keyUsage"
    )
    assert "URI:spiffe://example.org/ns/shop/sa/web" in said
    assert "CA:FALSE" in said
    assert "X509v3 Subject Alternative Name: critical" in said


def test_names_outside_of_the_constraints_are_refused_by_openssl(tmp_path: Path) -> None:
    """Were a leaf made that the policy does not have, with the intermediate's own key, nobody would accept it."""
    authority.init(tmp_path / "ca", POLICY, AT)
    with authority.opened(tmp_path / "ca") as opened:
        issuer = opened.signers.issuer(AT)
        root = opened.supply.bundle()
        made = building.leaf(RICH, Identity.of("", ("www.example.org",)), issuer.certificate.public_key(), issuer, AT)  # type: ignore[arg-type]
        chain = opened.signers.chain(issuer)
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "tls.crt").write_bytes(Certificate.of(made).pem.encode() + chain)
    (folder / "ca.crt").write_bytes(root)
    assert "permitted subtree violation" in verified(folder)


def test_revoked_certificates_are_refused(tmp_path: Path) -> None:
    """Revocation lists of all issuers are there from the start; one certificate revoked, and then an intermediate."""
    small = Small(tmp_path)
    small.init()
    small.issue()
    folder, lists = tmp_path / "out" / "web", str(tmp_path / "ca" / "crl" / "all.pem")
    assert verified(folder, "-crl_check_all", "-CRLfile", lists) == ""
    with small.opened() as opened:
        assert opened.revoke("shop/web", "keyCompromise", AT) is None
    assert "certificate revoked" in verified(folder, "-crl_check_all", "-CRLfile", lists)
    _, said = openssl("crl", "-in", next(map(str, (tmp_path / "ca" / "crl").glob("intermediate*"))), "-noout", "-text")
    assert "Key Compromise" in said
    small.renew()
    assert verified(folder, "-crl_check_all", "-CRLfile", lists) == ""
    serial = small.state().hierarchies[0].intermediates[0].certificate.serial
    with small.opened() as opened:
        revoked = opened.revoke(serial, "superseded", AT)
    assert revoked is not None
    assert "certificate revoked" in verified(folder, "-crl_check_all", "-CRLfile", lists)
    small.renew()
    assert verified(folder, "-crl_check_all", "-CRLfile", lists) == ""


def test_old_and_new_verify_each_other_while_the_ca_rotates(tmp_path: Path) -> None:
    """In every phase openssl accepts each leaf that is in use under each bundle that is."""
    small = Small(tmp_path)
    small.init()
    small.issue()
    web, bundles = tmp_path / "out" / "web", []
    for step in range(4):
        small.rotate() if step == 0 else None
        small.renew()
        copy = tmp_path / f"bundle{step}"
        copy.write_bytes((web / "ca.crt").read_bytes())
        bundles.append(copy)
        for bundle in bundles[-2:]:
            at = int(small.now.timestamp()) + 1
            assert verified(web, "-purpose", "sslserver", at=at, bundle=bundle) == "", (step, bundle)
        small.now += POLICY.reload
    assert small.state().rotation is None
    first, second = bundles[0].read_bytes(), bundles[-1].read_bytes()
    assert (first.count(b"BEGIN"), second.count(b"BEGIN")) == (2, 1)


@pytest.mark.parametrize("key", ["ec:P-256", "ed25519", "rsa:3072"])
def test_requests_of_openssl_are_answered(key: str, tmp_path: Path) -> None:
    """A request that openssl made gets the names that the policy has, and verifies."""
    request = _request(tmp_path, key, "URI:spiffe://example.org/ns/shop/sa/web,DNS:web.shop.svc")
    authority.init(tmp_path / "ca", POLICY, AT)
    with authority.opened(tmp_path / "ca") as opened:
        chain = opened.sign(requests.read(request.read_bytes()), identity("web"), AT)
        bundle = opened.supply.bundle()
        assert [each.serial for each in opened.ledger.entries] == [read(chain).certificates[0].serial]
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "tls.crt").write_bytes(chain)
    (folder / "ca.crt").write_bytes(bundle)
    assert verified(folder, "-purpose", "sslserver", "-verify_hostname", "web.shop.svc") == ""


@pytest.mark.parametrize(
    ("key", "names", "words"),
    [
        ("ec:P-256", "DNS:www.example.com", "the policy has names below svc, svc.cluster.local only"),
        ("ec:P-256", "DNS:db.shop.svc", "the workload has no such name"),
        ("ec:P-256", "URI:spiffe://other.org/ns/shop/sa/web", "the trust domain is example.org"),
        ("ec:P-256", "URI:spiffe://example.org/ns/shop/sa/web,URI:spiffe://example.org/ns/shop/sa/db", "several URIs"),
        ("ec:P-256", "IP:10.0.0.1", "the policy does not have this address"),
        ("ec:P-256", "email:root@example.org", "neither DNS, address nor SPIFFE ID"),
        ("ec:P-384", "DNS:web.shop.svc", "a key of this kind gets no certificate"),
        ("rsa:2048", "DNS:web.shop.svc", "a key of this kind gets no certificate"),
        ("ec:P-256", "DNS:web.shop.svc\nbasicConstraints=critical,CA:TRUE", "asks for basicConstraints"),
        ("ec:P-256", "DNS:web.shop.svc\nextendedKeyUsage=codeSigning", "asks for extendedKeyUsage"),
        ("ec:P-256", "DNS:web.shop.svc\nkeyUsage=keyCertSign", "asks for keyUsage"),
    ],
)
def test_requests_for_more_are_refused(key: str, names: str, words: str, tmp_path: Path) -> None:
    """What the policy or the workload does not have, and what would make a CA of somebody, is refused in one line."""
    request = _request(tmp_path, key, names)
    authority.init(tmp_path / "ca", POLICY, AT)
    with pytest.raises(AuthorityError) as error, authority.opened(tmp_path / "ca") as opened:
        opened.sign(requests.read(request.read_bytes()), identity("web"), AT)
    assert words in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def _request(folder: Path, key: str, names: str) -> Path:
    kind, _, size = key.partition(":")
    how = ["-newkey", f"rsa:{size}"] if kind == "rsa" else ["-newkey", kind]
    how += ["-pkeyopt", f"ec_paramgen_curve:{size}"] if kind == "ec" else []
    config = folder / "openssl.cnf"
    config.write_text(
        f"[req]\ndistinguished_name=dn\nprompt=no\nreq_extensions=ext\n[dn]\nCN=whatever\n[ext]\nsubjectAltName={names}\n"
    )
    out = folder / "request.pem"
    code, said = openssl(
        "req", "-new", "-nodes", *how, "-keyout", str(folder / "own.key"), "-config", str(config), "-out", str(out)
    )
    assert code == 0, said
    return out
