"""Client certificates that are asked for and not required.

## What it does

Looks for Gateways whose validation of client certificates falls back (`mode: AllowInsecureFallback`), by default or for
a port; for Ingresses of ingress-nginx with `auth-tls-verify-client` `optional_no_ca`; both take connections with a
certificate of anybody. Those that take a valid certificate or none (`optional`, OPTIONAL_MUTUAL of Istio) are medium.
It is low where no listener uses the setting.

## Why it is bad

The configuration looks like mutual TLS, and everybody gets in without a certificate. Whoever stands behind the proxy
and trusts it for having asked is deceived.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec:
  gatewayClassName: public
  listeners: [{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop}]}}]
  tls:
    frontend:
      default:
        validation:
          mode: AllowInsecureFallback
          caCertificateRefs: [{group: "", kind: ConfigMap, name: clients}]
```

## Fix

Require a valid certificate, which `--fix` does:

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec:
  gatewayClassName: public
  listeners: [{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop}]}}]
  tls:
    frontend:
      default:
        validation:
          mode: AllowValidOnly
          caCertificateRefs: [{group: "", kind: ConfigMap, name: clients}]
```

## References

- Gateway API FrontendTLSValidation.mode
- ingress-nginx documentation, Annotations: Client Certificate Authentication
- Istio reference, ServerTLSSettings.TLSmode
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.ingressclasses import NGINX
from crenel.dialects.ingressnginx import PREFIX
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.objects.gateway import ClientValidation, Gateway
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.provenance import FieldPath
from crenel.routing.proxy import ClientCertificate

CHECK = Check("IN-14", "Client certificates not required", Pillar.WAYS, Severity.HIGH)
_FALLBACK = "AllowInsecureFallback"
_VERIFY = ("metadata", "annotations", f"{PREFIX}auth-tls-verify-client")


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each setting."""
    asking = {
        served.proxy.title
        for served in subject.proxies
        for each in served.proxy.listeners
        if each.client_certificate is ClientCertificate.OPTIONAL
    }
    for gateway in subject.decoded.gateways:
        for validation, field in _validations(gateway):
            if validation is not None and validation.mode == _FALLBACK:
                yield _gateway(gateway, field, used=gateway.title in asking)
    yield from _ingresses(subject)
    yield from _istio(subject)


def _validations(gateway: Gateway) -> Iterator[tuple[ClientValidation | None, FieldPath]]:
    """All places where a Gateway says how client certificates are validated."""
    spec = gateway.spec
    frontend = spec.tls.frontend if spec is not None and spec.tls is not None else None
    if frontend is not None:
        yield frontend.default.validation if frontend.default else None, ("spec", "tls", "frontend", "default")
        for place, each in enumerate(frontend.per_port or ()):
            yield each.tls.validation if each.tls else None, ("spec", "tls", "frontend", "perPort", place, "tls")
    for place, listener in enumerate((spec.listeners if spec is not None else None) or ()):
        old = listener.tls.frontend_validation if listener.tls is not None else None
        if old is not None:
            yield old, ("spec", "listeners", place, "tls")


def _gateway(gateway: Gateway, field: FieldPath, *, used: bool) -> Finding:
    name = "frontendValidation" if field[1] == "listeners" else "validation"
    mode = (*field, name, "mode")
    why = "" if used else "; lowered: no listener with HTTPS uses it"
    return CHECK.found(
        gateway,
        f"clients without a valid certificate get in ({_FALLBACK}){why}",
        field=mode,
        severity=None if used else CHECK.severity.lowered(2),
        fix="set the mode to AllowValidOnly",
        patch=Patch(gateway.origin, Set(mode, "AllowValidOnly")),
    )


def _ingresses(subject: Subject) -> Iterator[Finding]:
    for ingress, belongs in subject.ways.classes:
        said = {key: str(value) for key, value in (ingress.metadata.annotations or {}).items()}
        mode = said.get(_VERIFY[-1], "")
        asks = f"{PREFIX}auth-tls-secret" in said and belongs.controller in (NGINX, "")
        if asks and mode in ("optional", "optional_no_ca"):
            what = (
                "with a certificate of anybody, or without one,"
                if mode == "optional_no_ca"
                else "without a certificate"
            )
            severity = CHECK.severity if mode == "optional_no_ca" else CHECK.severity.lowered()
            yield _found(ingress, f"clients {what} get in ({mode})", _VERIFY, severity, "on")


def _istio(subject: Subject) -> Iterator[Finding]:
    for gateway in subject.decoded.istio_gateways:
        for place, server in enumerate((gateway.spec.servers if gateway.spec else None) or ()):
            if server.tls is not None and server.tls.mode == "OPTIONAL_MUTUAL":
                field = ("spec", "servers", place, "tls", "mode")
                words = "clients without a certificate get in (OPTIONAL_MUTUAL)"
                yield _found(gateway, words, field, CHECK.severity.lowered(), "MUTUAL")


def _found(thing: KubernetesObject, words: str, field: FieldPath, severity: Severity, value: str) -> Finding:
    return CHECK.found(
        thing,
        words,
        field=field,
        severity=severity,
        fix=f"set it to {value}",
        patch=Patch(thing.origin, Set(field, value)),
    )
