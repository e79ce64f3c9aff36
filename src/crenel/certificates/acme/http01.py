"""Answers of the challenge http-01 (RFC 8555, 8.3): a listener that knows a few tokens and nothing else.

The server asks port 80 of the name; whatever listens there may pass ``/.well-known/acme-challenge/`` on to this.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from crenel.certificates.acme.errors import AcmeError

TYPE = "http-01"
_PATIENCE = 5.0
"""Seconds for a request to come."""


@contextmanager
def listening(address: tuple[str, int], answers: Mapping[str, bytes]) -> Iterator[int]:
    """Answer requests for paths until the end of the block; yields the port, which may have been given as 0.

    Raises:
        AcmeError: nothing can listen there.
    """
    host, port = address

    class Handler(_Handler):
        known = answers

    class Listener(_Listener):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    try:
        server = Listener((host, port), Handler)
    except OSError as error:
        raise AcmeError(f"--http-01 {host}:{port}: nothing can listen there: {error.strerror or error}") from None
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_PATIENCE)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's concern."""


class _Handler(BaseHTTPRequestHandler):
    known: Mapping[str, bytes] = {}
    timeout = _PATIENCE
    server_version, sys_version = "crenel", ""

    def do_GET(self) -> None:
        found = self.known.get(self.path.partition("?")[0])
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library calls it so
        """Whoever asks is not written down."""
