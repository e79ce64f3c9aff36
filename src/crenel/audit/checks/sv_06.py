"""A policy that looks for clients where pods see nodes.

## What it does

Takes the pods whose policies let in some public addresses and not others, and walks the paths of the Services that lead
to them from outside. With `externalTrafficPolicy: Cluster`, which is the default, the node that takes a packet puts its
own address in the client's place. High where the policy then lets in those whom it means to keep out, because it lets
in nodes; medium where nobody gets in any more, because it does not. Services that keep the client, or whose load
balancer sends straight to pods, are no finding.

## Why it is bad

The list of addresses in the policy decides nothing. Either everybody is let in, or the service is down, and is then
repaired by letting in everybody.

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
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}, {ipBlock: {cidr: 198.51.100.0/24}}], ports: [{port: 8080}]}]
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDRs: [10.244.0.0/24]}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
```

## Fix

Have the Service keep the client, which `--fix` does; or limit clients at the load balancer, by
`loadBalancerSourceRanges`.

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
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}, {ipBlock: {cidr: 198.51.100.0/24}}], ports: [{port: 8080}]}]
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDRs: [10.244.0.0/24]}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
```

## References

- Kubernetes documentation, Network Policies: ipBlock and the source address
- Kubernetes documentation, Using Source IP
- MicrosoftDocs/azure-docs#30134, kubernetes/kubernetes#67202
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from crenel.audit.balanced import is_balanced, sends_to_pods
from crenel.audit.exposed import reasons, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity, Witness
from crenel.audit.subject import Subject
from crenel.bits import members, union
from crenel.dialects.destinations import PRIVATE
from crenel.dialects.entries import EntryKind
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.objects.services import Service
from crenel.network.rules import Direction
from crenel.network.traffic import Match
from crenel.questions.exposure.paths import Path, Reach, State
from crenel.questions.exposure.trip import POLICY

CHECK = Check(
    "SV-06", "Policy by client addresses with externalTrafficPolicy Cluster", Pillar.SERVICES, Severity.HIGH
)  # fmt: skip


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service that hides clients from a policy which asks for them."""
    found = list(_hiding(subject))
    titles = _titles(subject) if found else {}
    for service, path in found:
        yield _finding(subject, service, path, titles)


def _hiding(subject: Subject) -> Iterator[tuple[Service, Path]]:
    """Such Services, each with a path on which they do so.

    A policy that closes a path may be meant for another way to the pod, on which it does see clients.
    """
    meant = {path.endpoint for path in subject.exposure.paths if path.seen_as == "the client"}
    for service in subject.decoded.services:
        paths = subject.paths_through.get((service.namespace, service.name), ())
        if paths and is_balanced(service) and sends_to_pods(subject, service):
            paths = [path for path in paths if path.entry.kind is not EntryKind.BALANCER]
        hidden = [path for path in paths if path.seen_as == "a node" and _asks_for_clients(subject, path)]
        opened = next((path for path in hidden if _policy(path) is State.OPEN), None)
        if opened is not None and not all(path.state is State.CLOSED for path in hidden):
            yield service, opened
        elif hidden and all(_policy(path) is State.CLOSED and path.endpoint not in meant for path in hidden):
            yield service, hidden[0]


def _clients(subject: Subject, path: Path) -> Reach:
    """Whom of the addresses that are not private the policies at the pod would let in, if they saw them."""
    assert path.endpoint is not None
    match = Match(path.protocol, (path.target_port, path.target_port))
    found = subject.ground.past_policies(path.endpoint, path.family, match)
    return Reach(found.sure & subject.outside & ~_private(subject), found.possible)


def _private(subject: Subject) -> int:
    return union(subject.ground.blocks(PRIVATE))


def _asks_for_clients(subject: Subject, path: Path) -> bool:
    """Whether the policies tell some public addresses from others."""
    if path.endpoint is None or subject.network.endpoints[path.endpoint].hosted:
        return False
    clients = _clients(subject, path)
    return bool(clients.sure) and bool(subject.ground.universe(path.family) & ~clients.possible)


def _policy(path: Path) -> State:
    """What the policies at the pod do with a node."""
    return next((layer.state for layer in reversed(path.layers) if layer.name == POLICY), State.POSSIBLE)


def _finding(subject: Subject, service: Service, path: Path, policies: Mapping[int, Sequence[str]]) -> Finding:
    assert service.spec is not None
    passes = _policy(path) is State.OPEN
    titles = policies.get(path.endpoint, []) if path.endpoint is not None else []
    whom = f"{titles[0]}, which asks for them" if len(titles) == 1 else f"policies at {path.target}, which ask for them"
    effect = f"nodes come in their place, and are {'' if passes else 'not '}let in"
    written = service.spec.external_traffic_policy is not None
    return CHECK.found(
        service,
        f"hides clients from {whom}: {effect}",
        field=("spec", "externalTrafficPolicy") if written else ("spec", "type"),
        severity=None if passes else CHECK.severity.lowered(),
        witness=_witness(subject, path) if passes else None,
        evidence=reasons(path),
        fix="externalTrafficPolicy: Local",
        patch=Patch(service.origin, Set(("spec", "externalTrafficPolicy"), "Local")),
    )


def _titles(subject: Subject) -> Mapping[int, Sequence[str]]:
    """The policies that isolate each pod for ingress."""
    found: dict[int, list[str]] = defaultdict(list)
    for policy in subject.policies(Direction.INGRESS):
        for index in members(policy.subjects):
            found[index].append(policy.title)
    return found


def _witness(subject: Subject, path: Path) -> Witness | None:
    """Somebody whom the policy means to keep out."""
    kept_out = subject.ground.addresses(path.joined.possible & ~_clients(subject, path).possible)
    if not kept_out:
        return witness(path)
    certainty = "sure" if path.state is State.OPEN else "possible"
    return Witness(kept_out.cidrs()[0].partition("/")[0], path.target, f"port {path.target_port}", certainty)
