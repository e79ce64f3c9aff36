"""An Ingress, or a Route of OpenShift, whose requests come in plain HTTP.

## What it does

Looks for hosts that are answered on port 80 without a redirect and never in TLS: an Ingress without `tls`, unless
another Ingress that the controller merges with it has the certificate, an annotation of its controller encrypts or
redirects, or the load balancer in front ends TLS; a Route of OpenShift without `tls`. One that is answered in TLS and
in plain HTTP as well, because a setting says so (`ssl-redirect: "false"`, `insecureEdgeTerminationPolicy: Allow`, a
load balancer of a cloud with both ports), is one step lower. Challenges of ACME, which have to come in plain HTTP, do
not count. High where the internet gets there, medium where the input does not tell, low where it does not.

## Why it is bad

Passwords, cookies and pages can be read and changed by everybody on the way.

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
```

## Fix

List the host under `tls` with the Secret of its certificate. `--fix` does so where cert-manager makes the Secret by
an annotation, and sets the termination of a Route:

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

- k8s.io/api networking/v1 IngressSpec.tls
- github.com/openshift/api route/v1 TLSConfig.insecureEdgeTerminationPolicy
- NIST SP 800-52 Rev. 2, Guidelines for the Selection, Configuration, and Use of TLS Implementations
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.encrypted import has_issuer, in_front, otherwise
from crenel.audit.exposed import widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import Way, by_cloud, leads, listed, plain, tls_hosts, weighed
from crenel.dialects.ingressclasses import NGINX, Belonging
from crenel.dialects.ingressnginx import PREFIX
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.openshift import OpenShiftRoute
from crenel.routing.hosts import ANY, Host
from crenel.routing.proxy import Protocol

CHECK = Check("IN-01", "Ingress without TLS", Pillar.WAYS, Severity.HIGH)
_REDIRECT = ("metadata", "annotations", f"{PREFIX}ssl-redirect")


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Ingress and each Route."""
    for ingress, belongs in subject.ways.classes:
        ways = list(plain(subject.ways.of(ingress)))
        if not ways or otherwise(ingress, belongs) or in_front(subject.ways.paths(ingress)):
            continue
        bare = _bare(subject, ingress, belongs, ways)
        if bare and (by_cloud(belongs) or not tls_hosts(ingress)):
            yield _unencrypted(subject, ingress, bare)
        elif not bare and _says_so(ingress, belongs, ways):
            yield _both(subject, ingress, belongs, ways)
    for route in subject.decoded.openshift_routes:
        if list(plain(subject.ways.of(route))):
            yield _route(subject, route)


def _bare(subject: Subject, ingress: Ingress, belongs: Belonging, ways: list[Way]) -> list[Way]:
    """The ways of hosts that are not answered in TLS."""
    if by_cloud(belongs):
        mine = (way.opening for way in subject.ways.of(ingress))
        encrypted = {each.host for each in mine if each.listener.protocol is Protocol.HTTPS}
        return [way for way in ways if way.opening.host not in encrypted]
    return [way for way in ways if not subject.ways.secured(ingress, belongs, way.opening.host)]


def _says_so(ingress: Ingress, belongs: Belonging, ways: list[Way]) -> bool:
    """Whether it is certain that hosts with TLS are answered without it as well."""
    if by_cloud(belongs):
        return not any(set(way.opening.rule.notes) - {belongs.reason} for way in ways)
    return belongs.controller == NGINX and (ingress.metadata.annotations or {}).get(_REDIRECT[-1]) == "false"


def _unencrypted(subject: Subject, ingress: Ingress, bare: list[Way]) -> Finding:
    severity, why = weighed(CHECK, subject.ways.state(ingress))
    hosts = list(dict.fromkeys(way.opening.host for way in bare))
    patch = None
    if has_issuer(ingress) and not tls_hosts(ingress) and ANY not in hosts:
        entry = {"hosts": [str(each) for each in hosts], "secretName": f"{ingress.name}-tls"}
        patch = Patch(ingress.origin, Set(("spec", "tls"), [entry]))
    return CHECK.found(
        ingress,
        f"{_named(hosts)} is answered in plain HTTP only{why}",
        field=("spec", "tls"),
        severity=severity,
        witness=witness(widest(subject.ways.paths(ingress))),
        evidence=[f"{way.opening.host}{way.opening.match} goes to {leads(way.opening)[0]}" for way in bare],
        fix="list the hosts under tls with a Secret that holds their certificate",
        patch=patch,
    )


def _both(subject: Subject, ingress: Ingress, belongs: Belonging, ways: list[Way]) -> Finding:
    severity, why = weighed(CHECK, subject.ways.state(ingress))
    by_annotation = belongs.controller == NGINX
    return CHECK.found(
        ingress,
        f"{_named([way.opening.host for way in ways])} is answered in plain HTTP beside TLS{why}",
        field=_REDIRECT if by_annotation else ("metadata", "annotations"),
        severity=severity.lowered(),
        witness=witness(widest(subject.ways.paths(ingress))),
        fix="redirect plain HTTP to HTTPS",
        patch=Patch(ingress.origin, Set(_REDIRECT, "true")) if by_annotation else None,
    )


def _route(subject: Subject, route: OpenShiftRoute) -> Finding:
    severity, why = weighed(CHECK, subject.ways.state(route))
    encrypted = route.spec is not None and route.spec.tls is not None
    field = ("spec", "tls", "insecureEdgeTerminationPolicy") if encrypted else ("spec", "tls")
    value = "Redirect" if encrypted else {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"}
    how = "beside TLS" if encrypted else "only"
    return CHECK.found(
        route,
        f"its requests are answered in plain HTTP {how}{why}",
        field=field,
        severity=severity.lowered() if encrypted else severity,
        witness=witness(widest(subject.ways.paths(route))),
        fix="end TLS at the router and redirect plain HTTP",
        patch=Patch(route.origin, Set(field, value)),
    )


def _named(hosts: list[Host]) -> str:
    return "every host" if ANY in hosts else listed(hosts)
