"""The listener that answers http-01."""

from __future__ import annotations

import http.client
import socket

import pytest

from crenel.certificates.acme import http01
from crenel.certificates.acme.errors import AcmeError

PATH = "/.well-known/acme-challenge/token"


def asked(host: str, port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_what_it_answers(host: str) -> None:
    """The paths that it was given, and nothing else; a client that says nothing keeps nobody waiting."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.bind((host, 0))
    except OSError:
        pytest.skip(f"there is no {host} here")
    with http01.listening((host, 0), {PATH: b"token.thumbprint"}) as port:
        silent = socket.create_connection((host, port))
        assert asked(host, port, PATH) == (200, b"token.thumbprint")
        for path in ("/", "/etc/passwd", f"{PATH}/..", PATH.upper()):
            assert asked(host, port, path) == (404, b"")
        silent.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, port), 1)


def test_a_port_that_is_taken() -> None:
    """One line says what cannot be listened on."""
    with (
        http01.listening(("127.0.0.1", 0), {}) as port,
        pytest.raises(AcmeError, match=f"--http-01 127.0.0.1:{port}: "),
    ):
        http01.listening(("127.0.0.1", port), {}).__enter__()
