"""Ingress.

Source: kubernetes/kubernetes pkg/apis/networking/validation/validation.go (ValidateIngress).
"""

from __future__ import annotations

from crenel.kubernetes.objects.ingress import Ingress, IngressBackend, IngressPath, IngressSpec
from crenel.kubernetes.validation.hosts import check_host
from crenel.kubernetes.validation.mistakes import Mistake, invalid, required, unknown, unsupported
from crenel.kubernetes.validation.names import dns_label
from crenel.kubernetes.validation.ports import check_number
from crenel.provenance import FieldPath

_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_FORBIDDEN = ("//", "/./", "/../", "%2f", "%2F")
_FORBIDDEN_ENDS = ("/..", "/.")


def check_ingress(ingress: Ingress, found: list[Mistake]) -> None:
    """Everything below ``spec`` that decides where requests go."""
    spec = ingress.spec or IngressSpec()
    if spec.backend is not None:
        found.append(unknown(("spec", "backend")))
    if not spec.rules and spec.default_backend is None:
        found.append(invalid(("spec",), [], "either `defaultBackend` or `rules` must be specified"))
    if spec.default_backend is not None:
        _check_backend(spec.default_backend, ("spec", "defaultBackend"), found)
    for place, rule in enumerate(spec.rules or ()):
        field: FieldPath = ("spec", "rules", place)
        if rule.host:
            check_host(rule.host, (*field, "host"), found)
        if rule.http is not None:
            _check_paths(rule.http.paths or [], (*field, "http", "paths"), found)
    for place, tls in enumerate(spec.tls or ()):
        for number, host in enumerate(tls.hosts or ()):
            if host:
                check_host(host, ("spec", "tls", place, "hosts", number), found)


def _check_paths(paths: list[IngressPath], field: FieldPath, found: list[Mistake]) -> None:
    if not paths:
        found.append(required(field))
    for place, path in enumerate(paths):
        _check_path(path, (*field, place), found)
        _check_backend(path.backend, (*field, place, "backend"), found)


def _check_path(path: IngressPath, field: FieldPath, found: list[Mistake]) -> None:
    text = path.path or ""
    if path.path_type is None:
        found.append(required((*field, "pathType"), "pathType must be specified"))
    elif path.path_type not in _TYPES:
        found.append(unsupported((*field, "pathType"), path.path_type, _TYPES))
    elif path.path_type != "ImplementationSpecific":
        if not text.startswith("/"):
            found.append(invalid((*field, "path"), text, "must be an absolute path"))
        found += [invalid((*field, "path"), text, f"must not contain '{each}'") for each in _FORBIDDEN if each in text]
        found += [
            invalid((*field, "path"), text, f"cannot end with '{each}'")
            for each in _FORBIDDEN_ENDS
            if text.endswith(each)
        ]
    elif text and not text.startswith("/"):
        found.append(invalid((*field, "path"), text, "must be an absolute path"))


def _check_backend(backend: IngressBackend, field: FieldPath, found: list[Mistake]) -> None:
    for name, value in (("serviceName", backend.service_name), ("servicePort", backend.service_port)):
        if value is not None:
            found.append(unknown((*field, name)))
    if backend.resource is not None and backend.service is not None:
        found.append(invalid(field, "", "cannot set both resource and service backends"))
    elif backend.service is not None:
        found += [invalid((*field, "service", "name"), backend.service.name, why) for why in _named(backend)]
        port = backend.service.port
        if port is None or not (port.name or port.number):
            found.append(required((*field, "service"), "port name or number is required"))
        elif port.name and port.number:
            found.append(invalid((*field, "service"), "", "cannot set both port name & port number"))
        elif port.number:
            check_number(port.number, (*field, "service", "port", "number"), found)
    elif backend.resource is None and backend.service_name is None:
        found.append(required(field, "cannot have empty backend: must be either service or resource"))


def _named(backend: IngressBackend) -> tuple[str, ...]:
    return dns_label(backend.service.name) if backend.service and backend.service.name else ("must not be empty",)
