"""A workload that gets out to the whole internet.

## What it does

Asks for every workload what its policies, the firewalls of its nodes and of the infrastructure, and its routes let out
together, and looks for those that surely get to half of all public addresses or more. Narrower addresses are taken for
meant. High where the internet also gets in, which makes a way back; medium otherwise; names (port 53) and time (123)
alone are none. Where the internet does not get in, and nothing but the lack of a policy (NP-01, NP-03) or one wide rule
(NP-05) opens the way, these say so already, and this is for the persona pedantic. Where a mesh is relied upon EG-06
says so. The setting `meant` names workloads that have to get out, as patterns over `namespace/name`.

## Why it is bad

What was taken over fetches its tools and sends data away. Where the internet gets in too, one hole is enough for both.

## Example

```yaml
# crenel.toml: assume = ["internet-facing=yes"]
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
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{ports: [{port: 443}]}]
```

## Fix

Deny egress by default, and allow the addresses or names that are needed:

```yaml
# crenel.toml: assume = ["internet-facing=yes"]
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
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 203.0.113.0/26}}], ports: [{port: 443}]}]
```

## References

- NIST SP 800-53 SC-7(5): deny by default, allow by exception
- PCI DSS 1.3.2: outbound traffic from the cardholder data environment
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity, Witness
from crenel.audit.grouping import concerned, counted
from crenel.audit.meshes import guarded
from crenel.audit.rules import wide
from crenel.audit.settings import matches
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.rules import Direction
from crenel.questions.exposure.outbound import Outlet, Where
from crenel.questions.exposure.paths import State

CHECK = Check("EG-01", "Egress to the internet", Pillar.WAYS, Severity.HIGH, options={"meant": []})
_HARMLESS = {("UDP", "53"), ("TCP", "53"), ("UDP", "123")}


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each workload, or for a namespace all of which gets out, apart by who gets in."""
    meant = subject.settings.option(CHECK, "meant")
    meshed, told = guarded(subject), _told(subject)
    sizes: dict[int, bool] = {}
    both: list[Workload] = []
    out: list[Workload] = []
    plain: list[Workload] = []
    for each in subject.applications:
        named = isinstance(meant, list) and matches(each.own_name, meant)
        if named or each.index in meshed or not any(_is_wide(outlet, sizes) for outlet in _outlets(subject, each)):
            continue
        back = subject.from_internet([each.index]) is State.OPEN
        (both if back else plain if each.index in told else out).append(each)
    for chosen in (both, out, plain):
        for thing, mine in concerned(subject, chosen):
            why = ", and the internet gets in" if chosen is both else "; lowered: the internet does not surely get in"
            traffic = _traffic(subject, mine[0])
            yield CHECK.found(
                thing,
                f"{counted(mine)} can connect to the whole internet on {traffic}{why}",
                severity=None if chosen is both else CHECK.severity.lowered(),
                witness=Witness(mine[0].name, "any address of the internet", traffic),
                evidence=[f"{each.name}: {_traffic(subject, each)}" for each in mine],
                fix="deny egress by default, and allow the destinations that are needed",
                persona=Persona.PEDANTIC if chosen is plain else None,
            )


def _told(subject: Subject) -> set[int]:
    """The workloads of which other checks say that nothing, or one rule alone, limits their egress."""
    ruled = {each.index for rule in wide(subject, Direction.EGRESS, share=1) for each in rule.subjects}
    bare = {each.index for each in subject.applications if subject.isolated(each, Direction.EGRESS) is False}
    return ruled | bare


def _outlets(subject: Subject, workload: Workload) -> list[Outlet]:
    return [each for each in subject.outlets.get(workload.name, ()) if each.where is Where.INTERNET and each.traffic]


def _is_wide(outlet: Outlet, sizes: dict[int, bool]) -> bool:
    """Whether an outlet leads to half of the internet. Outlets share their sets of addresses, which are asked once."""
    if set(outlet.traffic) <= _HARMLESS:
        return False
    key = id(outlet.addresses)
    if key not in sizes:
        sizes[key] = _half(outlet.addresses)
    return sizes[key]


def _half(addresses: AddressSet) -> bool:
    return any(2 * (addresses & whole).size() >= whole.size() for whole in (INTERNET.only(4), INTERNET.only(6)))


def _traffic(subject: Subject, workload: Workload) -> str:
    found = _outlets(subject, workload)[0].traffic
    words = " ".join(name if ports == "*" else f"{name}/{ports}" for name, ports in found)
    everything = subject.network.table.describe(subject.network.table.everything)
    return "all traffic" if found == everything else words
