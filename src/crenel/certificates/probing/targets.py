"""What is probed: a server's name or address and its port, and what is known of it beforehand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.names import normal

_LABELS = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
HTTPS = 443
"""The port of https where none is given."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the input holds for a server: the certificate that it has to serve, and who holds it."""

    holder: str
    """``secret shop/web``."""
    certificate: Certificate
    roots: tuple[Certificate, ...] = ()
    """The CAs beside it, such as a Secret's ``ca.crt``."""


@dataclass(frozen=True, slots=True)
class Target:
    """One server under one name."""

    host: str
    """A DNS name in A-labels, or an address."""
    port: int
    https: bool = False
    """Whether it is asked for a page."""
    stored: tuple[Stored, ...] = ()
    """What it has to serve; any of them will do."""
    roots: tuple[Certificate, ...] = ()
    """Who has to have signed, where the input says it, such as a webhook's ``caBundle``."""
    trusts: str = ""
    """What says so: ``validatingwebhookconfiguration policy``; empty for none."""
    declared: str = ""
    """What declares it: ``ingress shop/web``; empty for one that was named."""
    demands: bool = False
    """Whether what declares it says that it demands client certificates."""
    at: tuple[str, int] | None = None
    """Where to connect to in the place of its own host and port."""

    @property
    def title(self) -> str:
        """How reports write it, which can be given as a target again."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if not self.https:
            return f"{host}:{self.port}"
        return f"https://{host}" if self.port == HTTPS else f"https://{host}:{self.port}"

    @property
    def name(self) -> str | None:
        """The DNS name that it is asked for; None for an address (RFC 6066, section 3)."""
        return None if is_address(self.host) else self.host

    @property
    def endpoint(self) -> tuple[str, int]:
        """Where to connect to."""
        return self.at or (self.host, self.port)


class TargetError(ValueError):
    """A target, or where to connect to, that cannot be read."""


def read(text: str) -> Target:
    """Read ``host:port`` or ``https://host[:port][/]``.

    Raises:
        TargetError: it is neither.
    """
    scheme, separator, _ = text.partition("://")
    https = bool(separator)
    if https and scheme.lower() != "https":
        raise TargetError(f"{text}: only https:// can be probed")
    host, port = _host_port(text if https else f"//{text}", text)
    if port is None and not https:
        raise TargetError(f"{text}: write HOST:PORT or https://HOST")
    return Target(host, HTTPS if port is None else port, https)


def host_of(text: str) -> str | None:
    """A host as targets have it: an address, or a DNS name in A-labels; None where it is neither."""
    if is_address(text):
        return text
    name = normal(text)
    return name if len(name) <= 253 and _LABELS.fullmatch(name) else None


def is_address(text: str) -> bool:
    """Whether a host is an address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


Detours = Mapping[tuple[str, int] | None, tuple[str, int | None]]
"""Where to connect to in the place of a host and port; None stands for all targets."""


def detours(texts: Sequence[str]) -> Detours:
    """Read ``HOST:PORT=ADDRESS[:PORT]``, or ``ADDRESS[:PORT]`` for all targets.

    Raises:
        TargetError: one of them is neither.
    """
    found: dict[tuple[str, int] | None, tuple[str, int | None]] = {}
    for text in texts:
        whose, separator, where = text.rpartition("=")
        if separator:
            target = read(whose)
            found[target.host, target.port] = _host_port(f"//{where}", text)
        else:
            found[None] = _host_port(f"//{where}", text)
    return found


def detoured(target: Target, known: Detours) -> Target:
    """The target with where it is to be connected to."""
    there = known.get((target.host, target.port), known.get(None))
    return target if there is None else replace(target, at=(there[0], there[1] or target.port))


def _host_port(text: str, shown: str) -> tuple[str, int | None]:
    if not shown.isprintable():
        raise TargetError(f"{shown!r}: not a host and port")
    try:
        parts = urlsplit(text)
        host, port = host_of(parts.hostname or ""), parts.port
    except ValueError:
        raise TargetError(f"{shown}: not a host and port") from None
    if host is None or _more(parts) or port == 0:
        raise TargetError(f"{shown}: not a host and port")
    return host, port


def _more(parts: SplitResult) -> bool:
    """Whether a URL has more than a host, a port and a slash."""
    return bool(parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc)
