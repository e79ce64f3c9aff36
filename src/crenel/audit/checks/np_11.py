"""A container that is published on a port of its node.

## What it does

Looks for `hostPort` on containers that are not in the host network. Ports bound to loopback are left out, and so are
those of ingress controllers and gateways, and of what `edge` in `crenel.toml` names. High where the internet gets
there through everything in between, low where it surely does not.

## Why it is bad

The port is open on every node that the pod may run on, on all of its addresses, beside the Services and load balancers
that everybody looks at. Only one such pod fits on a node.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080, hostPort: 8080}]}]}
```

## Fix

Take `hostPort` out, which `--fix` does, and offer the port by a Service.

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
```

## References

- Kubernetes documentation, Configuration Best Practices: hostPort
- Kubernetes documentation, Pod Security Standards: Host Ports
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity, Witness
from crenel.audit.subject import Subject
from crenel.audit.systems import is_agent, is_system
from crenel.audit.workloads import Workload
from crenel.dialects.entries import EntryKind
from crenel.editing.patches import Patch, Remove
from crenel.network.traffic import protocol_name
from crenel.questions.exposure.paths import Path, State

CHECK = Check("NP-11", "Container published by hostPort", Pillar.POLICIES, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each such port."""
    best: dict[tuple[str, object], Path] = {}
    for path in subject.exposure.paths:
        if path.entry.kind is EntryKind.HOST_PORT and not path.request and path.endpoint in subject.by_index:
            key = (path.target, path.entry.field)
            if key not in best or _ORDER[path.state] < _ORDER[best[key].state]:
                best[key] = path
    for path in best.values():
        workload = subject.by_index[path.endpoint or 0]
        if not is_system(workload.namespace) and not subject.is_edge(workload.index):
            yield _finding(workload, path)


_ORDER = {State.OPEN: 0, State.POSSIBLE: 1, State.CLOSED: 2}


def _finding(workload: Workload, path: Path) -> Finding:
    port = f"{path.port}/{protocol_name(path.protocol)}"
    severity, why = _severity(workload, path)
    return CHECK.found(
        workload,
        f"hostPort {port} publishes it on the nodes that it runs on{why}",
        field=path.entry.field,
        severity=severity,
        witness=_witness(path),
        evidence=[f"{layer.name}: {layer.says}" for layer in path.layers],
        fix="remove hostPort, and offer the port by a Service",
        patch=Patch(workload.origin, Remove(path.entry.field)),
    )


def _severity(workload: Workload, path: Path) -> tuple[Severity, str]:
    if path.state is State.OPEN:
        return CHECK.severity.raised(), ", and the internet reaches it"
    if path.state is State.CLOSED:
        return CHECK.severity.lowered(), "; lowered: from outside every path there is closed"
    if is_agent(workload.group.workload):
        return CHECK.severity.lowered(), "; lowered: it is an agent of its node"
    return CHECK.severity, f"; the internet may get there: {path.lacking[0]} is not known" if path.lacking else ""


def _witness(path: Path) -> Witness | None:
    if path.witness is None:
        return None
    return Witness(path.witness.source, path.target, f"{path.witness.protocol}/{path.target_port}")
