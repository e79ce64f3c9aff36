"""A Service that stands for a name it should not lead to.

## What it does

Looks for Services of type ExternalName whose name is that of a cloud's metadata, an address, this machine
(`localhost`), or of a Service of another namespace; and, where the setting `names` has patterns, for all names that
none of them matches. High for metadata, low for a Service of another namespace, medium otherwise; one step more where a
proxy of the input leads requests there. A name under a domain where anybody can have one is for the persona pedantic:
whoever gets it when it is given up gets the connections.

## Why it is bad

A proxy that takes the Service for a backend connects from inside to what clients must not reach, and to a namespace
that its author may have no rights in. Certificates are checked against a name that means something else.

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
metadata: {name: settings, namespace: shop}
spec: {type: ExternalName, externalName: metadata.google.internal}
```

## Fix

Name the host that is meant, or take the Service away:

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
metadata: {name: settings, namespace: shop}
spec: {type: ExternalName, externalName: settings.example.org}
```

## References

- Kubernetes documentation, Service: ExternalName, with its warning about such names
- kubernetes/kubernetes#103675: CVE-2021-25740, Endpoints and ExternalName of other namespaces
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from crenel.audit.domains import shared
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.settings import matches
from crenel.audit.subject import Subject
from crenel.dialects.destinations import METADATA, PRIVATE
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import AddressSet

CHECK = Check("EG-07", "ExternalName to a doubtful name", Pillar.WAYS, Severity.MEDIUM, options={"names": []})
_METADATA = ("metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal",
             "metadata.azure.internal", "metadata.platformequinix.com")  # fmt: skip
"""Names under which clouds hand out credentials."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each such Service."""
    used = {
        (backend.namespace, backend.name)
        for way in subject.ways.all
        for backend in (*way.opening.backends, *way.opening.mirrors)
    }
    for service in subject.decoded.services:
        if service.spec is not None and service.spec.type == "ExternalName" and service.spec.external_name:
            name = service.spec.external_name.lower().rstrip(".")
            yield from _judge(subject, service, name, routed=(service.namespace, service.name) in used)


def _judge(subject: Subject, service: Service, name: str, *, routed: bool) -> Iterator[Finding]:
    what, severity = _doubtful(service, name)
    if what:
        led = ", and a proxy leads requests there" if routed else ""
        yield _found(service, f"it stands for {name}, {what}{led}", severity.raised() if routed else severity)
        return
    names = subject.settings.option(CHECK, "names")
    if isinstance(names, list) and names and not matches(name, names):
        yield _found(service, f"it stands for {name}, which is none of the names that are allowed", CHECK.severity)
    elif domain := shared(name):
        words = f"it stands for {name}: under {domain} anybody can have the name once it is given up"
        yield _found(service, words, Severity.LOW, Persona.PEDANTIC)


def _doubtful(service: Service, name: str) -> tuple[str, Severity]:
    """Why a name is doubtful, empty where it is not, and how bad that is while no proxy leads to it."""
    if name in _METADATA:
        return "where a cloud hands out credentials", CHECK.severity.raised()
    if name == "localhost" or name.endswith(".localhost"):
        return "which is the machine of whoever asks", CHECK.severity
    if (address := _address(name)) is not None:
        if address <= METADATA:
            return "where a cloud hands out credentials", CHECK.severity.raised()
        private = ", and a private one" if address <= PRIVATE else ""
        return f"an address, which no client takes for a name{private}", CHECK.severity
    if (namespace := _namespace(name)) and namespace != service.namespace:
        return f"a Service of namespace {namespace}", CHECK.severity.lowered()
    return "", CHECK.severity


def _address(name: str) -> AddressSet | None:
    try:
        return AddressSet.of(str(ip_address(name)))
    except ValueError:
        return None


def _namespace(name: str) -> str:
    """The namespace of a Service's own name; empty for another sort of name."""
    labels = name.split(".")
    if name.endswith(".svc.cluster.local"):
        labels = labels[:-2]
    return labels[-2] if len(labels) >= 3 and labels[-1] == "svc" else ""


def _found(service: Service, words: str, severity: Severity, persona: Persona | None = None) -> Finding:
    return CHECK.found(
        service,
        words,
        field=("spec", "externalName"),
        severity=severity,
        fix="name the host that is meant, or take the Service away",
        persona=persona,
    )
