"""A server that answers what a test wants, over TLS on loopback: for what pebble does not do."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from acme.jws import JWS

from certificates import making
from certificates.probing.servers import ADDRESS
from crenel.certificates.acme.talking import Server
from crenel.certificates.authority.filekeys import encoded


@dataclass
class Reply:
    """An answer."""

    body: Any = field(default_factory=dict)
    """Bytes, or what becomes JSON."""
    code: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Fake:
    """One that runs."""

    folder: Path
    port: int
    replies: dict[str, Callable[[dict[str, Any]], Reply]] = field(default_factory=dict)
    """What a path is answered with; a request's payload is given."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Every request but for nonces."""

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"https://{ADDRESS}:{self.port}/{path}"

    def always(self, path: str, reply: Reply) -> None:
        """Answer a path the same each time."""
        self.replies[path] = lambda _: reply

    def server(self) -> Server:
        """What talks to it."""
        return Server(self.url("dir"), making.key(4000), self.url("account"), self.folder / "ca.pem")

    def client(self) -> Path:
        """A client's folder, with an account at it."""
        folder = self.folder / "acme"
        folder.mkdir(mode=0o700)
        (folder / "account.key").touch(0o600)
        (folder / "account.key").write_bytes(encoded(making.key(4000)))
        account = {"server": self.url("dir"), "uri": self.url("account"), "trust": str(self.folder / "ca.pem")}
        (folder / "account.json").write_text(json.dumps(account))
        return folder


@contextmanager
def fake(folder: Path, **more: str) -> Iterator[Fake]:
    """Run one, with a directory that has fields more."""
    root = making.authority("Server Root")
    own = making.leaf("localhost", root, ips=(ADDRESS,), begins=making.AT - making.DAY, days=3650)
    (folder / "ca.pem").write_text(root.pem)
    (folder / "own.pem").write_text(own.pem + own.key_pem)
    found = Fake(folder, 0)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            path = self.path.removeprefix("/")
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            payload = _payload(data)
            if path != "nonce":
                found.asked.append((path, payload))
            reply = found.replies.get(path, _nothing)(payload)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.code)
            for name, value in {"Replay-Nonce": "bm9uY2U", "Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_HEAD = _answer  # noqa: N815 - names that the library calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer((ADDRESS, 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found.port = int(server.server_address[1])
    names = {"newNonce": "nonce", "newAccount": "new-account", "newOrder": "new-order", **more}
    found.always("dir", Reply({name: found.url(path) for name, path in names.items()}))
    found.always("nonce", Reply())
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _nothing(_: dict[str, Any]) -> Reply:
    return Reply({"detail": "nothing is there"}, 404)


def _payload(data: bytes) -> dict[str, Any]:
    if not data:
        return {}
    text = JWS.json_loads(data.decode()).payload
    return dict(json.loads(text)) if text else {}
