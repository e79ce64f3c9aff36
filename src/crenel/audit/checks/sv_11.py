"""A database or an administrator's tool that the internet reaches.

## What it does

Walks the paths from the internet, those behind proxies included, and looks at what they end at: databases, caches and
brokers by their port or image, dashboards and other tools by their image. Critical where somebody surely gets through,
high where that depends on what the input does not say; one step less for tools that ask for a login. A proxy for HTTP
does not lead to what speaks something else. What `public` in `crenel.toml` names is left out.

## Why it is bad

These are what scanners look for. Many ask for no password at all, the others are as safe as the password and the last
update.

## Example

```yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, namespace: shop}
spec:
  serviceName: cache
  selector: {matchLabels: {app: cache}}
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: cache, image: redis:7, ports: [{containerPort: 6379}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: cache}
  ports: [{port: 6379}]
```

## Fix

Take the way in away, and reach it from inside, by `kubectl port-forward` or a VPN:

```yaml
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: shop}
spec:
  selector: {app: cache}
  ports: [{port: 6379}]
---
apiVersion: v1
kind: Pod
metadata: {name: cache-0, namespace: shop, labels: {app: cache}}
spec: {containers: [{name: cache, image: redis:7, ports: [{containerPort: 6379}]}]}
```

## References

- OWASP Kubernetes Top Ten 2025, K06
- Kubescape C-0021: Exposed sensitive interfaces
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from crenel.audit.exposed import reasons, way, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.sensitive import Sort, sort_of
from crenel.audit.subject import Subject
from crenel.audit.workloads import Owner, Workload
from crenel.kubernetes.objects.workloads import PodSpec
from crenel.questions.exposure.paths import Path, State

CHECK = Check("SV-11", "Sensitive service exposed outside", Pillar.SERVICES, Severity.CRITICAL)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each workload that is such a thing."""
    specs: Mapping[Owner, PodSpec] = {each.owner: each.spec for each in subject.templates}
    for workload in subject.workloads:
        paths = subject.paths_to.get(workload.index, ())
        if not paths or subject.is_public(workload.own_name):
            continue
        spec = specs.get((workload.namespace, workload.group.kind, workload.group.workload))
        met: dict[Sort, list[Path]] = defaultdict(list)
        for path in paths:
            if not _is_meant(subject, path):
                http = path.request.startswith(("http://", "https://"))
                if sort := sort_of(path.target_port, path.protocol, spec, http=http):
                    met[sort].append(path)
        if met:
            yield _finding(workload, *max(met.items(), key=lambda pair: _severity(pair[0], _best(pair[1]))))


def _is_meant(subject: Subject, path: Path) -> bool:
    """Whether the configuration declares the Service that a path leads through."""
    names = [path.behind[:2]] if path.behind is not None else []
    if path.entry.service is not None and path.behind is None:
        names.append((path.entry.service.namespace, path.entry.service.name))
    return any(subject.is_public(f"{namespace}/{name}") for namespace, name in names)


def _best(paths: list[Path]) -> Path:
    return next((path for path in paths if path.state is State.OPEN), paths[0])


def _severity(sort: Sort, path: Path) -> Severity:
    return CHECK.severity.lowered(int(sort.login) + int(path.state is not State.OPEN))


def _finding(workload: Workload, sort: Sort, paths: list[Path]) -> Finding:
    path = _best(paths)
    sure = path.state is State.OPEN
    doubt = f"; {path.lacking[0]} is not known" if path.lacking else ""
    return CHECK.found(
        workload,
        f"is {sort.name}, and {way(path)} {'leads' if sure else 'may lead'} the internet to it{doubt}",
        severity=_severity(sort, path),
        witness=witness(path),
        evidence=[*reasons(path), *dict.fromkeys(f"also {way(each)}" for each in paths if each is not path)],
        fix="take the way in away, and reach it from inside",
    )
