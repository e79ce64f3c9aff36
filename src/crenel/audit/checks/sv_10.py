"""A load balancer that is meant to be internal, and is not.

## What it does

Looks for Services of type LoadBalancer that are meant to be internal and are not made so: by an annotation that is
misspelt, has a value that its cloud does not know, or is of another cloud than the one that the input shows; or by
nothing, though the Service is called internal, by its name (setting `internal`) or a label such as
`visibility: internal`. Those with a private address are internal, whatever made them so. Medium where the input shows
no cloud, or everything that comes through is stopped further on.

## Why it is bad

The cloud ignores what it does not know and makes a load balancer with a public address, without a word. What was
written for colleagues is on the internet.

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
metadata:
  name: web
  namespace: shop
  annotations: {service.beta.kubernetes.io/azure-loadbalancer-internal: "true"}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
```

## Fix

Write the annotation of your cloud, which `--fix` does where that is known:

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
metadata:
  name: web
  namespace: shop
  annotations: {service.beta.kubernetes.io/azure-load-balancer-internal: "true"}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
```

## References

- Kubernetes documentation, Service: Internal load balancer
- PSRule for Azure, Kubernetes.AKS.PublicLB
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.balanced import is_balanced
from crenel.audit.exposed import reasons, widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.internal import REMEDIES, Written, cloud_of, labelled, remedy, written
from crenel.audit.settings import matches
from crenel.audit.subject import Subject
from crenel.dialects.destinations import PRIVATE
from crenel.dialects.entries import EntryKind
from crenel.dialects.loadbalancer import INTERNAL_ANNOTATIONS, facing, ingress_addresses
from crenel.editing.patches import Patch, Remove, Set
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer
from crenel.provenance import FieldPath
from crenel.questions.exposure.paths import Path, State
from crenel.questions.exposure.trip import BALANCER

_NAMES = ["*/internal-*", "*/*-internal", "*/*-internal-*", "*/internal", "internal/*", "*/private-*", "*/*-private"]
CHECK = Check(
    "SV-10", "Internal load balancer is not internal", Pillar.SERVICES, Severity.HIGH, options={"internal": _NAMES}
)  # fmt: skip
_ANNOTATIONS = ("metadata", "annotations")


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service that is meant to be internal and is not."""
    for service in subject.decoded.services:
        name = f"{service.namespace}/{service.name}"
        if not is_balanced(service) or subject.is_public(name) or _is_private(service):
            continue
        found = list(written(service))
        if any(each.is_effective and _is_of(subject, each) for each in found):
            continue
        if found:
            yield _wrong(subject, service, found[0])
        elif facing(service).answer is not Answer.NO and (said := _called(subject, service)):
            yield _absent(subject, service, said)


def _is_private(service: Service) -> bool:
    """Whether it has an address, and that is a private one."""
    listed = ingress_addresses(service)
    return bool(listed) and AddressSet.of(*listed) <= PRIVATE


def _is_of(subject: Subject, annotation: Written) -> bool:
    """Whether an annotation is of the cloud that the input shows; of any where it shows none."""
    return not subject.cloud or annotation.cloud == subject.cloud


def _called(subject: Subject, service: Service) -> str:
    """What calls a Service internal."""
    patterns = subject.settings.option(CHECK, "internal")
    name = f"{service.namespace}/{service.name}"
    if isinstance(patterns, list) and matches(name, patterns):
        return f"its name {name}"
    label = labelled(service)
    return f"its label {label}" if label else ""


def _wrong(subject: Subject, service: Service, annotation: Written) -> Finding:
    if not _is_of(subject, annotation):
        what = f"its annotation {annotation.key} is of {annotation.cloud}, and the cluster runs on {subject.cloud}"
    elif annotation.key != annotation.right:
        what = f"no load balancer knows its annotation {annotation.key}; {annotation.right} is meant"
    else:
        what = f"{annotation.cloud} does not know the value {annotation.value!r} of its annotation {annotation.key}"
    key, value = _remedy(subject, service, annotation.right)
    edits = [Set((*_ANNOTATIONS, key), value)]
    removed = [Remove((*_ANNOTATIONS, annotation.key))] if annotation.key not in INTERNAL_ANNOTATIONS else []
    patch = Patch(service.origin, *edits, *removed)
    return _finding(subject, service, f"is meant to be internal, but {what}", annotation.key, key, value, patch)


def _remedy(subject: Subject, service: Service, right: str) -> tuple[str, str]:
    """The annotation that does it: that of the cloud, or else the one that was meant."""
    if cloud_of(right) != subject.cloud and (found := remedy(service, subject.cloud)) is not None:
        return found
    return next(
        (pair for pair in REMEDIES.values() if pair[0] == right), (right, max(INTERNAL_ANNOTATIONS[right]))
    )  # fmt: skip


def _absent(subject: Subject, service: Service, said: str) -> Finding:
    key, value = remedy(service, subject.cloud) or ("", "")
    patch = Patch(service.origin, Set((*_ANNOTATIONS, key), value)) if key else None
    return _finding(subject, service, f"{said} calls it internal, and nothing makes it so", "", key, value, patch)


def _finding(
    subject: Subject, service: Service, message: str, at: str, key: str, value: str, patch: Patch | None
) -> Finding:
    paths = subject.paths_through.get((service.namespace, service.name), ())
    best = widest(path for path in paths if path.entry.kind is EntryKind.BALANCER)
    stopped = best is not None and best.state is State.CLOSED and _names(best) != [BALANCER]
    doubt = not subject.cloud and not at
    why = f"; lowered: every path is closed further on ({', '.join(_names(best))})" if stopped and best else ""
    field: FieldPath = (*_ANNOTATIONS, at) if at else ("spec", "type")
    return CHECK.found(
        service,
        f"{message}{why}",
        field=field,
        severity=CHECK.severity.lowered() if stopped or doubt else None,
        witness=witness(best),
        evidence=reasons(best),
        fix=f"annotation {key}: {value}" if key else "the annotation of the cloud for internal load balancers",
        patch=patch,
    )


def _names(path: Path) -> Sequence[str]:
    return list(dict.fromkeys(layer.name for layer in path.blocking))
