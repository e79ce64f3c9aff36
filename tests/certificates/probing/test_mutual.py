"""The proof of mutual TLS against real servers: configurations that enforce it, and those that only seem to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator

import pytest

from certificates.probing.asking import ids, probes, wishes, with_clients
from certificates.probing.material import Files
from certificates.probing.servers import Options, answering, haproxy, nginx, program, s_servers, stunnel
from certificates.probing.weak import weak
from crenel.certificates.probing import pages
from crenel.certificates.probing.mutual import EXPIRED, FORGED, NONE, PLAIN, RIGHT, STRANGER, Outcome, Trial, _plain
from crenel.certificates.probing.peers import Peer
from crenel.certificates.probing.probe import Probe

pytestmark = pytest.mark.xdist_group("probing-mutual")

Case = tuple[str, str, bool | None, str]
"""A name, its configuration, whether it enforces, and what the attempts come to: without a certificate, with a
stranger's, a forged one, an expired one, in plain text, and with the right one, each as a letter: what was refused,
closed, answered, unclear, or not tried."""

KINDS = (NONE, STRANGER, FORGED, EXPIRED, PLAIN, RIGHT)
LETTERS = {
    Outcome.REFUSED: "r",
    Outcome.CLOSED: "c",
    Outcome.ANSWERED: "A",
    Outcome.UNCLEAR: "?",
    Outcome.NOT_TRIED: "n",
}
GUARDED = "if ($ssl_client_verify != SUCCESS) { return 403; }"

NGINX: list[Case] = [
    ("required", "ssl_verify_client on;", True, "r r r r r A"),
    ("required 1.2", "ssl_protocols TLSv1.2; ssl_verify_client on;", True, "r r r r r A"),
    ("required 1.3", "ssl_protocols TLSv1.3; ssl_verify_client on;", True, "r r r r r A"),
    ("optional", "ssl_verify_client optional;", False, "A r r r r A"),
    # Takes a certificate of any CA, and tells the application alone: an expired one of a known CA is refused.
    ("any CA", "ssl_verify_client optional_no_ca;", False, "A A r r r A"),
    # The application refuses, and only beside what the right certificate gets is it known that it was about that.
    ("guarded", f"ssl_verify_client optional; {GUARDED}", True, "r r r r r A"),
    ("guarded, any CA", f"ssl_verify_client optional_no_ca; {GUARDED}", True, "r r r r r A"),
    ("page in its place", "ssl_verify_client on; error_page 495 496 =200 /sorry; location /sorry { return 200; }",
     False, "A A A A r A"),
]  # fmt: skip

HAPROXY: list[Case] = [
    ("required", "verify required", True, "r r r r c A"),
    ("required-1.2", "ssl-max-ver TLSv1.2 verify required", True, "r r r r c A"),
    ("optional", "verify optional", False, "A r r r c A"),
    ("lenient", "verify required crt-ignore-err all ca-ignore-err all", False, "r A A A c A"),
    ("no-dates", "verify required crt-ignore-err 10", False, "r r r A c A"),
    # The same ports behind one that takes plain text too, as PERMISSIVE of meshes does.
    ("required+plain", "", False, "r r r r A A"),
]  # fmt: skip

STUNNEL: list[Case] = [
    ("chain", "verifyChain = yes", True, "r r r r c A"),
    ("chain-1.2", "verifyChain = yes\nsslVersionMax = TLSv1.2", True, "r r r r c A"),
    ("if-any", "verifyChain = yes\nrequireCert = no", False, "A r r r c A"),
]  # fmt: skip

OPENSSL: list[Case] = [
    ("strict", "-Verify 2 -verify_return_error", True, "r r r r c A"),
    ("strict 1.2", "-tls1_2 -Verify 2 -verify_return_error", True, "r r r r c A"),
    # Asks, looks at it, and goes on whatever it is.
    ("looks away", "-Verify 2", False, "r A A A c A"),
    ("if any", "-verify 2 -verify_return_error", False, "A r r r c A"),
]  # fmt: skip


def outcomes(found: Probe) -> str:
    """What each attempt came to, in the order of `KINDS`."""
    assert found.mutual is not None
    by_kind = {each.kind: LETTERS[each.outcome] for each in found.mutual.trials}
    return " ".join(by_kind.get(kind, "-") for kind in KINDS)


def judged(found: Probe, enforced: bool | None, expected: str) -> None:
    """The outcomes, whether that proves it, and that the findings say the same."""
    assert outcomes(found) == expected, found.mutual
    assert found.mutual is not None and found.mutual.enforced is enforced
    assert ids(found) == ([] if enforced else ["TL-15"])


@pytest.fixture(scope="module")
def nginx_ports(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    base = f"""ssl_certificate {files.path("good.crt")}; ssl_certificate_key {files.path("good.key")};
        ssl_client_certificate {files.path("clients.crt")}; location / {{ return 200 hello; }}"""
    every = "ssl_protocols TLSv1.2 TLSv1.3;"
    servers = [(name, base + ("" if "ssl_protocols" in more else every) + more) for name, more, _, _ in NGINX]
    servers.append(("required h2", f"h2; {base} {every} ssl_verify_client on;"))
    servers.append(("none", base + every))
    with nginx(tmp_path_factory.mktemp("nginx"), servers) as ports:
        yield ports


@pytest.fixture(scope="module")
def nginx_probes(files: Files, nginx_ports: dict[str, int]) -> dict[str, Probe]:
    return probes(nginx_ports, with_clients(files))


@pytest.mark.parametrize(("name", "config", "enforced", "expected"), NGINX, ids=[case[0] for case in NGINX])
def test_nginx(nginx_probes: dict[str, Probe], name: str, config: str, enforced: bool | None, expected: str) -> None:
    """Each way to ask for certificates with nginx is told apart by the answers to data."""
    del config
    judged(nginx_probes[name], enforced, expected)


def test_named_authorities(nginx_probes: dict[str, Probe]) -> None:
    """The CAs that a server names when it asks for a certificate are read, of TLS 1.2 as of TLS 1.3."""
    for name in ("required 1.2", "required 1.3"):
        accepted = nginx_probes[name].accepted
        assert accepted is not None and accepted.served.request is not None
        assert len(accepted.served.request.authorities) == 1
        assert b"Client CA" in accepted.served.request.authorities[0]


def test_http_2(nginx_probes: dict[str, Probe]) -> None:
    """A server that speaks HTTP/2 as well is no other."""
    judged(nginx_probes["required h2"], True, NGINX[0][3])


def test_not_asked(nginx_probes: dict[str, Probe], nginx_ports: dict[str, int], files: Files) -> None:
    """A server that asks for none is let alone, unless it is meant to demand one, by the input or the user."""
    assert nginx_probes["none"].mutual is None and not nginx_probes["none"].asks
    meant = probes({"none": nginx_ports["none"]}, with_clients(files), demands=True)["none"]
    demanded = probes({"none": nginx_ports["none"]}, with_clients(files, demand=True))["none"]
    assert meant.findings == demanded.findings
    assert outcomes(demanded) == "A n n n r n"
    assert ids(demanded) == ["TL-15"]
    assert [each.message for each in demanded.findings if each.id == "TL-15"] == [
        "no certificate gets an answer: HTTP 200, and none is asked for in the handshake"
    ]


def test_unproven(nginx_ports: dict[str, int], files: Files) -> None:
    """Without the right certificate a refusal by the application proves nothing, and a refusal by the server does."""
    two = {name: nginx_ports[name] for name in ("guarded", "required")}
    found = probes(two, wishes(files))
    assert outcomes(found["guarded"]) == "? r - n r -"
    assert ids(found["guarded"]) == ["mtls-unproven"]
    assert found["guarded"].mutual is not None and found["guarded"].mutual.enforced is None
    assert outcomes(found["required"]) == "r r - n r -"
    assert ids(found["required"]) == []
    assert found["required"].mutual is not None and found["required"].mutual.enforced is True


def test_right_one_refused(nginx_ports: dict[str, int], files: Files) -> None:
    """That the certificate which is meant to get in does not is a finding of its own."""
    wrong = files.path("good.both")
    found = probes({"required": nginx_ports["required"]}, wishes(files, right=(wrong, wrong)))["required"]
    assert outcomes(found) == "r r r n r r"
    assert ids(found) == ["mtls-refused"]


@pytest.fixture(scope="module")
def haproxy_probes(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Probe]]:
    base = f"crt {files.path('good.both')} ca-file {files.path('clients.crt')}"
    binds = [(name, f"{base} {options}") for name, options, _, _ in HAPROXY if options]
    with haproxy(tmp_path_factory.mktemp("haproxy"), binds) as ports:
        yield probes({name: ports[name] for name, _, _, _ in HAPROXY}, with_clients(files))


@pytest.mark.parametrize(("name", "config", "enforced", "expected"), HAPROXY, ids=[case[0] for case in HAPROXY])
def test_haproxy(haproxy_probes: dict[str, Probe], name: str, config: str, enforced: bool, expected: str) -> None:
    """Each way to ask for certificates with HAProxy is told apart."""
    del config
    judged(haproxy_probes[name], enforced, expected)


@pytest.fixture(scope="module")
def stunnel_probes(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Probe]]:
    base = f"cert = {files.path('good.crt')}\nkey = {files.path('good.key')}\nCAfile = {files.path('clients.crt')}"
    services = [(name, f"{base}\n{options}") for name, options, _, _ in STUNNEL]
    with stunnel(tmp_path_factory.mktemp("stunnel"), services) as ports:
        yield probes(ports, with_clients(files))


@pytest.mark.parametrize(("name", "config", "enforced", "expected"), STUNNEL, ids=[case[0] for case in STUNNEL])
def test_stunnel(stunnel_probes: dict[str, Probe], name: str, config: str, enforced: bool, expected: str) -> None:
    """Each way to ask for certificates with stunnel is told apart."""
    del config
    judged(stunnel_probes[name], enforced, expected)


@pytest.fixture(scope="module")
def openssl_probes(files: Files) -> Iterator[dict[str, Probe]]:
    base: Options = ["-cert", files.path("good.crt"), "-cert_chain", files.path("intermediate.crt"), "-key",
            files.path("good.key"), "-CAfile", files.path("clients.crt")]  # fmt: skip
    with s_servers([(name, [*base, *options.split()]) for name, options, _, _ in OPENSSL]) as ports:
        yield probes(ports, with_clients(files))


@pytest.mark.parametrize(("name", "config", "enforced", "expected"), OPENSSL, ids=[case[0] for case in OPENSSL])
def test_openssl(openssl_probes: dict[str, Probe], name: str, config: str, enforced: bool, expected: str) -> None:
    """Each way to ask for certificates with openssl s_server is told apart."""
    del config
    judged(openssl_probes[name], enforced, expected)


def test_no_common_suite(files: Files) -> None:
    """A server that we have no suite in common with refuses everybody alike, which proves nothing."""
    with answering(weak(files, (3, 1), (3, 3), ["rc4"], asks=True)) as port:
        found = probes({"one": port}, wishes(files))["one"]
    assert found.asks and found.mutual is not None
    assert outcomes(found) == "? ? - n r -"
    assert found.mutual.enforced is None and "mtls-unproven" in ids(found)


PLAIN_ANSWERS: list[tuple[bytes, str, str]] = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "answered", "HTTP 200"),
    (b"HTTP/1.1 301 Moved\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n", "refused", "HTTP 301 to https"),
    (b"HTTP/1.1 301 Moved\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", "answered", "HTTP 301"),
    (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "refused", "HTTP 400"),
    (b"HTTP/1.0 400 Bad Request\r\n\r\nmissing parameter\n", "unclear", "HTTP 400"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "refused", "alert protocol_version"),
    (b"-ERR unknown command 'GET'\r\n", "answered", "data that begins with \"-ERR unknown command 'GET'\""),
    (b"", "closed", "the connection was ended without an answer"),
]
"""What ports for TLS answer to plain text, and what that means."""


@pytest.mark.parametrize(("answer", "outcome", "detail"), PLAIN_ANSWERS, ids=[case[2] for case in PLAIN_ANSWERS])
def test_plain_text(answer: bytes, outcome: str, detail: str) -> None:
    """An alert, a redirect to https and the pages of servers that see plain text are refusals; data is an answer."""

    def behave(connection: socket.socket) -> None:
        connection.recv(1 << 14)
        connection.sendall(answer)

    assert in_plain_text(behave) == (outcome, detail)


def test_plain_text_in_http_2() -> None:
    """An application that speaks HTTP/2 alone, like one of gRPC, ends what is HTTP/1.1, and answers in plain text."""

    def behave(connection: socket.socket) -> None:
        if connection.recv(1 << 14).startswith(pages.PREFACE):
            connection.sendall(bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))

    assert in_plain_text(behave) == ("answered", "HTTP/2")


def in_plain_text(behave: Callable[[socket.socket], None]) -> tuple[str, str]:
    """What the attempt in plain text comes to."""

    async def attempt(port: int) -> Trial:
        return await _plain(await Peer.find("127.0.0.1", port, 2.0), "web.shop.example")

    with answering(behave) as port:
        trial = asyncio.run(attempt(port))
    return trial.outcome.value, trial.detail


def test_handshakes_prove_nothing(nginx_ports: dict[str, int]) -> None:
    """Of TLS 1.3 a client without a certificate completes its handshake with a server that demands one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", nginx_ports["required 1.3"]), 5) as plain,
        context.wrap_socket(plain) as tls,
    ):
        assert tls.version() == "TLSv1.3"


def test_absent_servers_are_named() -> None:
    """A program that is absent is a reason to skip, and says so."""
    with pytest.raises(pytest.skip.Exception, match="no-such-server is not installed"):
        program("no-such-server")
