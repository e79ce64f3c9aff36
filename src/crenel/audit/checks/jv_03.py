"""Something that is meant to be public, and is not.

## What it does

Takes the Services and workloads that `public` in `crenel.toml` declares, and walks all paths from the internet to
them. A finding where a packet gets through none of them: it names the layer that stops it first, and every rule that
would have to change. Something declared by its name to which nothing leads at all is a finding too; by a pattern
(`shop/*`) it is not, since much of what the pattern fits is not meant. Paths that may be open are none.

## Why it is bad

The service is down for those it is for. What is opened in a hurry, layer by layer until it works, is opened too far.

## Example

Together with `public = ["shop/web"]` in `crenel.toml`:

```yaml
# crenel.toml: public = ["shop/web"]
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
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
```

## Fix

Open what the finding names, on that port alone:

```yaml
# crenel.toml: public = ["shop/web"]
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
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress: [{ports: [{port: 8080}]}]
```

## References

- J. Backes et al., Stratified Abstraction of Access Control Policies, and Tiros, CAV 2019 and 2021: blocked paths
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from crenel.audit.exposed import way
from crenel.audit.finding import Check, Finding, Pillar, Severity, Thing
from crenel.audit.subject import Subject
from crenel.questions.exposure.asking import NO_WAY
from crenel.questions.exposure.paths import Layer, Path, State
from crenel.questions.verdict import Decision

CHECK = Check("JV-03", "Intended public endpoint is blocked", Pillar.JOINED, Severity.MEDIUM)
_MOST = 8
"""How many rules of one layer are named."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service or workload that is declared and blocked."""
    if subject.settings.public:
        yield from _Declared(subject).findings()


class _Declared:
    """Looks at what the configuration declares."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.named = {each for each in subject.settings.public if not set("*?[") & {*each}}

    def findings(self) -> Iterator[Finding]:
        """Services first; a workload of the same name, or behind one of them, is the same thing."""
        served: set[int] = set()
        names: set[str] = set()
        for service in self.subject.decoded.services:
            name = f"{service.namespace}/{service.name}"
            if self.subject.is_public(name):
                paths = self._by_service.get((service.namespace, service.name), [])
                served |= {path.endpoint for path in paths if path.endpoint is not None}
                names.add(name)
                yield from self._judged(service, name, paths)
        for name, (thing, indices) in self._workloads().items():
            if name not in names and not served & indices:
                paths = [path for index in indices for path in self._by_endpoint.get(index, [])]
                yield from self._judged(thing, name, paths)

    def _workloads(self) -> Mapping[str, tuple[Thing, set[int]]]:
        found: dict[str, tuple[Thing, set[int]]] = {}
        for each in self.subject.workloads:
            if self.subject.is_public(each.own_name):
                found.setdefault(each.own_name, (each, set()))[1].add(each.index)
        return found

    @cached_property
    def _by_service(self) -> Mapping[tuple[str, str], Sequence[Path]]:
        """The paths through each Service, in front of a proxy or behind one; closed ones too."""
        found: dict[tuple[str, str], list[Path]] = defaultdict(list)
        for path in self.subject.exposure.paths:
            if path.behind is not None:
                found[path.behind[:2]].append(path)
            elif path.entry.service is not None and not path.request:
                found[path.entry.service.namespace, path.entry.service.name].append(path)
        return found

    @cached_property
    def _by_endpoint(self) -> Mapping[int, Sequence[Path]]:
        found: dict[int, list[Path]] = defaultdict(list)
        for path in self.subject.exposure.paths:
            if path.endpoint is not None:
                found[path.endpoint].append(path)
        return found

    def _judged(self, thing: Thing, name: str, paths: Sequence[Path]) -> Iterator[Finding]:
        if not paths and name in self.named:
            yield CHECK.found(
                thing,
                f"is declared public, and {NO_WAY.partition(':')[0]}",
                evidence=[NO_WAY],
                fix="a load balancer, or a rule of an Ingress or a gateway that leads to it",
            )
        elif paths and all(path.state is State.CLOSED for path in paths):
            yield _blocked(thing, min(paths, key=lambda path: (not path.blocking, len(path.blocking))))


def _blocked(thing: Thing, path: Path) -> Finding:
    blocking = path.blocking
    first = f"the {blocking[0].name} at {blocking[0].where} stops it first" if blocking else "no layer lets all through"
    more = f", and {len(blocking) - 1} more after that" if len(blocking) > 1 else ""
    places = dict.fromkeys(_what(layer) for layer in blocking)
    return CHECK.found(
        thing,
        f"is declared public, and no packet of the internet gets to it by {way(path)}: {first}{more}",
        field=path.entry.field if path.entry.origin == thing.origin else (),
        evidence=[text for layer in blocking for text in _rules(layer)]
        or ["each layer lets somebody through, but nobody gets through all of them"],
        fix=f"open {', then '.join(places) or 'each layer to whom the others let through'}",
    )


def _what(layer: Layer) -> str:
    return f"the {layer.name} at {layer.where}"


def _rules(layer: Layer) -> Iterator[str]:
    """Every rule by which a layer stops it; its own words where there is none."""
    steps = [str(step) for step in layer.explain() if step.decision is Decision.DENY]
    yield from (f"{layer.name} at {layer.where}: {text}" for text in dict.fromkeys(steps[:_MOST] or [layer.says]))
