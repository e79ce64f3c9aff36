"""The conformance data of Ingress as objects and requests."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from crenel.kubernetes.decode import Decoded, decode
from crenel.provenance import Origin
from crenel.routing.requests import Request
from crenel.sources.document import Document

NAMESPACE = "default"
CLASS: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {
        "name": "conformance",
        "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
    },
    "spec": {"controller": "example.org/controller"},
}
"""The class that the suite's cluster gives to Ingresses without one."""


def decoded(*objects: dict[str, Any]) -> Decoded:
    """Objects as the library reads them; they must be right."""
    found = decode(Document(each, Origin("case.json", number)) for number, each in enumerate(objects))
    assert not found.problems, [str(each) for each in found.problems]
    return found


def services(ingress: dict[str, Any]) -> list[dict[str, Any]]:
    """The Services that the suite makes: one for each name in the Ingress, all alike."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 8080, "targetPort": 3000}]},
        }
        for name in sorted(set(_names(ingress["spec"])))
    ]


def _names(part: Any) -> list[str]:
    if isinstance(part, list):
        return [name for each in part for name in _names(each)]
    if not isinstance(part, dict):
        return []
    own = [part["service"]["name"]] if isinstance(part.get("service"), dict) else []
    return own + [name for key, each in part.items() if key != "service" for name in _names(each)]


def request(check: dict[str, Any]) -> Request:
    """The request that a check makes: over TLS where its address says so."""
    url = urlsplit(check["url"])
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    encrypted = url.scheme == "https"
    return Request(url.netloc, path, check["method"], (), 443 if encrypted else 80, url.hostname if encrypted else None)
