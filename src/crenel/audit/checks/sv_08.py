"""An API server that takes Services with externalIPs.

## What it does

Looks at the API servers of the input, by their static pods or else by what kubeadm is told
(`ClusterConfiguration`), for the admission plugin `DenyServiceExternalIPs`. Where the input has Gatekeeper's constraint
K8sExternalIPs it is silent; where other admission policies may do the same, it is for the persona auditor. Clusters
whose API server is not in the input, such as those of clouds, have no finding. Editions of the CIS Benchmark contradict
each other; 1.12 asks for the plugin.

## Why it is bad

Whoever may write Services takes over the traffic to any address, for pods of all namespaces (CVE-2020-8554). Nothing
else in Kubernetes prevents that. The field is deprecated since Kubernetes 1.36.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-cp1, namespace: kube-system}
spec:
  hostNetwork: true
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.34.0
      command: [kube-apiserver, --enable-admission-plugins=NodeRestriction]
```

## Fix

Add the plugin, which `--fix` does in the pod's manifest. Services that have the field keep it until they are changed.

```yaml
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-cp1, namespace: kube-system}
spec:
  hostNetwork: true
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.34.0
      command: [kube-apiserver, "--enable-admission-plugins=NodeRestriction,DenyServiceExternalIPs"]
```

## References

- CVE-2020-8554: Man in the middle using LoadBalancer or ExternalIPs
- Kubernetes documentation, Admission Control in Kubernetes: DenyServiceExternalIPs
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.editing.patches import Append, Patch, Set
from crenel.kubernetes.apiserver import ApiServer, api_servers

CHECK = Check("SV-08", "DenyServiceExternalIPs admission not set", Pillar.SERVICES, Severity.LOW)
_PLUGIN = "DenyServiceExternalIPs"
_FLAG = "enable-admission-plugins"
_DENYING = "K8sExternalIPs"
_POLICIES = {
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("kyverno.io", "ClusterPolicy"),
    ("policies.kyverno.io", "ValidatingPolicy"),
}


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for all API servers of the input that lack it."""
    lacking = [each for each in api_servers(subject.decoded) if _PLUGIN not in _plugins(each)]
    kinds = {(version.rpartition("/")[0], kind) for version, kind in subject.decoded.others_seen}
    if lacking and not any(kind == _DENYING for _, kind in kinds):
        yield _finding(lacking, Persona.AUDITOR if kinds & _POLICIES else None)


def _plugins(server: ApiServer) -> list[str]:
    return [name.strip() for name in server.arguments.get(_FLAG, "").split(",") if name.strip()]


def _finding(lacking: list[ApiServer], persona: Persona | None) -> Finding:
    first = lacking[0]
    doubt = "; the input has admission policies that may do the same" if persona else ""
    return CHECK.found(
        first.thing,
        f"the API server takes Services with externalIPs: {_PLUGIN} is not among its admission plugins{doubt}",
        field=first.fields.get(_FLAG, first.field),
        evidence=[f"also {each.thing.title}" for each in lacking[1:]],
        fix=f"--{_FLAG}={','.join([*_plugins(first), _PLUGIN])}",
        patch=_patch(first) if len(lacking) == 1 else None,
        persona=persona,
    )


def _patch(server: ApiServer) -> Patch | None:
    """The argument of a pod, in the way that it is written."""
    if not server.is_running:
        return None
    value = ",".join([*_plugins(server), _PLUGIN])
    field = server.fields.get(_FLAG)
    if field is None:
        return Patch(server.thing.origin, Append(server.field, f"--{_FLAG}={value}"))
    return Patch(server.thing.origin, Set(field, value if _FLAG in server.apart else f"--{_FLAG}={value}"))
