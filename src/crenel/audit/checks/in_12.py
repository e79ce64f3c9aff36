"""A listener that takes routes of every namespace.

## What it does

Looks for listeners of Gateways and ListenerSets whose `allowedRoutes.namespaces.from` is `All`, and for Gateways whose
`allowedListeners` take ListenerSets of all namespaces.

## Why it is bad

Whoever may write a route in any namespace takes part of the traffic of the Gateway: paths of hosts that others have,
under their certificate.

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
    - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: public, namespace: edge, sectionName: http}]
  hostnames: [shop.example.com]
  rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]
```

## Fix

Choose the namespaces by label. `--fix` names those whose routes are attached now:

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
  rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]
```

## References

- Gateway API, Security Model: limiting namespaces where a Gateway can be used
- Gateway API RouteNamespaces.from
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import listed
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.objects.gateway import Gateway, GatewayListener, ListenerSet
from crenel.kubernetes.population import NAMESPACE_NAME
from crenel.provenance import FieldPath

CHECK = Check("IN-12", "Routes of all namespaces allowed", Pillar.WAYS, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Gateway and each ListenerSet."""
    attached = _attached(subject) if subject.decoded.gateways else {}
    owners: list[Gateway | ListenerSet] = [*subject.decoded.gateways, *subject.decoded.listener_sets]
    for thing in owners:
        listeners = (thing.spec.listeners if thing.spec else None) or []
        open_ = [(place, each) for place, each in enumerate(listeners) if _takes_all(each)]
        if open_:
            yield _finding(thing, open_, attached.get(id(thing.origin), set()))
    for gateway in subject.decoded.gateways:
        allowed = gateway.spec.allowed_listeners if gateway.spec else None
        if allowed is not None and allowed.namespaces is not None and allowed.namespaces.from_ == "All":
            yield CHECK.found(
                gateway,
                "it takes ListenerSets of every namespace, each of which may add ports, hosts and certificates",
                field=("spec", "allowedListeners", "namespaces", "from"),
                fix="choose the namespaces by a selector",
            )


def _takes_all(listener: GatewayListener) -> bool:
    allowed = listener.allowed_routes
    return allowed is not None and allowed.namespaces is not None and allowed.namespaces.from_ == "All"


def _attached(subject: Subject) -> Mapping[int, set[str]]:
    """By owner of listeners, the namespaces of the routes that are attached to them."""
    found: dict[int, set[str]] = defaultdict(set)
    for served in subject.proxies:
        for listener in served.proxy.listeners:
            for route in listener.routes:
                if (thing := subject.ways.thing(route.origin)) is not None:
                    found[id(listener.origin)].add(thing.namespace)
    return found


def _finding(thing: Gateway | ListenerSet, open_: list[tuple[int, GatewayListener]], spaces: set[str]) -> Finding:
    names = listed(each.name for _, each in open_)
    now = f"; now they are of {listed(sorted(spaces))}" if spaces else ""
    plural = "listeners" if len(open_) > 1 else "listener"
    return CHECK.found(
        thing,
        f"routes of every namespace may attach to {plural} {names}{now}",
        field=(*_field(open_[0][0]), "from"),
        fix="choose the namespaces by a selector, or let in those of the same namespace alone",
        patch=Patch(thing.origin, *(Set(_field(place), _chosen(thing, spaces)) for place, _ in open_))
        if spaces
        else None,
    )


def _field(place: int) -> FieldPath:
    return ("spec", "listeners", place, "allowedRoutes", "namespaces")


def _chosen(thing: Gateway | ListenerSet, spaces: set[str]) -> dict[str, object]:
    if spaces == {thing.namespace}:
        return {"from": "Same"}
    named = {"key": NAMESPACE_NAME, "operator": "In", "values": sorted(spaces)}
    return {"from": "Selector", "selector": {"matchExpressions": [named]}}
