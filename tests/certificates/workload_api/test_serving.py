"""The Workload API as callers see it: the client of the package `spiffe`, and requests that break the rules."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from spiffe import WorkloadApiClient
from spiffe._proto import workload_pb2 as messages

from certificates.inside import inside
from certificates.workload_api.serving import HEADER, PATIENCE, Served, as_user, first, made, now, place, served, stub
from crenel.certificates.authority import authority
from crenel.certificates.authority.policy import Policy
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.key import of_public
from crenel.certificates.workload_api import entries
from crenel.certificates.workload_api.peers import Peer

POLICY = Policy(trust_domain="example.org", namespaces=("shop",))
WEB, API = "spiffe://example.org/ns/shop/sa/web", "spiffe://example.org/ns/shop/sa/api"
ME = f"uid:{os.getuid()}"

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="another user can only be played by root")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """One server for all tests of this file."""
    with place() as folder:
        ca = made(folder, POLICY)
        wanted = [f"shop/web={ME}", f"shop/api={ME},gid:{os.getgid()}", "shop/cart=uid:4711", "shop/db=gid:4712"]
        options = [part for each in wanted for part in ("--entry", each)]
        with served(ca, folder / "spiffe.sock", *options) as found:
            yield found


def test_the_library_s_client(server: Served, tmp_path: Path) -> None:
    """It gets all identities of its user, in order, each with its own key; openssl verifies them by the roots."""
    with WorkloadApiClient(f"unix://{server.socket}") as client:
        found = client.fetch_x509_context(timeout=PATIENCE)
        bundles = client.fetch_x509_bundles(timeout=PATIENCE)
    assert [str(each.spiffe_id) for each in found.x509_svids] == [WEB, API]
    bundle = found.x509_bundle_set.get_bundle_for_trust_domain(found.default_svid.spiffe_id.trust_domain)
    assert bundle is not None
    assert bundles.get_bundle_for_trust_domain(bundle.trust_domain) == bundle
    found.default_svid.save(str(tmp_path / "tls.crt"), str(tmp_path / "tls.key"), Encoding.PEM)
    bundle.save(str(tmp_path / "ca.crt"), Encoding.PEM)
    ran = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "ca.crt", "-untrusted", "tls.crt",
         "tls.crt"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_is_sent(server: Served) -> None:
    """A leaf of an hour with one SPIFFE ID and no other name, its chain without the root, its key, and all lists."""
    found = first(server.socket)
    svid = found.svids[0]
    chain = _certificates(svid.x509_svid)
    leaf, bundle = chain[0], _certificates(svid.bundle)
    assert (svid.spiffe_id, leaf.names.texts) == (WEB, (WEB,))
    assert leaf.not_after - leaf.not_before == timedelta(hours=1, minutes=5)
    assert [each.is_ca for each in (*chain, *bundle)] == [False, True, True]
    assert leaf.signed_by(chain[1])
    assert chain[1].signed_by(bundle[0])
    key = load_der_private_key(svid.x509_svid_key, None)
    assert of_public(key.public_key()).fingerprint == leaf.spki
    assert len({each.x509_svid_key for each in found.svids}) == 2
    assert len(found.crl) == 2, "the root's and the intermediate's"
    bundles = first(server.socket, "FetchX509Bundles")
    assert dict(bundles.bundles) == {"spiffe://example.org": svid.bundle}
    assert list(bundles.crl) == list(found.crl)
    again = first(server.socket)
    assert again == found, "the same certificate for every process"


def _certificates(data: bytes) -> list[Certificate]:
    """Certificates that stand one after the other in DER."""
    found = []
    while data:
        length = 4 + int.from_bytes(data[2:4])
        found.append(Certificate.from_der(data[:length]))
        data = data[length:]
    return found


@pytest.mark.parametrize("metadata", [None, (("workload.spiffe.io", "True"),), (("workload.spiffe.io", "1"),)])
@pytest.mark.parametrize("method", ["FetchX509SVID", "FetchX509Bundles"])
def test_requests_have_to_say_that_they_are_meant(method: str, metadata: object, server: Served) -> None:
    """Without the metadata, and with another value of it, they are refused (SPIFFE_Workload_Endpoint 6)."""
    assert first(server.socket, method, metadata) is grpc.StatusCode.INVALID_ARGUMENT


def test_jwt(server: Served) -> None:
    """JWT-SVIDs are said to be left out; without the metadata even that is not said."""
    with stub(server.socket) as api:
        requests = (
            ("FetchJWTSVID", messages.JWTSVIDRequest(audience=["a"])),
            ("ValidateJWTSVID", messages.ValidateJWTSVIDRequest(audience="a", svid="b")),
            ("FetchJWTBundles", messages.JWTBundlesRequest()),
        )
        for name, request in requests:
            for metadata, code in ((HEADER, "UNIMPLEMENTED"), ((), "INVALID_ARGUMENT")):
                with pytest.raises(grpc.RpcError) as caught:
                    list(getattr(api, name)(request, metadata=metadata, timeout=PATIENCE))
                assert caught.value.code().name == code, name


@needs_root
def test_callers_are_whom_the_kernel_says(server: Served) -> None:
    """A process of another user or group gets what that user or group has, and nothing that others have."""
    assert as_user(4711, 4713, server.socket) == ["spiffe://example.org/ns/shop/sa/cart"]
    assert as_user(4713, 4712, server.socket) == ["spiffe://example.org/ns/shop/sa/db"]
    assert as_user(4711, 4712, server.socket) == [f"spiffe://example.org/ns/shop/sa/{name}" for name in ("cart", "db")]
    assert as_user(4713, 4713, server.socket) == ["PERMISSION_DENIED"]
    assert as_user(os.getuid(), 4713, server.socket) == [WEB], "of the same user, but not of the group"
    server.said("no entry is for process")


def test_keys_stay_in_memory(server: Served) -> None:
    """No file below the authority, and nothing that is said, holds a key that was handed out."""
    svid = first(server.socket).svids[0]
    secret = load_der_private_key(svid.x509_svid_key, None).private_numbers().private_value  # type: ignore[union-attr]
    needles = (svid.x509_svid_key, f"{secret:064x}".encode(), secret.to_bytes(32))
    for path in (server.socket.parent).rglob("*"):
        if path.is_file():
            assert not [each for each in needles if each in path.read_bytes()], path
    assert not [line for line in server.lines if f"{secret:064x}" in line]


def test_the_socket(server: Served) -> None:
    """Everybody may connect, for the kernel tells who it is; only one server is at a place."""
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o666
    ca = server.socket.parent / "ca"
    ran = inside("certs", "serve", "--ca", str(ca), "--socket", str(server.socket), "--entry", "shop/web=any")
    assert (ran.code, ran.err) == (2, f"crenel: {server.socket}: another process serves there\n")


def test_beginning_and_ending() -> None:
    """What a killed server leaves is replaced; one that is told to end removes its socket. `any` is for its user."""
    with place() as folder:
        ca, path = made(folder, POLICY), folder / "s"
        with served(ca, path, "--entry", "shop/web=any") as found:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            found.stop(signal.SIGKILL)
        assert path.is_socket()
        with served(ca, path, "--entry", "shop/web=any", "--entry", "other/web=any", "--mode", "660") as found:
            found.said("other/web gets no certificate: ")
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
            assert [each.spiffe_id for each in first(path).svids] == [WEB]
            assert found.stop() == 0
        assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--entry", "shop/web=uid:65534"), "65534 stands for everybody who has no number here"),
        (("--entry", "shop/web"), "write NAMESPACE/SERVICEACCOUNT=uid:NUMBER"),
        (("--entry", "shop/web=uid:1,uid:2"), "'uid' is neither uid nor gid, or is there twice"),
        (("--entry", "shop/web=uid:-1"), "'-1' is no number of a user or group"),
        (("--entry", "shop/Web=any"), "write NAMESPACE/SERVICEACCOUNT=uid:NUMBER"),
        (("--entry", "shop/web=any", "--life", "0s"), "a certificate lives for some time"),
        (("--entry", "shop/web=any", "--mode", "999"), "write a mode like 0660"),
        (("--entry", "shop/web=any"), "is there already and is not ours"),
        (("--entry", "shop/web=any", "--socket", "open/s"), "others may write to this folder"),
        (("--entry", "shop/web=any", "--socket", "none/s"), "there is no such folder"),
        (("--entry", "shop/web=any", "--socket", "x" * 200), "longer than 100 bytes"),
        (("--entry", "shop/web=any", "--ca", "elsewhere"), "is no authority"),
    ],
)
def test_what_makes_no_sense(arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says why nothing is served."""
    with place() as folder:
        made(folder, POLICY)
        (folder / "file").write_text("")
        (folder / "open").mkdir()
        (folder / "open").chmod(0o777)
        monkeypatch.chdir(folder)
        ran = inside("certs", "serve", "--ca", "ca", "--socket", "file", *arguments)
        assert ran.code == 2
        assert said in ran.err
        assert "Traceback" not in ran.err


def test_entries() -> None:
    """A caller gets each identity once, in the order of the entries, whichever of its entries it fits."""
    known = [entries.parse(each) for each in ("a/x=uid:1", "a/y=gid:2", "a/x=gid:2", "a/z=any", "a/w=uid:1,gid:3")]

    def names(uid: int, gid: int) -> list[str]:
        return [each.name for each in entries.entitled(known, Peer(1, uid, gid))]

    assert names(1, 1) == ["a/x", "a/z"]
    assert names(1, 2) == ["a/x", "a/y", "a/z"]
    assert names(5, 2) == ["a/y", "a/x", "a/z"]
    assert names(1, 3) == ["a/x", "a/z", "a/w"]
    assert names(0, 0) == ["a/z"]


def test_noise() -> None:
    """Who speaks no HTTP/2, or goes away, harms nobody else."""
    with place() as folder:
        ca, path = made(folder, POLICY), folder / "s"
        with served(ca, path, "--entry", "shop/web=any") as found:
            for noise in (b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(1 << 16)):
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(path))
                    client.sendall(noise)
            idle = [socket.socket(socket.AF_UNIX) for _ in range(40)]
            for each in idle:
                each.connect(str(path))
            assert [each.spiffe_id for each in first(path).svids] == [WEB]
            for each in idle:
                each.close()
            assert found.stop() == 0
            assert not [line for line in found.lines if "Traceback" in line]


def test_the_authority_goes_away_and_comes_back() -> None:
    """What was served goes on being served, the reason is said, and what changed meanwhile is served afterwards."""
    with place() as folder:
        ca, path = made(folder, POLICY), folder / "s"
        with served(ca, path, "--entry", f"shop/web={ME}") as found:
            before = first(path)
            (folder / "ca").rename(folder / "away")
            found.said("the authority cannot be asked: ")
            assert first(path) == before
            with authority.opened(folder / "away") as opened:
                opened.revoke(Certificate.from_der(_certificates(before.svids[0].x509_svid)[0].der).serial,
                              "keyCompromise", now())  # fmt: skip
            (folder / "away").rename(ca)
            found.said("the authority can be asked again")
            after = first(path)
            assert after.svids[0].x509_svid_key != before.svids[0].x509_svid_key
            assert len(after.crl) == len(before.crl)
