"""Proxies that ask clients for a certificate and let them in without a good one.

Sources: ingress-nginx documentation, Client Certificate Authentication (``auth-tls-verify-client``); Istio reference,
ServerTLSSettings.TLSmode; Traefik, TLS options: Client Authentication (``clientAuthType``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crenel.audit.finding import Thing
from crenel.audit.peers import table
from crenel.audit.subject import Subject
from crenel.dialects.ingressnginx import PREFIX
from crenel.provenance import FieldPath

_VERIFY, _SECRET = f"{PREFIX}auth-tls-verify-client", f"{PREFIX}auth-tls-secret"
_NOBODY, _ANYBODY = "clients without a certificate", "clients with any certificate, whoever signed it,"
_NGINX = {"optional": _NOBODY, "optional_no_ca": _ANYBODY, "off": _NOBODY}
_TRAEFIK = {
    "RequestClientCert": _ANYBODY,
    "RequireAnyClientCert": _ANYBODY,
    "VerifyClientCertIfGiven": _NOBODY,
}


@dataclass(frozen=True)
class Lax:
    """One setting, and who gets in by it."""

    thing: Thing
    field: FieldPath
    value: str
    who: str

    @property
    def takes_strangers(self) -> bool:
        """Whether a certificate that nobody verified is taken, so that what it says is a lie."""
        return self.who == _ANYBODY


def lax(subject: Subject) -> Iterator[Lax]:
    """All of them."""
    for ingress in subject.decoded.ingresses:
        said = ingress.metadata.annotations or {}
        if _SECRET in said and (value := str(said.get(_VERIFY))) in _NGINX:
            yield Lax(ingress, ("metadata", "annotations", _VERIFY), value, _NGINX[value])
    for gateway in subject.decoded.istio_gateways:
        for place, server in enumerate((gateway.spec.servers if gateway.spec else None) or ()):
            if server.tls is not None and server.tls.mode == "OPTIONAL_MUTUAL":
                yield Lax(gateway, ("spec", "servers", place, "tls", "mode"), server.tls.mode, _NOBODY)
    for setting in subject.decoded.settings:
        asked = str(table(setting.spec.get("clientAuth")).get("clientAuthType"))
        if setting.kind == "TLSOption" and asked in _TRAEFIK:
            yield Lax(setting, ("spec", "clientAuth", "clientAuthType"), asked, _TRAEFIK[asked])
