"""Probes as tests make them: of ports on the loopback interface, under the name of the certificates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from certificates.probing.material import HOST, NOW, Files
from certificates.probing.servers import ADDRESS
from crenel.certificates.probing.probe import Probe
from crenel.certificates.probing.run import Wishes, probe_all, settings
from crenel.certificates.probing.targets import Target


def wishes(files: Files, **more: Any) -> Wishes:
    """The root that signed, and short steps."""
    return replace(Wishes(ca=files.path("root.crt"), step=10.0), **more)


def with_clients(files: Files, **more: Any) -> Wishes:
    """The same with the right client certificate and its expired twin."""
    right, expired = files.path("client.both"), files.path("client-expired.both")
    return wishes(files, right=(right, right), expired=(expired, expired), **more)


def target(port: int, **more: Any) -> Target:
    """A port of this machine."""
    return replace(Target(HOST, port, at=(ADDRESS, port)), **more)


def probes(ports: Mapping[str, int], wish: Wishes, **more: Any) -> dict[str, Probe]:
    """Probe ports, all at once, and give the results by their names."""
    found = probe_all([target(port, **more) for port in ports.values()], wish, settings(wish, NOW))
    return dict(zip(ports, found, strict=True))


def ids(found: Probe, without: Iterable[str] = ("outside-profile",)) -> list[str]:
    """The ids of what is wrong, sorted; what the suites of this machine's OpenSSL lead to is left out."""
    return sorted({each.id for each in found.findings} - set(without))
