"""A proxy: where it listens, by which rules it chooses, and where it sends what it takes.

Ports are 1 to 65535. A `Backend` is a reference that the caller resolves. `field` and `origin` lead to the text of a
rule. Within one listener, routes are tried by the rules in `crenel.routing.routing`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from crenel.network.addresses import AddressSet
from crenel.provenance import NOWHERE, FieldPath, Origin
from crenel.routing.filters import Filter
from crenel.routing.hosts import ANY, Host
from crenel.routing.matches import RequestMatch


class Protocol(enum.Enum):
    """What a listener speaks with clients."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    TLS = "TLS"
    TCP = "TCP"
    UDP = "UDP"


class TlsMode(enum.Enum):
    """Who ends the TLS of clients: nobody, the proxy, or the backend."""

    NONE = "none"
    TERMINATE = "terminate"
    PASSTHROUGH = "passthrough"


class ClientCertificate(enum.Enum):
    """Whether clients must show a certificate."""

    NONE = "none"
    OPTIONAL = "optional"
    """Asked for, but a connection without a valid one is kept."""
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class BackendTls:
    """TLS from the proxy to a backend. `verified` is false where any certificate would be taken."""

    server_name: str = ""
    names: tuple[str, ...] = ()
    """DNS names of which the backend's certificate must hold one; empty with `uris` empty: `server_name`."""
    uris: tuple[str, ...] = ()
    verified: bool = True
    client_certificate: str = ""
    """The credential that the proxy shows, in words; empty for none."""

    def accepts(self, names: tuple[str, ...], uris: tuple[str, ...] = ()) -> bool:
        """Whether a certificate with these subject alternative names is taken."""
        if not self.verified:
            return True
        wanted = self.names if self.names or self.uris else (self.server_name,)
        by_name = any(Host.of(held, one_label=True).matches(each) for each in wanted for held in names)
        return by_name or not set(self.uris).isdisjoint(uris)


@dataclass(frozen=True, slots=True)
class Backend:
    """Where requests go: a reference by kind, namespace, name and port that the caller resolves."""

    namespace: str
    name: str
    port: int | str | None = None
    weight: int = 1
    kind: str = "Service"
    filters: tuple[Filter, ...] = ()
    tls: BackendTls | None = None
    broken: str = ""
    """Why the reference leads nowhere; its share of the requests is answered with `status`."""
    status: int = 500
    field: FieldPath = ()

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}{f':{self.port}' if self.port is not None else ''}"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds until the proxy gives up, on the whole request and on one try; None for no limit that is known."""

    request: float | None = None
    backend: float | None = None

    @property
    def shortest(self) -> float | None:
        """The one that ends first."""
        return min((each for each in (self.request, self.backend) if each), default=None)


NO_TIMEOUTS = Timeouts()


@dataclass(frozen=True, slots=True)
class Rule:
    """Requests that fall under one of the matches go to the backends, by weight; no backend is an error."""

    matches: tuple[RequestMatch, ...] = (RequestMatch(),)
    backends: tuple[Backend, ...] = ()
    filters: tuple[Filter, ...] = ()
    mirrors: tuple[Backend, ...] = ()
    """Backends that receive a copy."""
    timeouts: Timeouts = NO_TIMEOUTS
    name: str = ""
    field: FieldPath = ()
    last_resort: bool = False
    """Whether it applies only where no other rule of any host does."""
    sources: AddressSet | None = None
    """The client addresses that may use it, None for all; others are answered with 403."""
    notes: tuple[str, ...] = ()
    """What may change the outcome and is not known."""


@dataclass(frozen=True, slots=True)
class Route:
    """Rules for some hosts. `age` orders routes that are otherwise equal, the smaller first."""

    title: str
    hosts: tuple[Host, ...] = (ANY,)
    rules: tuple[Rule, ...] = ()
    age: tuple[Any, ...] = ()
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Listener:
    """A port on which a proxy takes connections, for some names."""

    name: str
    port: int
    protocol: Protocol
    host: Host = ANY
    tls: TlsMode = TlsMode.NONE
    client_certificate: ClientCertificate = ClientCertificate.NONE
    routes: tuple[Route, ...] = ()
    secrets: tuple[str, ...] = ()
    """The certificates it shows, by namespace and name."""
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def is_http(self) -> bool:
        """Whether it reads requests, rather than passing bytes on."""
        return self.protocol in (Protocol.HTTP, Protocol.HTTPS)


@dataclass(slots=True)
class Proxy:
    """One proxy as it is configured. `kind` and `controller` tell whose pods it is made of."""

    title: str
    listeners: tuple[Listener, ...] = ()
    namespace: str = ""
    name: str = ""
    kind: str = ""
    class_name: str = ""
    controller: str = ""
    addresses: tuple[str, ...] = ()
    """Addresses and host names that it is asked to have, or reports to have."""
    selector: tuple[tuple[str, str], ...] = ()
    """Labels of its pods, where the configuration names them."""
    unmatched: int = 404
    """The status for requests that no rule takes."""
    exclusive_hosts: bool = False
    """Whether a host that has rules never falls back on the rules of a less specific one."""
    origin: Origin = NOWHERE
    tables: dict[int, tuple[Listener, Any]] = field(default_factory=dict, repr=False, compare=False)
    """Rules of each listener in the order they are tried; made by `crenel.routing.routing` when first needed."""
