"""Settings of proxies and meshes that decide nothing about reachability by themselves.

DestinationRule and IstioOperator of Istio, the authentications that policies of Linkerd name, ServersTransport,
TLSOption and Middleware of Traefik. Their specs are kept as they are
written: who uses them reads only a field or two, and takes what has the wrong shape for absent.
"""

from __future__ import annotations

from typing import Any

import msgspec

_KINDS = {
    ("networking.istio.io", "DestinationRule"),
    ("install.istio.io", "IstioOperator"),
    ("policy.linkerd.io", "MeshTLSAuthentication"),
    ("policy.linkerd.io", "NetworkAuthentication"),
    ("traefik.io", "Middleware"),
    ("traefik.containo.us", "Middleware"),
    ("traefik.io", "ServersTransport"),
    ("traefik.io", "TLSOption"),
    ("traefik.containo.us", "TLSOption"),
    ("traefik.containo.us", "ServersTransport"),
}


class Setting(msgspec.Struct, rename="camel"):
    """One object of such a kind."""

    api_version: str
    kind: str
    name: str
    namespace: str
    spec: dict[str, Any]
    origin: Any = None

    @property
    def title(self) -> str:
        """How reports write it."""
        return f"{self.kind.lower()} {self.namespace}/{self.name}"


def is_setting(api_version: str, kind: str) -> bool:
    """Whether a kind is one of those."""
    return (api_version.rpartition("/")[0], kind) in _KINDS
