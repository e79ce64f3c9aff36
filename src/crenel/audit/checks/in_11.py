"""A listener of a gateway that leads plain HTTP to pods.

## What it does

Looks for listeners of Gateways, of ListenerSets and of Istio's Gateways that speak HTTP and have a route which leads
somewhere. A route that only redirects is what such a listener is for, and challenges of ACME have to come so. Medium
where the internet gets there, low otherwise, with the reason.

## Why it is bad

Passwords, cookies and pages can be read and changed by everybody on the way; also where the same host is answered in
TLS, because clients begin with what they were given.

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
  listeners:
    - {name: http, port: 80, protocol: HTTP,
       allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {edge: public}}}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {edge: public}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: public, namespace: edge, sectionName: http}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: web, port: 80}]}]
```

## Fix

Attach the route to a listener with TLS, and answer plain HTTP with a redirect; for a Gateway of Istio `--fix` sets
`httpsRedirect` where all hosts are answered in TLS as well.

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
  listeners:
    - {name: http, port: 80, protocol: HTTP,
       allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {edge: public}}}}}
    - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop}]},
       allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {edge: public}}}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {edge: public}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: public, namespace: edge, sectionName: https}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: redirect, namespace: shop}
spec:
  parentRefs: [{name: public, namespace: edge, sectionName: http}]
  hostnames: [shop.example.com]
  rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]}]
```

## References

- Gateway API guide, HTTP path redirects and rewrites: HTTP-to-HTTPS redirects
- Istio reference, ServerTLSSettings.httpsRedirect
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import Way, leads, listed, plain, weighed
from crenel.dialects import gatewayapi, istio
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.objects.istio import IstioGateway
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.provenance import FieldPath
from crenel.routing.hosts import ANY, Host
from crenel.routing.proxy import Protocol

CHECK = Check("IN-11", "Gateway listener in plain HTTP", Pillar.WAYS, Severity.MEDIUM)
_KINDS = (gatewayapi.gateways.KIND, istio.KIND)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each listener."""
    found: dict[tuple[int, FieldPath], list[Way]] = defaultdict(list)
    encrypted: dict[int, set[Host]] = defaultdict(set)
    for way in subject.ways.all:
        if way.served.proxy.kind in _KINDS and way.opening.listener.protocol is Protocol.HTTPS:
            encrypted[id(way.served)].add(way.opening.host)
    for way in plain(subject.ways.all):
        if way.served.proxy.kind in _KINDS:
            listener = way.opening.listener
            found[id(listener.origin), listener.field[:3]].append(way)
    for (_, field), ways in found.items():
        thing = subject.ways.thing(ways[0].opening.listener.origin)
        if thing is not None:
            yield _finding(subject, thing, field, ways, encrypted[id(ways[0].served)])


def _finding(
    subject: Subject, thing: KubernetesObject, field: FieldPath, ways: list[Way], encrypted: set[Host]
) -> Finding:
    severity, why = weighed(CHECK, subject.ways.state_of(ways))
    hosts = list(dict.fromkeys(way.opening.host for way in ways))
    beside = encrypted.issuperset(hosts)
    patch = Patch(thing.origin, Set((*field, "tls", "httpsRedirect"), True)) if beside else None
    names = "every host" if ANY in hosts else listed(hosts)
    return CHECK.found(
        thing,
        f"listener {ways[0].opening.listener.name} leads {names} to pods in plain HTTP{' beside TLS' * beside}{why}",
        field=field,
        severity=severity,
        evidence=list(dict.fromkeys(f"{way.opening.route.title} goes to {leads(way.opening)[0]}" for way in ways)),
        fix="attach the routes to a listener with TLS, and let this one redirect",
        patch=patch if isinstance(thing, IstioGateway) else None,
    )
