"""References between namespaces: not granted, or granted to all.

## What it does

Looks for references of routes and listeners into another namespace that no ReferenceGrant allows, by the conditions of
the Gateway API (`ResolvedRefs`, reason `RefNotPermitted`); where the input has nothing of the other namespace, the
grant may be there, and it is for the persona auditor. And for ReferenceGrants that name no object: for Secrets medium,
for Services low.

## Why it is bad

What is not granted is answered with errors, or the listener does not come up. A grant without a name gives every
certificate of the namespace, with its key, to whoever may write a Gateway in the other one.

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
    - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop, namespace: certs}]},
       allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {edge: public}}}}}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: edge, namespace: certs}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: edge}]
  to: [{group: "", kind: Secret}]
```

## Fix

Name what is granted. `--fix` does so where the input refers to it:

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
    - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop, namespace: certs}]},
       allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {edge: public}}}}}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: edge, namespace: certs}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: edge}]
  to: [{group: "", kind: Secret, name: shop}]
```

## References

- Gateway API ReferenceGrantTo.name, RouteReasonRefNotPermitted, ListenerReasonRefNotPermitted
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import listed
from crenel.dialects.gatewayapi.conditions import RESOLVED, ListenerStatus
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.objects.gatewaypolicies import GrantFrom, GrantTo, ReferenceGrant
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.provenance import FieldPath

CHECK = Check("IN-13", "References between namespaces", Pillar.WAYS, Severity.MEDIUM)
_DENIED = "RefNotPermitted"
_Used: TypeAlias = "Mapping[tuple[str, str, str, str], dict[str, None]]"
"""Names by kind and namespace of who refers, and kind and namespace of what is referred to."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each object with such a reference, and for each grant."""
    decoded = subject.decoded
    if not (decoded.gateways or decoded.reference_grants):
        return
    yield from _routes(subject)
    for gateway in decoded.gateways:
        status = subject.ways.gateways.gateways.get((gateway.namespace, gateway.name))
        yield from _listeners(subject, gateway, status.listeners if status else [])
    for listeners in decoded.listener_sets:
        found = subject.ways.gateways.listener_sets.get((listeners.namespace, listeners.name))
        yield from _listeners(subject, listeners, found.listeners if found else [])
    used = _used(subject)
    for grant in decoded.reference_grants:
        yield from _broad(grant, used)


def _routes(subject: Subject) -> Iterator[Finding]:
    decoded = subject.decoded
    for route in (*decoded.http_routes, *decoded.grpc_routes, *decoded.stream_routes):
        statuses = subject.ways.gateways.routes.get((route.kind, route.namespace, route.name), [])
        refused = [each.conditions[RESOLVED] for each in statuses if each.conditions[RESOLVED].reason == _DENIED]
        if refused:
            yield _refused(subject, route, refused[0].message, _place(subject, route, refused[0].message))


def _place(subject: Subject, route: KubernetesObject, message: str) -> FieldPath:
    """The reference that a message is about."""
    for served in subject.proxies:
        for listener in served.proxy.listeners:
            for each in listener.routes:
                for rule in each.rules if each.origin is route.origin else ():
                    for backend in (*rule.backends, *rule.mirrors):
                        if backend.broken == message:
                            return backend.field
    return ("spec", "rules")


def _listeners(subject: Subject, thing: KubernetesObject, listeners: list[ListenerStatus]) -> Iterator[Finding]:
    for place, status in enumerate(listeners):
        condition = status.conditions.get(RESOLVED)
        if condition is not None and condition.reason == _DENIED:
            field = ("spec", "listeners", place, "tls", "certificateRefs")
            yield _refused(subject, thing, condition.message, field)
            return


def _refused(subject: Subject, thing: KubernetesObject, message: str, field: FieldPath) -> Finding:
    known = subject.live or any(f"namespace {each} " in message for each in _spaces(subject))
    return CHECK.found(
        thing,
        f"a reference is not permitted: {message}",
        field=field,
        fix="add a ReferenceGrant for that one object in its namespace, or keep both in one namespace",
        persona=None if known else Persona.AUDITOR,
    )


def _spaces(subject: Subject) -> set[str]:
    """The namespaces that the input has something of."""
    decoded = subject.decoded
    things: tuple[KubernetesObject, ...] = (*decoded.services, *decoded.reference_grants, *decoded.workloads)
    named = {each.name for each in decoded.namespaces} | {each.namespace for each in decoded.secrets}
    return named | {each.namespace for each in things}


def _used(subject: Subject) -> _Used:
    """What is referred to between namespaces."""
    found: dict[tuple[str, str, str, str], dict[str, None]] = defaultdict(dict)
    for served in subject.proxies:
        for listener in served.proxy.listeners:
            owner = subject.ways.thing(listener.origin)
            for secret in listener.secrets if owner is not None else ():
                namespace, _, name = secret.partition("/")
                found[owner.kind if owner else "", owner.namespace if owner else "", "Secret", namespace][name] = None
            for route in listener.routes:
                thing = subject.ways.thing(route.origin)
                for rule in route.rules if thing is not None else ():
                    for each in (*rule.backends, *rule.mirrors):
                        source = (thing.kind, thing.namespace) if thing is not None else ("", "")
                        found[*source, each.kind, each.namespace][each.name] = None
    return found


def _broad(grant: ReferenceGrant, used: _Used) -> Iterator[Finding]:
    sources = (grant.spec.from_ if grant.spec else None) or []
    for place, target in enumerate((grant.spec.to if grant.spec else None) or ()):
        if not target.name and sources:
            names = [name for each in sources for name in used.get(_key(each, target, grant), ())]
            yield _without_name(grant, place, target, sources, list(dict.fromkeys(names)))


def _key(source: GrantFrom, target: GrantTo, grant: ReferenceGrant) -> tuple[str, str, str, str]:
    return source.kind, source.namespace, target.kind, grant.namespace


def _without_name(
    grant: ReferenceGrant, place: int, target: GrantTo, sources: list[GrantFrom], names: list[str]
) -> Finding:
    secret = target.kind == "Secret"
    users = listed(f"{each.kind} of namespace {each.namespace}" for each in sources)
    now = f"; {listed(names)} is what they refer to" if names else ""
    named = [{"group": target.group, "kind": target.kind, "name": each} for each in names]
    edits = [Set(("spec", "to", place, "name"), names[0])] if len(names) == 1 else []
    if len(names) > 1 and grant.spec is not None and len(grant.spec.to or ()) == 1:
        edits = [Set(("spec", "to"), named)]
    return CHECK.found(
        grant,
        f"every {users} may refer to every {target.kind} of namespace {grant.namespace}{now}",
        field=("spec", "to", place),
        severity=None if secret else CHECK.severity.lowered(),
        fix="name the objects that are meant",
        patch=Patch(grant.origin, *edits) if edits else None,
    )
