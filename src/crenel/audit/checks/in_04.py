"""A host that objects of two namespaces claim.

## What it does

Looks for requests (host, path, method, headers) that routes of two namespaces take at the same proxy: Ingresses of one
class, routes at one listener, VirtualServices at one gateway. The oldest keeps them; a manifest without a date comes
later, in the order of names. Canaries of ingress-nginx are meant to be so. Two Routes of OpenShift are medium, because
the router refuses the younger one, and so are Ingresses without a class. A part of a host that another namespace takes
with a longer path is for the persona pedantic.

## Why it is bad

Who may write an Ingress in one namespace takes over, or switches off, the requests of another's host, with its cookies
and passwords.

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
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: test}
spec:
  ingressClassName: public
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: test}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
```

## Fix

Give each namespace its own hosts, and have an admission policy hold that; with the Gateway API give each its own
listener:

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
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: test}
spec:
  ingressClassName: public
  rules:
    - host: test.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: test}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
```

## References

- Kubernetes documentation, Multi-tenancy
- Gateway API HTTPRouteRule.matches: precedence among routes
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import ACME, Way, listed
from crenel.dialects.ingressnginx import PREFIX
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.openshift import OpenShiftRoute
from crenel.routing.hosts import ANY, Host
from crenel.routing.matches import PathKind
from crenel.routing.openings import Opening
from crenel.routing.proxy import Protocol

CHECK = Check("IN-04", "Host claimed in two namespaces", Pillar.WAYS, Severity.HIGH)
_Claims: TypeAlias = "dict[tuple[str, str], list[tuple[Way, Way]]]"
_STREAMS = (Protocol.TCP, Protocol.UDP)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each object that claims what one of another namespace has."""
    told: set[tuple[int, Host]] = set()
    for pairs in _claims(subject).values():
        thing, other = (subject.ways.thing(each.opening.origin) for each in pairs[0])
        if thing is not None and other is not None:
            told |= {(id(thing.origin), late.opening.host) for late, _ in pairs}
            yield _finding(thing, other, pairs)
    yield from _refused(subject)
    yield from _parts(subject, told)


def _claims(subject: Subject) -> _Claims:
    """By the titles of two objects, what the first claims and the second has."""
    taken: dict[object, list[Way]] = defaultdict(list)
    for way in subject.ways.all:
        if _counts(subject, way.opening):
            taken[id(way.served), *_request(way.opening)].append(way)
    found: _Claims = defaultdict(list)
    for ways in taken.values():
        first = min(ways, key=lambda way: way.opening.route.age) if len(ways) > 1 else ways[0]
        for way in ways:
            if _namespace(subject, way) != _namespace(subject, first):
                found[way.opening.route.title, first.opening.route.title].append((way, first))
    return found


def _counts(subject: Subject, opening: Opening) -> bool:
    thing = subject.ways.thing(opening.origin)
    canary = thing is not None and (thing.metadata.annotations or {}).get(f"{PREFIX}canary") == "true"
    return thing is not None and not canary and opening.listener.protocol not in _STREAMS


def _request(opening: Opening) -> tuple[object, ...]:
    """What tells requests apart: prefixes that proxies read in their own way count as prefixes."""
    match = opening.match
    path = match.path.value.rstrip("/"), match.path.kind is PathKind.EXACT
    return opening.listener.name, opening.host, path, match.method, match.headers, match.query


def _namespace(subject: Subject, way: Way) -> str:
    thing = subject.ways.thing(way.opening.origin)
    return thing.namespace if thing is not None else ""


def _finding(thing: KubernetesObject, other: KubernetesObject, pairs: list[tuple[Way, Way]]) -> Finding:
    way = pairs[0][0]
    unsure = not way.served.proxy.class_name
    why = "; lowered: whether one controller serves both is not in the input" if unsure else ""
    return CHECK.found(
        thing,
        f"it claims {listed(_words(late.opening) for late, _ in pairs)}, which {other.title} has{why}",
        field=way.opening.field,
        severity=CHECK.severity.lowered() if unsure else None,
        evidence=[f"both are served by {way.served.proxy.title}"],
        fix="give each namespace hosts of its own",
    )


def _words(opening: Opening) -> str:
    return f"{'every host, path ' if opening.host == ANY else opening.host}{opening.match.path.value}"


def _refused(subject: Subject) -> Iterator[Finding]:
    """Routes of OpenShift for the host of an older one in another namespace, which the router refuses."""
    owners: dict[str, OpenShiftRoute] = {}
    for route in sorted(subject.decoded.openshift_routes, key=_age):
        host = (route.spec.host if route.spec else None) or ""
        owner = owners.setdefault(host, route) if host else route
        if owner.namespace != route.namespace:
            yield CHECK.found(
                route,
                f"it claims {host}, which {owner.title} has; lowered: the router refuses the younger of both",
                field=("spec", "host"),
                severity=CHECK.severity.lowered(),
                fix="give each namespace hosts of its own",
            )


def _age(route: OpenShiftRoute) -> tuple[str, str, str]:
    return str(route.metadata.creation_timestamp or "~"), route.namespace, route.name


def _parts(subject: Subject, told: set[tuple[int, Host]]) -> Iterator[Finding]:
    """Hosts of which several namespaces have a part each: what is not the broadest path is told, once an object."""
    by_host: dict[object, list[Way]] = defaultdict(list)
    for way in subject.ways.all:
        if way.opening.host != ANY and _counts(subject, way.opening):
            by_host[id(way.served), way.opening.host].append(way)
    for ways in by_host.values():
        first = min(ways, key=lambda way: (len(way.opening.match.path.value), way.opening.route.age))
        for way in ways:
            thing, mark = subject.ways.thing(way.opening.origin), (id(way.opening.origin), way.opening.host)
            if thing is None or mark in told or _namespace(subject, way) == _namespace(subject, first):
                continue
            if not way.opening.match.path.value.startswith(ACME):
                told.add(mark)
                yield CHECK.found(
                    thing,
                    f"it takes {_words(way.opening)} of a host that {first.opening.route.title} has",
                    field=way.opening.field,
                    severity=Severity.LOW,
                    fix="give each namespace hosts of its own, unless both are of one owner",
                    persona=Persona.PEDANTIC,
                )
