"""A proxy that takes requests for every host name.

## What it does

Looks for Ingresses, routes of the Gateway API and VirtualServices that lead requests to pods whatever their host is: no
host, `*`, a default backend, or every name of a top-level domain (`*.com`). A route without names is as narrow as the
listeners that it is attached to, and a rule that only redirects leads nowhere. Medium where the internet gets there,
low otherwise.

## Why it is bad

The application answers whoever finds the address, under names that others point at it as well, which defeats checks of
origins and makes attacks by rebinding DNS possible. It also takes the requests of hosts that are yet to be set up.

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
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## Fix

Name the hosts:

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
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## References

- k8s.io/api networking/v1 IngressRule.host, IngressSpec.defaultBackend
- Gateway API HTTPRouteSpec.hostnames
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crenel.audit.exposed import widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import ACME, Way, leads, weighed
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.provenance import FieldPath
from crenel.routing.hosts import ANY, Host
from crenel.routing.openings import Opening
from crenel.routing.proxy import Protocol

CHECK = Check("IN-03", "Every host name is taken", Pillar.WAYS, Severity.MEDIUM)
_STREAMS = (Protocol.TCP, Protocol.UDP)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each object that leads such requests to pods."""
    decoded = subject.decoded
    kinds: Iterable[Sequence[KubernetesObject]] = (
        decoded.ingresses, decoded.http_routes, decoded.grpc_routes, decoded.stream_routes, decoded.virtual_services,
    )  # fmt: skip
    for thing in (each for kind in kinds for each in kind):
        ways = [way for way in subject.ways.of(thing) if _is_wide(way.opening)]
        if ways:
            yield _finding(subject, thing, ways)


def _is_wide(opening: Opening) -> bool:
    if not leads(opening) or opening.listener.protocol in _STREAMS or opening.match.path.value.startswith(ACME):
        return False
    return opening.host == ANY or (opening.host.wildcard and "." not in opening.host.name)


def _finding(subject: Subject, thing: KubernetesObject, ways: list[Way]) -> Finding:
    severity, why = weighed(CHECK, subject.ways.state(thing))
    opening = ways[0].opening
    return CHECK.found(
        thing,
        f"requests for {_words(opening.host)} are led to {leads(opening)[0]}{why}",
        field=_field(thing, opening),
        severity=severity,
        witness=witness(widest(subject.ways.paths(thing))),
        evidence=list(
            dict.fromkeys(f"{way.opening.host}{way.opening.match} at {way.served.proxy.title}" for way in ways)
        ),
        fix="name the hosts that the application is for",
    )


def _words(host: Host) -> str:
    return "every host" if host == ANY else f"every name under {host.name}"


def _field(thing: KubernetesObject, opening: Opening) -> FieldPath:
    """Where the hosts are written, or should be."""
    if thing.kind == "Ingress":
        return opening.field[:3]
    return ("spec", "hosts") if thing.kind == "VirtualService" else ("spec", "hostnames")
