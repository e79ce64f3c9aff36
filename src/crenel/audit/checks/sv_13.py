"""A Service that leads nowhere, or to where it should not.

## What it does

Two things. An EndpointSlice, or Endpoints, written by hand for a Service without a selector is a finding where it has
the address of a node, of a pod in another namespace, of another Service or of the cloud's metadata; high where outside
gets to the Service. Public addresses are for the persona pedantic unless outside gets there: to name a database
elsewhere is what such slices are for. Slices of controllers, those of the system and the API server's own are left out.

And a Service whose selector no pod has. Medium where a workload of its namespace has nearly the same label; otherwise
it is low, and for the persona pedantic, as manifests may lack what others apply. In a live cluster nothing is lacking:
it is low for everybody, and medium with a load balancer or node ports.

## Why it is bad

By an address written by hand a Service, or the ingress controller on its behalf, gets to what policies and namespaces
keep apart (CVE-2021-25740). A Service without pods is broken, and whoever makes a pod with its labels gets what was
meant for others.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web-front}}
  template:
    metadata: {labels: {app: web-front}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web-fornt}
  ports: [{port: 80, targetPort: 8080}]
```

## Fix

Write the labels of the pods, or take the Service away; take addresses out of slices that belong to the cluster.

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web-front}}
  template:
    metadata: {labels: {app: web-front}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web-front}
  ports: [{port: 80, targetPort: 8080}]
```

## References

- CVE-2021-25740: Endpoint and EndpointSlice permissions allow cross-namespace forwarding
- Kubernetes documentation, Service: Services without selectors
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from crenel.audit.exposed import reasons, widest, witness
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.likeness import Labelled, alike, labelled
from crenel.audit.subject import Subject
from crenel.audit.systems import is_system
from crenel.dialects.destinations import METADATA
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.services import EndpointSlice, Service
from crenel.network.addresses import INTERNET, AddressSet
from crenel.questions.exposure.paths import Path, State

CHECK = Check("SV-13", "Service selects nothing, or its addresses are others'", Pillar.SERVICES, Severity.MEDIUM)
_SERVICE = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_BY_HAND = ("", "endpointslicemirroring-controller.k8s.io")
"""Who manages slices that people wrote: nobody, or what mirrors the Endpoints that they wrote."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each slice, and one for each Service."""
    yield from _Slices(subject).findings()
    workloads: Mapping[str, Sequence[Labelled]] | None = None
    for service in subject.decoded.services:
        if not _selects_nothing(subject, service):
            continue
        workloads = labelled(subject.decoded) if workloads is None else workloads
        near = alike(service, workloads.get(service.namespace, ()))
        if near is None or near.different:
            yield _dangling(subject, service, near)


def _selects_nothing(subject: Subject, service: Service) -> bool:
    spec = service.spec
    if spec is None or not spec.selector or spec.type == "ExternalName":
        return False
    found = subject.scope.behind_service(service.namespace, LabelSelector(match_labels=spec.selector))
    return not found[1]


def _dangling(subject: Subject, service: Service, near: Labelled | None) -> Finding:
    assert service.spec is not None
    selector = ", ".join(f"{key}={value}" for key, value in (service.spec.selector or {}).items())
    opened = service.spec.type in ("LoadBalancer", "NodePort") or bool(service.spec.external_ips)
    hint = f"; {near.title} has {near.different}" if near is not None else ""
    edge = f"; whoever makes a pod with that gets what comes in at its {_way(service)}" if opened else ""
    certain = near is not None or opened or subject.live
    return CHECK.found(
        service,
        f"selects no pod by {selector}{hint}{edge}",
        field=("spec", "selector"),
        severity=None if near is not None or (opened and subject.live) else CHECK.severity.lowered(),
        fix="the labels of the pods that are meant, or no such Service",
        persona=None if certain and (near is not None or subject.live) else Persona.PEDANTIC,
    )


def _way(service: Service) -> str:
    kind = service.spec.type if service.spec is not None else None
    return {"LoadBalancer": "load balancer", "NodePort": "node port"}.get(kind or "", "external address")


class _Slices:
    """Looks at slices that were written by hand."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def findings(self) -> Iterator[Finding]:
        """One for each slice with an address that is somebody's."""
        services = {(each.namespace, each.name): each for each in self.subject.decoded.services}
        for piece in self.subject.decoded.endpoint_slices:
            service = services.get((piece.namespace, piece.labels.get(_SERVICE, "")))
            if service is not None and _is_by_hand(piece, service):
                found = [(whose, where) for where, text in _addresses(piece) if (whose := self._whose(text, piece))]
                if found:
                    yield self._finding(piece, service, found)

    def _whose(self, text: str, piece: EndpointSlice) -> str:
        """Whose address it is, where it is somebody's; empty otherwise."""
        if (owner := self._pods.get(text)) is not None:
            return f"{text} is of {owner[1]}" if owner[0] != piece.namespace else ""
        try:
            address = AddressSet.of(text)
        except ValueError:
            return ""
        around = self.subject.scope.surroundings
        owners = {
            "where clouds hand out credentials": METADATA,
            "a node's": around.node_addresses,
            "a Service's": around.service_ranges,
            "in the range of pods": around.pod_ranges,
            "a public address": INTERNET,
        }
        return next((f"{text} is {whose}" for whose, held in owners.items() if address & held), "")

    @cached_property
    def _pods(self) -> Mapping[str, tuple[str, str]]:
        """The namespace and the title of the pod that has an address."""
        return {
            each.ip: (pod.namespace, pod.title)
            for pod in self.subject.decoded.pods
            if pod.status is not None
            for each in pod.status.pod_ips or ()
            if each.ip
        }

    @cached_property
    def _behind(self) -> Mapping[tuple[str, str], Sequence[Path]]:
        found: dict[tuple[str, str], list[Path]] = defaultdict(list)
        for path in self.subject.exposure.paths:
            if path.behind is not None:
                found[path.behind[:2]].append(path)
        return found

    def _finding(self, piece: EndpointSlice, service: Service, found: list[tuple[str, tuple[int, int]]]) -> Finding:
        place = (service.namespace, service.name)
        best = widest([*self.subject.paths_through.get(place, ()), *self._behind.get(place, ())])
        exposed = best is not None and best.state is not State.CLOSED
        inner = [each for each in found if not each[0].endswith("a public address")]
        whose, (endpoint, number) = (inner or found)[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        outside = "; outside gets to the Service" if exposed else ""
        return CHECK.found(
            piece,
            f"has an address for {service.title} that is not its own: {whose}{more}{outside}",
            field=piece.place(endpoint, number),
            severity=_severity(exposed=exposed, inner=bool(inner)),
            witness=witness(best),
            evidence=reasons(best),
            fix="take the address out, or select the pods that are meant",
            persona=None if inner or exposed else Persona.PEDANTIC,
        )


def _severity(*, exposed: bool, inner: bool) -> Severity:
    if inner:
        return CHECK.severity.raised() if exposed else CHECK.severity
    return CHECK.severity if exposed else CHECK.severity.lowered()


def _is_by_hand(piece: EndpointSlice, service: Service) -> bool:
    if is_system(piece.namespace) or (piece.namespace, service.name) == ("default", "kubernetes"):
        return False
    selects = service.spec is not None and bool(service.spec.selector)
    return not selects and piece.labels.get(_MANAGED_BY, "") in _BY_HAND and service.name != "kubelet"


def _addresses(piece: EndpointSlice) -> Iterator[tuple[tuple[int, int], str]]:
    for endpoint, each in enumerate(piece.endpoints or ()):
        for number, text in enumerate(each.addresses or ()):
            yield (endpoint, number), text
