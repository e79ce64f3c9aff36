"""What a pod says on a port that speaks TLS: a conversation that is fed what came, and says what is to be sent.

Whoever is accepted gets a page with the pod's name, the host that was asked for, and who the client was seen to be.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Any

_HANDSHAKE = 22
"""How every conversation in TLS begins: the type of its first record (RFC 8446, section 5.1)."""
_HOST = re.compile(rb"\r\n[Hh]ost: ?([!-~]{1,253})\r\n")
_MOST = 1 << 14


@dataclass(frozen=True, slots=True)
class Server:
    """How a pod answers on one port."""

    title: str
    context: ssl.SSLContext | None
    """How it speaks TLS; None for a port that does not."""
    plain: bool = False
    """Whether it answers in plain text, too."""

    def conversation(self) -> Conversation:
        """A new connection."""
        return Conversation(self)


class Conversation:
    """One connection. `over` says that nothing more is to be sent, and what still comes is of no interest."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._shaken = False
        self._begun = False
        self.over = False

    def feed(self, data: bytes) -> bytes:
        """Take what came; returns what is to be sent."""
        if self.over:
            return b""
        if not self._begun:
            self._begin(data)
        if self._tls is None:
            self.over = True
            return self._page(data, "") if self._server.plain else b""
        self._in.write(data)
        try:
            self._go_on(self._tls)
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, OSError):
            self.over = True  # what OpenSSL has to say of it is in what it wants to send
        return self._out.read()

    def _begin(self, data: bytes) -> None:
        self._begun = True
        server = self._server
        if server.context is not None and (data[:1] == bytes((_HANDSHAKE,)) or not server.plain):
            self._tls = server.context.wrap_bio(self._in, self._out, server_side=True)

    def _go_on(self, tls: ssl.SSLObject) -> None:
        if not self._shaken:
            tls.do_handshake()
            self._shaken = True
        asked = tls.read(_MOST)
        if asked:
            tls.write(self._page(asked, _identity(tls)))
        self.over = True

    def _page(self, asked: bytes, client: str) -> bytes:
        host = _HOST.search(asked)
        lines = [self._server.title, host[1].decode("ascii") if host else "-", client or "-"]
        body = "".join(f"{line}\n" for line in lines)
        head = f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        return (head + body).encode()


def _identity(tls: ssl.SSLObject) -> str:
    """The SPIFFE ID of a client that was verified."""
    names: Any = (tls.getpeercert() or {}).get("subjectAltName", ())
    return next((str(name) for kind, name in names if kind == "URI"), "")
