"""TLS that an Ingress does not ask for under ``spec.tls``: by annotations of controllers, or in front of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from crenel.dialects.ingressclasses import Belonging
from crenel.kubernetes.objects.ingress import Ingress
from crenel.questions.exposure.paths import Path

_ISSUERS = ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme")
"""With these, cert-manager makes the Secrets that ``spec.tls`` names (cert-manager, Annotated Ingress resource)."""


def _is_true(text: str) -> bool:
    return text.lower() == "true"


def _without_web(text: str) -> bool:
    return "web" not in [each.strip() for each in text.split(",")]


_BY_ANNOTATION: Mapping[str, Callable[[str], bool]] = {
    "traefik.ingress.kubernetes.io/router.tls": _is_true,
    "traefik.ingress.kubernetes.io/router.entrypoints": _without_web,
    "konghq.com/protocols": lambda text: text == "https",
    "haproxy.org/ssl-redirect": _is_true,
    "ingress.kubernetes.io/ssl-redirect": _is_true,
    "ingress.kubernetes.io/force-ssl-redirect": _is_true,
    "nginx.org/redirect-to-https": _is_true,
    "nginx.ingress.kubernetes.io/force-ssl-redirect": _is_true,
    "alb.ingress.kubernetes.io/certificate-arn": bool,
    "alb.ingress.kubernetes.io/listen-ports": lambda text: "HTTPS" in text,
    "networking.gke.io/managed-certificates": bool,
    "ingress.gcp.kubernetes.io/pre-shared-cert": bool,
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate": bool,
}
"""Annotations of controllers that encrypt or redirect, as their documentation names them. Those that Crenel follows are
asked for only where the controller of the class is not in the input."""
_FOLLOWED = ("nginx.ingress.kubernetes.io/", "alb.", "networking.gke.io/", "ingress.gcp.", "appgw.")

_IN_FRONT = (
    "service.beta.kubernetes.io/aws-load-balancer-ssl-cert",
    "service.beta.kubernetes.io/do-loadbalancer-certificate-id",
    "service.beta.kubernetes.io/oci-load-balancer-tls-secret",
    "service.beta.kubernetes.io/scw-loadbalancer-certificate-ids",
    "load-balancer.hetzner.cloud/http-certificates",
)
"""Annotations of Services whose load balancers end TLS themselves."""


def otherwise(ingress: Ingress, belongs: Belonging) -> bool:
    """Whether an annotation of an Ingress asks for TLS in another way."""
    said = ingress.metadata.annotations or {}
    return any(
        key in said and test(str(said[key]))
        for key, test in _BY_ANNOTATION.items()
        if not (belongs.controller and key.startswith(_FOLLOWED))
    )


def in_front(paths: Iterable[Path]) -> bool:
    """Whether a load balancer ends the TLS of clients before one of some paths comes to the proxy."""
    services = (path.entry.service for path in paths)
    return any(each is not None and set(_IN_FRONT) & set(each.metadata.annotations or {}) for each in services)


def has_issuer(ingress: Ingress) -> bool:
    """Whether cert-manager makes the certificates that an Ingress names."""
    return any(key in (ingress.metadata.annotations or {}) for key in _ISSUERS)
