"""What annotations make of an Ingress in ingress-nginx (k8s.io/ingress-nginx).

Source: ingress-nginx documentation, user guide, Annotations: ssl-redirect is on where the host has TLS and answers
with 308; whitelist-source-range and its newer name allowlist-source-range limit clients; use-regex and rewrite-target
turn the paths of the host into regular expressions without regard to case; backend-protocol HTTPS and GRPCS encrypt
towards the backend without verifying unless proxy-ssl-verify is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crenel.network.addresses import AddressSet
from crenel.routing.filters import Filter, Foreign, Redirect
from crenel.routing.proxy import BackendTls

PREFIX = "nginx.ingress.kubernetes.io/"
_ENCRYPTED = ("HTTPS", "GRPCS")
_ACTING = (
    "auth-url", "auth-type", "auth-tls-secret", "canary", "configuration-snippet", "denylist-source-range",
    "permanent-redirect", "rewrite-target", "server-snippet", "temporal-redirect",
)  # fmt: skip
"""Annotations that may turn requests away or send them elsewhere, and are not followed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the annotations of one Ingress say."""

    redirected: bool = False
    """Whether plain requests are sent to HTTPS, where the host has TLS."""
    forced: bool = False
    """Whether they are in any case."""
    passthrough: bool = False
    patterns: bool = False
    sources: AddressSet | None = None
    backend_tls: BackendTls | None = None
    filters: tuple[Filter, ...] = ()
    notes: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()
    """Annotations that cannot be read, with the reason."""


PLAIN = Settings()
"""Nothing beyond the Ingress itself."""

TO_HTTPS = Redirect(scheme="https", status=308)


def settings(annotations: Mapping[str, str]) -> Settings:
    """Read the annotations of an Ingress."""
    said = {key.removeprefix(PREFIX): value for key, value in annotations.items() if key.startswith(PREFIX)}
    sources, wrong = _sources(said)
    return Settings(
        redirected=said.get("ssl-redirect") != "false",
        forced=said.get("force-ssl-redirect") == "true",
        passthrough=said.get("ssl-passthrough") == "true",
        patterns=said.get("use-regex") == "true" or "rewrite-target" in said,
        sources=sources,
        backend_tls=_backend_tls(said),
        filters=tuple(Foreign(f"annotation {PREFIX}{name}") for name in _ACTING if said.get(name, "false") != "false"),
        wrong=wrong,
    )


def _sources(said: Mapping[str, str]) -> tuple[AddressSet | None, tuple[tuple[str, str], ...]]:
    for name in ("allowlist-source-range", "whitelist-source-range"):
        if text := said.get(name):
            try:
                return AddressSet.of(*(part.strip() for part in text.split(",") if part.strip())), ()
            except ValueError as error:
                return None, ((name, str(error)),)
    return None, ()


def _backend_tls(said: Mapping[str, str]) -> BackendTls | None:
    if said.get("backend-protocol", "").upper() not in _ENCRYPTED:
        return None
    return BackendTls(said.get("proxy-ssl-name", ""), verified=said.get("proxy-ssl-verify") == "on")
