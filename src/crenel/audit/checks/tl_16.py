"""A pod outside of the mesh in a namespace of the mesh, or a port that is led past its proxy.

## What it does

Istio: looks at namespaces that are labelled for a sidecar or for ambient and whose mode is STRICT, and finds workloads
that serve and have no proxy: by `sidecar.istio.io/inject: "false"`, by `istio.io/dataplane-mode: none`, or on the
network of the node. Ports of Services that `traffic.sidecar.istio.io/excludeInboundPorts` leaves out, or
`includeInboundPorts` does not take in, are found wherever there is a sidecar. Linkerd: ports of Services in
`config.linkerd.io/skip-inbound-ports`. Lowered where no workload gets there. Jobs, ports that nobody serves, and
workloads behind load balancers and node ports, whose clients have no proxy, are left alone.

## Why it is bad

What looks like a closed namespace has a member, or a port, that speaks plain text and takes everybody. The policies of
the mesh do not hold there.

## Example

```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels: {app: web}
  annotations: {traffic.sidecar.istio.io/excludeInboundPorts: "8080"}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
```

## Fix

Lead all ports through the proxy:

```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
```

## References

- Istio, Installing the Sidecar; Resource Annotations: excludeInboundPorts; Ambient, Add workloads
- linkerd.io reference, Proxy Configuration: config.linkerd.io/skip-inbound-ports
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crenel.audit.finding import Check, Finding, Pillar, Severity, Thing
from crenel.audit.linkerd import SKIP, Linkerd, skipped
from crenel.audit.peers import Istio, is_entrance, reacher
from crenel.audit.subject import Subject
from crenel.audit.systems import is_system
from crenel.audit.workloads import Workload
from crenel.dialects.istiopeers import STRICT, led_past
from crenel.network.traffic import ALL, TCP
from crenel.provenance import FieldPath

CHECK = Check("TL-16", "Pod or port outside of the mesh", Pillar.TLS, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each workload, and one for each annotation."""
    istio, linkerd = Istio(subject), Linkerd(subject)
    seen: set[tuple[str, FieldPath]] = set()
    for workload in subject.workloads:
        if is_system(workload.namespace) or workload.short_lived or is_entrance(subject, workload):
            continue
        for found in (*_of_istio(subject, istio, workload), *_of_linkerd(subject, linkerd, workload)):
            if (found.object, found.field) not in seen:
                seen.add((found.object, found.field))
                yield found


def _of_istio(subject: Subject, istio: Istio, workload: Workload) -> Iterator[Finding]:
    way = istio.inside(workload)
    if way == "sidecar":
        yield from _passed(subject, istio, workload)
    elif not way and istio.meant(workload.namespace) and istio.mode(workload).value == STRICT:
        why = "it is on the network of its node" if workload.hosted else "its labels keep the proxy out"
        what = f"it has no proxy ({why}), in a namespace that takes mutual TLS alone"
        if subject.is_served(workload):
            yield _finding(subject, workload, workload, (), what, "give it a proxy, or a namespace of its own")


def _passed(subject: Subject, istio: Istio, workload: Workload) -> Iterator[Finding]:
    pod, ports = istio.pods.get(workload.index), _served(subject, workload)
    if pod is None:
        return
    past: dict[str, list[int]] = defaultdict(list)
    for port in ports:
        if key := led_past(pod.annotations, port):
            past[key].append(port)
    for key, found in past.items():
        yield _port(subject, workload, pod.thing, (*pod.field, key), found)


def _of_linkerd(subject: Subject, linkerd: Linkerd, workload: Workload) -> Iterator[Finding]:
    said = linkerd.said(workload, SKIP)
    if said is None or not linkerd.inside(workload):
        return
    value, thing, field = said
    past = [port for port in _served(subject, workload) if skipped(value, port)]
    if past:
        yield _port(subject, workload, thing, field, past)


def _served(subject: Subject, workload: Workload) -> list[int]:
    """The TCP ports that Services lead to."""
    return sorted(port for protocol, port in subject.service_ports.get(workload.index, ()) if protocol == TCP)


def _port(subject: Subject, workload: Workload, thing: Thing, field: FieldPath, ports: Sequence[int]) -> Finding:
    numbers = ",".join(map(str, ports))
    what = f"TCP/{numbers} of {workload.name} is led past the proxy, and a Service leads there"
    return _finding(subject, workload, thing, field, what, "take the port out of the annotation", ports)


def _finding(
    subject: Subject, workload: Workload, thing: Thing, field: FieldPath, what: str, fix: str, ports: Sequence[int] = ()
) -> Finding:
    witness = reacher(subject, workload, subject.mask([(TCP, port) for port in ports]) if ports else ALL)
    return CHECK.found(
        thing,
        what if witness else f"{what}; lowered: nothing in the input gets there",
        field=field,
        severity=None if witness else CHECK.severity.lowered(),
        witness=witness,
        fix=fix,
    )
