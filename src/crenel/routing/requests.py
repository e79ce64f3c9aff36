"""What a client sends: a request as it arrives at a proxy, or only the opening of a connection."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from crenel.routing.hosts import plain


@dataclass(frozen=True, slots=True)
class Request:
    """One request, or a connection that carries none (TCP, UDP, TLS that is passed through).

    `path` has the query in it. `port` is the listener's port that the client connects to, None for every port of its
    protocol. `server_name` is what the TLS handshake asks for; None without TLS.
    """

    host: str = ""
    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    port: int | None = None
    server_name: str | None = None
    udp: bool = False
    source: str = ""
    """The client's address as the proxy sees it; empty when it is not known."""

    @property
    def name(self) -> str:
        """The host without its port, in lower case."""
        return plain(self.host)

    @property
    def plain_path(self) -> str:
        """The path without the query; never empty."""
        return self.path.partition("?")[0] or "/"

    @property
    def query(self) -> str:
        """The query without its question mark."""
        return self.path.partition("?")[2]

    @property
    def scheme(self) -> str:
        """``https`` where the client speaks TLS."""
        return "http" if self.server_name is None else "https"

    def header(self, name: str) -> str | None:
        """The value of a header; several are joined with commas (RFC 9110, 5.3). None when it is absent."""
        wanted = name.lower()
        values = [value for each, value in self.headers if each.lower() == wanted]
        return ",".join(values) if values else None

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter, decoded; None when it is absent. Names are case sensitive."""
        for each, value in parse_qsl(self.query, keep_blank_values=True):
            if each == name:
                return value
        return None
