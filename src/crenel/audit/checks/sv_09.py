"""Somebody who may change the status of Services.

## What it does

Looks for Roles and ClusterRoles that allow update or patch of `services/status`, by wildcards too, and follows their
bindings to who has them; roles that take over their rules are followed as well. Critical where everybody who logs in
has it. A service account counts as medium, unless the internet reaches a pod that runs as it. Left out are the accounts
of the system, those of load balancer controllers, whose task that is (setting `expected`), and who may change
everything in the whole cluster. A role that nobody in the input has is for the persona auditor.

## Why it is bad

The address that is written into `status.loadBalancer.ingress` is taken over by every node for the Service, whoever it
belongs to, for pods of all namespaces (CVE-2020-8554). The right to change one's own Services is then the right to
listen in on others.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: developer, namespace: shop}
rules:
  - apiGroups: [""]
    resources: [services, services/status]
    verbs: [get, list, update, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: developer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
```

## Fix

Take `services/status` out of the role, which `--fix` does: nobody but controllers writes it.

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: developer, namespace: shop}
rules:
  - apiGroups: [""]
    resources: [services]
    verbs: [get, list, update, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: developer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
```

## References

- CVE-2020-8554: Man in the middle using LoadBalancer or ExternalIPs
- Kubernetes documentation, Using RBAC Authorization
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.granting import Granted, Holder, granted
from crenel.audit.settings import matches
from crenel.audit.subject import Subject
from crenel.audit.systems import is_system
from crenel.audit.workloads import Owner
from crenel.editing.patches import Edit, Patch, Remove
from crenel.kubernetes.objects.rbac import Role
from crenel.questions.exposure.paths import State

_CONTROLLERS = [
    "*/*cloud-controller-manager*", "*/*load-balancer-controller*", "*/kube-vip*", "*/*metallb*", "*/*cilium-operator*",
    "*/*openelb*", "*/*purelb*", "*/*loxilb*", "*/*antrea-controller*", "*/*calico-kube-controllers*",
]  # fmt: skip
CHECK = Check(
    "SV-09", "Subjects can change services/status", Pillar.SERVICES, Severity.HIGH, options={"expected": _CONTROLLERS}
)
_RESOURCE = "services/status"
_EVERYBODY = ("system:authenticated", "system:unauthenticated", "system:anonymous")


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each role that allows it to somebody."""
    expected = subject.settings.option(CHECK, "expected")
    patterns = expected if isinstance(expected, list) else []
    accounts: Mapping[tuple[str, str], Sequence[int]] | None = None
    for each in granted(subject.decoded, ("update", "patch"), "", _RESOURCE):
        if is_system(each.role.namespace) or each.role.name.startswith("system:"):
            continue
        if not each.holders:
            yield _unbound(each)
            continue
        unlimited = _is_unlimited(each)
        told = [one for one in each.holders if _counts(one, patterns) and not (unlimited and not one.within)]
        if told:
            accounts = _accounts(subject) if accounts is None else accounts
            yield _finding(subject, each, told, accounts)


def _counts(holder: Holder, expected: Sequence[str]) -> bool:
    """Whether it is none of the system's own."""
    if holder.kind == "ServiceAccount":
        return not is_system(holder.namespace) and not matches(f"{holder.namespace}/{holder.name}", expected)
    broad = holder.name in _EVERYBODY or holder.name.startswith("system:serviceaccounts")
    return broad or not holder.name.startswith("system:")


def _is_unlimited(each: Granted) -> bool:
    """Whether the role allows it with everything in the core of the API, pods and Secrets included."""
    rules = each.role.rules or []
    return any("*" in (rules[n].resources or ()) for n in each.places)


def _accounts(subject: Subject) -> Mapping[tuple[str, str], Sequence[int]]:
    """The endpoints of the pods that run as each service account, by its namespace and name."""
    by_owner: dict[Owner, list[int]] = defaultdict(list)
    for workload in subject.workloads:
        by_owner[workload.namespace, workload.group.kind, workload.group.workload].append(workload.index)
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for template in subject.templates:
        name = template.spec.service_account_name or template.spec.service_account or "default"
        found[template.owner[0], name] += by_owner.get(template.owner, [])
    return found


def _severity(
    subject: Subject, holder: Holder, accounts: Mapping[tuple[str, str], Sequence[int]]
) -> tuple[Severity, str]:
    if holder.name in _EVERYBODY or holder.name == "system:serviceaccounts":
        return Severity.CRITICAL, ""
    if holder.kind != "ServiceAccount":
        return CHECK.severity, ""
    if subject.from_internet(accounts.get((holder.namespace, holder.name), ())) is State.OPEN:
        return CHECK.severity, f"; the internet reaches a pod that runs as {holder.title}"
    return CHECK.severity.lowered(), ""


def _finding(
    subject: Subject, each: Granted, told: Sequence[Holder], accounts: Mapping[tuple[str, str], Sequence[int]]
) -> Finding:
    judged = [_severity(subject, holder, accounts) for holder in told]
    severity, why = max(judged, key=lambda pair: (pair[0], pair[1]))
    more = f" and {len(told) - 1} more" if len(told) > 1 else ""
    return CHECK.found(
        each.role,
        f"lets {told[0].title}{more} change {_RESOURCE}{why}",
        field=("rules", each.places[0], "resources"),
        severity=severity,
        evidence=[f"{holder.title} has it by {holder.binding or 'the labels of the role'}" for holder in told],
        fix=f"take {_RESOURCE} out of the role",
        patch=_patch(each.role, each.places),
    )


def _unbound(each: Granted) -> Finding:
    return CHECK.found(
        each.role,
        f"allows to change {_RESOURCE}; who has it is not in the input",
        field=("rules", each.places[0], "resources"),
        severity=CHECK.severity.lowered(2),
        fix=f"take {_RESOURCE} out of the role",
        persona=Persona.AUDITOR,
    )


def _patch(role: Role, places: Sequence[int]) -> Patch | None:
    """Take the resource out where it is named; a wildcard has to be written out by hand."""
    edits: list[Edit] = []
    for place in places:
        resources = (role.rules or [])[place].resources or []
        if set(resources) == {_RESOURCE}:
            edits.append(Remove(("rules", place)))
        elif _RESOURCE in resources and not {"*", "*/status"} & {*resources}:
            edits += [Remove(("rules", place, "resources", n)) for n, name in enumerate(resources) if name == _RESOURCE]
        else:
            return None
    return Patch(role.origin, *edits)
