"""Which servers are meant to demand a client certificate, by what the input says.

Sources: the annotations ``auth-tls-secret`` and ``auth-tls-verify-client`` of ingress-nginx ("Client Certificate
Authentication"), which demands one unless it is told otherwise; gateway.networking.k8s.io/v1 FrontendTLSConfig, where
the settings of a port replace the default and ``AllowInsecureFallback`` lets everybody pass; istio.io/api networking/v1
ServerTLSSettings.TLSmode.
"""

from __future__ import annotations

from crenel.kubernetes.objects.gateway import ClientValidation, Gateway, GatewayListener
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.istio import IstioServer

_SECRET = "nginx.ingress.kubernetes.io/auth-tls-secret"  # noqa: S105 - the name of an annotation
_VERIFY = "nginx.ingress.kubernetes.io/auth-tls-verify-client"
_INSECURE = "AllowInsecureFallback"
_MUTUAL = frozenset({"MUTUAL", "ISTIO_MUTUAL"})


def by_ingress(ingress: Ingress) -> bool:
    """Whether the hosts of an Ingress demand one."""
    annotations = ingress.metadata.annotations or {}
    return bool(annotations.get(_SECRET)) and annotations.get(_VERIFY, "on") == "on"


def by_listener(listener: GatewayListener, gateway: Gateway | None) -> bool:
    """Whether a listener that ends TLS demands one; `gateway` is whose it is, where that is known."""
    if listener.tls is not None and listener.tls.mode == "Passthrough":
        return False
    validation = listener.tls.frontend_validation if listener.tls is not None else None
    if validation is None and gateway is not None and gateway.spec is not None:
        validation = _of_port(gateway, listener.port)
    return validation is not None and bool(validation.ca_certificate_refs) and validation.mode != _INSECURE


def by_server(server: IstioServer) -> bool:
    """Whether a server of a Gateway of Istio demands one."""
    return server.tls is not None and server.tls.mode in _MUTUAL


def _of_port(gateway: Gateway, port: int) -> ClientValidation | None:
    """What the Gateway says of a port, or of all."""
    frontend = gateway.spec.tls.frontend if gateway.spec is not None and gateway.spec.tls is not None else None
    if frontend is None:
        return None
    for each in frontend.per_port or ():
        if each.port == port:
            return each.tls.validation if each.tls is not None else None
    return frontend.default.validation if frontend.default is not None else None
