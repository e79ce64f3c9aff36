"""TLS to a backend that is not verified.

## What it does

Looks for proxies that encrypt towards pods and take any certificate: Ingresses of ingress-nginx with `backend-protocol`
HTTPS or GRPCS and no `proxy-ssl-verify: "on"`, those of HAProxy with `server-ssl` and no `server-ca`, DestinationRules
of Istio and ServersTransports of Traefik with `insecureSkipVerify`. Load balancers of clouds cannot verify and are left
out. A BackendTLSPolicy that has no valid authority is low: requests fail.

## Why it is bad

Whoever gets between proxy and pod, or gets hold of the address of the pod, reads and changes what is encrypted.

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
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations: {nginx.ingress.kubernetes.io/backend-protocol: HTTPS}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## Fix

Give the proxy the authority of the backend's certificate and its name. `--fix` switches verification on where the
authority is there already:

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
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations:
    nginx.ingress.kubernetes.io/backend-protocol: HTTPS
    nginx.ingress.kubernetes.io/proxy-ssl-verify: "on"
    nginx.ingress.kubernetes.io/proxy-ssl-secret: shop/web-ca
    nginx.ingress.kubernetes.io/proxy-ssl-name: web.shop.svc
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## References

- ingress-nginx documentation, Annotations: Backend Certificate Authentication
- Gateway API BackendTLSPolicy
- Istio reference, ClientTLSSettings.insecureSkipVerify
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects import ingressnginx
from crenel.dialects.gatewayapi.conditions import ACCEPTED, FALSE
from crenel.dialects.ingressclasses import NGINX
from crenel.dialects.ingressnginx import PREFIX
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.objects.ingress import Ingress
from crenel.provenance import FieldPath

CHECK = Check("IN-10", "TLS to backends not verified", Pillar.WAYS, Severity.MEDIUM)
_HAPROXY = {"haproxy.org/server-ssl": "haproxy.org/server-ca"}
"""What encrypts, and what then has to be there (haproxytech/kubernetes-ingress, documentation of annotations)."""
_SKIP = "insecureSkipVerify"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each object that switches verification off."""
    for ingress, belongs in subject.ways.classes:
        said = {key: str(value) for key, value in (ingress.metadata.annotations or {}).items()}
        tls = ingressnginx.settings(said).backend_tls if belongs.controller in (NGINX, "") else None
        if tls is not None and not tls.verified:
            yield _nginx(ingress, said)
        for key, needed in _HAPROXY.items():
            if said.get(key) == "true" and needed not in said:
                yield _found(ingress, ("metadata", "annotations", key), f"it encrypts without {needed}")
    for setting in subject.decoded.settings:
        for field in _skipping(setting.spec, ("spec",)):
            yield CHECK.found(
                setting,
                "it takes any certificate of the other end (insecureSkipVerify)",
                field=field,
                fix="name the authority of the other end's certificate, and verify",
            )
    yield from _policies(subject)


def _nginx(ingress: Ingress, said: Mapping[str, str]) -> Finding:
    field = ("metadata", "annotations", f"{PREFIX}proxy-ssl-verify")
    ready = f"{PREFIX}proxy-ssl-secret" in said
    patch = Patch(ingress.origin, Set(field, "on")) if ready else None
    shown = field if field[-1] in said else ("metadata", "annotations", f"{PREFIX}backend-protocol")
    return _found(ingress, shown, "it encrypts without proxy-ssl-verify", patch)


def _found(ingress: Ingress, field: FieldPath, why: str, patch: Patch | None = None) -> Finding:
    return CHECK.found(
        ingress,
        f"the proxy takes any certificate of the backend: {why}",
        field=field,
        fix="give the proxy the authority and the name of the backend's certificate, and verify",
        patch=patch,
    )


def _skipping(value: Any, path: FieldPath) -> Iterator[FieldPath]:
    """Where verification is switched off."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == _SKIP and each is True:
                yield (*path, key)
            else:
                yield from _skipping(each, (*path, str(key)))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _skipping(each, (*path, place))


def _policies(subject: Subject) -> Iterator[Finding]:
    """Policies about backends that no authority makes valid."""
    if not subject.decoded.backend_tls_policies:
        return
    verdicts = subject.ways.gateways.backend_tls_policies
    for policy in subject.decoded.backend_tls_policies:
        for status in verdicts.get((policy.namespace, policy.name), [])[:1]:
            accepted = status.conditions[ACCEPTED]
            if accepted.status == FALSE and accepted.reason == "NoValidCACertificate":
                yield CHECK.found(
                    policy,
                    f"it has no valid authority, so that requests fail: {accepted.message}",
                    field=("spec", "validation", "caCertificateRefs"),
                    severity=CHECK.severity.lowered(),
                    fix="name a config map with the authority in ca.crt",
                )
