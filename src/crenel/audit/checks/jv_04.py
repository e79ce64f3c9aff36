"""A way from the internet on which something goes in plain text.

## What it does

Follows the paths from the internet and the encryption of each of their connections. Three things are findings: a
Service that outside gets to by itself, on a port for HTTP that no load balancer encrypts (high where somebody surely
gets through; for the persona pedantic where the same Service has a port for TLS beside it, to which the other may only
redirect); a load balancer of a cloud that ends TLS and sends on in plain text, through the network between it and the
nodes (medium); and, for the persona pedantic, a proxy in the cluster that does so. What comes in plain HTTP to an
Ingress or a gateway is a matter of IN-01 and IN-11.

## Why it is bad

Everybody on the way reads it, and changes it: passwords, cookies, what is paid by whom.

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
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
```

## Fix

End TLS in the pod, or in front of it: at a gateway with a certificate, or at the load balancer.

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8443}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{name: https, port: 443, targetPort: 8443}]
```

## References

- NIST SP 800-53 SC-8: Transmission Confidentiality and Integrity
- PCI DSS 4.2.1
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crenel.audit.balanced import listeners, ports
from crenel.audit.exposed import reasons, way, widest, witness
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.entries import EntryKind
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.traffic import TCP, protocol_number
from crenel.questions.exposure.paths import Path, State

CHECK = Check("JV-04", "Public path without TLS end to end", Pillar.JOINED, Severity.HIGH)
_HTTP = {"http", "kubernetes.io/h2c", "kubernetes.io/ws"}
"""Values of ServicePort.appProtocol without encryption (KEP-3726, and the IANA registry)."""
_DIRECT = (EntryKind.BALANCER, EntryKind.NODE_PORT, EntryKind.EXTERNAL_ADDRESS)
_BETA = "service.beta.kubernetes.io/"
_CERTIFICATES = (f"{_BETA}aws-load-balancer-ssl-cert", f"{_BETA}do-loadbalancer-certificate-id")
_PORTS = (f"{_BETA}aws-load-balancer-ssl-ports", f"{_BETA}do-loadbalancer-tls-ports")
"""By which load balancers end TLS, and on which ports of the Service (all, where it is not said)."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service, and one for each workload behind a proxy."""
    for service in subject.decoded.services:
        paths = subject.paths_through.get((service.namespace, service.name), ())
        plain = [path for path in paths if _is_plain(subject, service, path)]
        if plain:
            yield _of_service(service, plain)
    yield from _behind_proxies(subject)


def _is_plain(subject: Subject, service: Service, path: Path) -> bool:
    """Whether a path that no proxy serves is in plain HTTP, all the way."""
    if path.entry.kind not in _DIRECT or path.state is State.CLOSED or path.protocol != TCP or path.endpoint is None:
        return False
    port = _port(service, path)
    serves = subject.is_edge(path.endpoint)
    return port is not None and not serves and _is_http(port) and not _ends_tls(subject, service, port)


def _port(service: Service, path: Path) -> ServicePort | None:
    """The port of the Service by which a path goes."""
    mine = (each for each in ports(service) if each.port == path.entry.service_port)
    return next((each for each in mine if protocol_number(each.protocol or "TCP") == path.protocol), None)


def _is_http(port: ServicePort) -> bool:
    if port.app_protocol is not None:
        return port.app_protocol.lower() in _HTTP
    name = (port.name or "").lower()
    return port.port == 80 or name == "http" or name.startswith(("http-", "http1", "http2-"))


def _ends_tls(subject: Subject, service: Service, port: ServicePort) -> bool:
    """Whether the load balancer ends TLS on a port: by its listener in the input, or by annotations of its cloud."""
    if any(each.tls and each.port == port.port for _, each in listeners(subject, service)):
        return True
    said = service.metadata.annotations or {}
    if not any(key in said for key in _CERTIFICATES):
        return False
    named = [part.strip() for key in _PORTS if key in said for part in str(said[key]).split(",")]
    return not named or "*" in named or str(port.port) in named or (port.name or "") in named


def _of_service(service: Service, plain: Sequence[Path]) -> Finding:
    best = widest(plain)
    assert best is not None
    sure, beside = best.state is State.OPEN, _has_tls_beside(service)
    place = next(n for n, each in enumerate(ports(service)) if each is _port(service, best))
    doubt = f"; {best.lacking[0]} is not known" if best.lacking else ""
    hint = "; it may only redirect to the port for TLS" if beside else ""
    only_nodes = not sure and best.entry.kind is EntryKind.NODE_PORT
    return CHECK.found(
        service,
        f"{way(best)} {'brings' if sure else 'may bring'} plain HTTP from the internet to {best.target}{hint}{doubt}",
        field=("spec", "ports", place),
        severity=None if sure and not beside else CHECK.severity.lowered(1 + beside),
        witness=witness(best),
        evidence=reasons(best),
        fix="TLS in the pod, at the load balancer, or at a gateway in front of it",
        persona=Persona.PEDANTIC if beside or only_nodes else None,
    )


def _has_tls_beside(service: Service) -> bool:
    return any(
        each.port == 443 or (each.name or "").lower().startswith(("https", "tls"))
        for each in ports(service)
        if protocol_number(each.protocol or "TCP") == TCP
    )


def _behind_proxies(subject: Subject) -> Iterator[Finding]:
    """What proxies hand on in plain text, though it comes to them in TLS."""
    found: dict[int, list[Path]] = defaultdict(list)
    for path in subject.exposure.paths:
        if len(path.tls) == 2 and path.endpoint is not None and path.state is not State.CLOSED:
            first, second = path.tls
            if first.tls == "terminate" and second.tls == "none":
                found[path.endpoint].append(path)
    for workload in subject.workloads:
        paths = found.get(workload.index, [])
        clouds = [path for path in paths if _is_of_cloud(path)]
        best = widest(clouds or paths)
        if best is not None:
            sure = best.state is State.OPEN
            where = "through the network of the cloud" if clouds else "through the network of the cluster"
            unless = "" if clouds else ", unless a mesh encrypts that"
            yield CHECK.found(
                workload,
                f"{best.tls[1].source} ends TLS for {best.request} and sends on in plain text {where}{unless}",
                severity=CHECK.severity.lowered(1 if clouds and sure else 2),
                witness=witness(best),
                evidence=[*reasons(best), *(f"{leg.source} to {leg.target}: {leg.tls}" for leg in best.tls)],
                fix="TLS in the pod, and a proxy that is told to use it",
                persona=None if clouds else Persona.PEDANTIC,
            )


def _is_of_cloud(path: Path) -> bool:
    """Whether the proxy is a load balancer of a cloud, outside of the cluster."""
    return path.entry.kind is EntryKind.BALANCER and path.entry.service is None
