"""What could a policy of another API change? Such policies are not understood, but never skipped.

For every kind the table says what it reaches (a namespace or the cluster, nodes as well or not), in which directions,
and whether it may only forbid on top of everything else (a service mesh, a second firewall) or also allow what another
policy forbids (it is merged with NetworkPolicies by whatever enforces both). The subject is narrowed by the policy's
selector where that can be put as a label selector. Where something is not certain, the answer is the wider one.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from crenel.dialects.cni import policies
from crenel.dialects.cni.policies import BOTH, EGRESS, INGRESS, NEITHER, Scope
from crenel.dialects.understood import is_understood
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.provenance import NOWHERE, Problem, Severity

Describe: TypeAlias = Callable[[ForeignPolicy], Scope]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table."""

    group: str
    kind: str
    describe: Describe
    source: str
    """The page that the row rests on."""
    cluster: bool = False
    """Whether its objects have no namespace."""


_CILIUM = "Cilium documentation: Layer 3 Examples, Policy Enforcement Modes, Host Policies"
_CALICO = "Calico documentation: Network policy, Global network policy, Staged policies, Host endpoint"
_ISTIO = "Istio reference: Authorization Policy, PeerAuthentication, RequestAuthentication, Sidecar, Envoy Filter"
_LINKERD = "Linkerd reference: Authorization Policy, EgressNetwork"
_OVN = "OVN-Kubernetes documentation: Egress Firewall, User Defined Networks"
_OPENSHIFT = "OpenShift documentation: Configuring an egress firewall for a project"
_EKS = "Amazon EKS user guide: Limit Pod traffic with Kubernetes network policies; Security groups for pods"
_ANTREA = "Antrea documentation: Antrea Network Policy CRDs"
_KUMA = "Kuma documentation: MeshTrafficPermission, MeshPassthrough"
_CONSUL = "Consul documentation: ServiceIntentions, TrafficPermissions"
_KUBE_OVN = "Kube-OVN documentation: SecurityGroup, Subnet isolation"
_GKE = "GKE documentation: Control Pod egress traffic using FQDN network policies"
_MULTI = "k8snetworkplumbingwg multi-networkpolicy README"
_NSX = "NSX Operator documentation: SecurityPolicy"
_SMI = "Service Mesh Interface specification: Traffic Access Control"

_CALICO_GROUPS = ("projectcalico.org", "crd.projectcalico.org")
_CONSUL_INTENTIONS = policies.layer(INGRESS, everywhere=True)

KINDS: tuple[Kind, ...] = (
    Kind("cilium.io", "CiliumNetworkPolicy", policies.cilium, _CILIUM),
    Kind("cilium.io", "CiliumClusterwideNetworkPolicy", policies.cilium, _CILIUM, cluster=True),
    *(
        kind
        for group in _CALICO_GROUPS
        for kind in (
            Kind(group, "NetworkPolicy", policies.calico, _CALICO),
            Kind(group, "GlobalNetworkPolicy", policies.calico, _CALICO, cluster=True),
            Kind(group, "StagedNetworkPolicy", policies.nothing, _CALICO),
            Kind(group, "StagedGlobalNetworkPolicy", policies.nothing, _CALICO, cluster=True),
            Kind(group, "StagedKubernetesNetworkPolicy", policies.nothing, _CALICO),
            Kind(group, "HostEndpoint", policies.host_endpoint, _CALICO, cluster=True),
        )
    ),
    Kind("security.istio.io", "AuthorizationPolicy", policies.istio_authorization, _ISTIO),
    Kind("security.istio.io", "PeerAuthentication", policies.istio_peers, _ISTIO),
    Kind("security.istio.io", "RequestAuthentication", policies.nothing, _ISTIO),
    Kind("networking.istio.io", "Sidecar", policies.istio_sidecar, _ISTIO),
    Kind("networking.istio.io", "EnvoyFilter", policies.istio_filter, _ISTIO),
    Kind("extensions.istio.io", "WasmPlugin", policies.istio_filter, _ISTIO),
    Kind("policy.linkerd.io", "Server", policies.layer(INGRESS, "podSelector"), _LINKERD),
    Kind("policy.linkerd.io", "ServerAuthorization", policies.layer(INGRESS), _LINKERD),
    Kind("policy.linkerd.io", "AuthorizationPolicy", policies.layer(INGRESS), _LINKERD),
    Kind("policy.linkerd.io", "EgressNetwork", policies.linkerd_egress, _LINKERD),
    Kind("k8s.ovn.org", "EgressFirewall", policies.egress_firewall, _OVN),
    Kind("k8s.ovn.org", "UserDefinedNetwork", policies.user_defined_network, _OVN),
    Kind("k8s.ovn.org", "ClusterUserDefinedNetwork", policies.user_defined_network, _OVN, cluster=True),
    Kind("network.openshift.io", "EgressNetworkPolicy", policies.egress_firewall, _OPENSHIFT),
    Kind("networking.k8s.aws", "ClusterNetworkPolicy", policies.admin_like, _EKS, cluster=True),
    Kind("networking.k8s.aws", "ApplicationNetworkPolicy", policies.networkpolicy_like, _EKS),
    Kind("vpcresources.k8s.aws", "SecurityGroupPolicy", policies.security_groups, _EKS),
    *(
        kind
        for group in ("crd.antrea.io", "security.antrea.tanzu.vmware.com", "security.antrea.io")
        for kind in (
            Kind(group, "NetworkPolicy", policies.antrea, _ANTREA),
            Kind(group, "ClusterNetworkPolicy", policies.antrea, _ANTREA, cluster=True),
        )
    ),
    Kind("kuma.io", "MeshTrafficPermission", policies.layer(INGRESS, everywhere=True), _KUMA),
    Kind("kuma.io", "TrafficPermission", policies.layer(INGRESS, everywhere=True), _KUMA, cluster=True),
    Kind("kuma.io", "MeshPassthrough", policies.layer(EGRESS, everywhere=True), _KUMA),
    Kind("consul.hashicorp.com", "ServiceIntentions", _CONSUL_INTENTIONS, _CONSUL),
    Kind("auth.consul.hashicorp.com", "TrafficPermissions", _CONSUL_INTENTIONS, _CONSUL),
    Kind("kubeovn.io", "SecurityGroup", policies.anything, _KUBE_OVN, cluster=True),
    Kind("kubeovn.io", "Subnet", policies.kube_ovn_subnet, _KUBE_OVN, cluster=True),
    Kind("networking.gke.io", "FQDNNetworkPolicy", policies.fqdn, _GKE),
    Kind("k8s.cni.cncf.io", "MultiNetworkPolicy", policies.nothing, _MULTI),
    Kind("crd.nsx.vmware.com", "SecurityPolicy", policies.anything, _NSX),
    Kind("nsx.vmware.com", "SecurityPolicy", policies.anything, _NSX),
    Kind("access.smi-spec.io", "TrafficTarget", policies.layer(INGRESS, everywhere=True), _SMI),
)
"""The kinds that can change who may talk to whom, and that Crenel does not understand."""

_BY_NAME = {(kind.group, kind.kind): kind for kind in KINDS}

_STANDARD = "policy.networking.k8s.io"
_STANDARD_KINDS = ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy")
_UNDERSTOOD = {
    (f"{_STANDARD}/v1alpha1", "AdminNetworkPolicy"),
    (f"{_STANDARD}/v1alpha1", "BaselineAdminNetworkPolicy"),
    (f"{_STANDARD}/v1alpha2", "ClusterNetworkPolicy"),
    (f"{_STANDARD}/v1beta1", "ClusterNetworkPolicy"),
}


def _find(api_version: str, kind: str) -> Kind | None:
    """The row of a kind. A version of the standard admin APIs that is not understood counts as foreign."""
    group = api_version.rpartition("/")[0]
    if group == _STANDARD and kind in _STANDARD_KINDS and (api_version, kind) not in _UNDERSTOOD:
        return Kind(group, kind, policies.admin_like, "network-policy-api: API versions", cluster=True)
    return _BY_NAME.get((group, kind))


def is_foreign(api_version: str, kind: str) -> bool:
    """Whether a kind is a policy of an API that Crenel does not understand."""
    return _find(api_version, kind) is not None


def is_cluster_wide(api_version: str, kind: str) -> bool:
    """Whether a foreign policy kind is cluster-scoped: its objects live in no namespace."""
    found = _find(api_version, kind)
    return found is not None and found.cluster


def describe(policy: ForeignPolicy) -> Scope:
    """What a policy could change; everything, for a kind that is not in the table."""
    row = _find(policy.api_version, policy.kind)
    found = row.describe(policy) if row is not None else policies.anything(policy)
    return found if found.directions else replace(found, may_allow=False, may_deny=False)


def notice(foreign: Iterable[ForeignPolicy]) -> list[Problem]:
    """One line for each kind, which names its policies; those that are understood after all are left out."""
    by_kind: dict[tuple[str, bool], list[ForeignPolicy]] = {}
    for policy in itertools.filterfalse(is_understood, foreign):
        effective = describe(policy).directions != NEITHER
        by_kind.setdefault((_kind_text(policy), effective), []).append(policy)
    return [_line(kind, effective, found) for (kind, effective), found in by_kind.items()]


_AMBIGUOUS = {kind for kind, count in Counter(row.kind for row in KINDS).items() if count > 1} | set(_STANDARD_KINDS)
"""Names that more than one API uses: ``networkpolicy`` alone would be taken for Kubernetes' own."""


def _kind_text(policy: ForeignPolicy) -> str:
    """The kind as reports write it, with its group where the name alone is ambiguous."""
    group = policy.api_version.rpartition("/")[0]
    return f"{policy.kind.lower()}.{group}" if policy.kind in _AMBIGUOUS else policy.kind.lower()


def _line(kind: str, effective: bool, found: list[ForeignPolicy]) -> Problem:
    names = ", ".join(f"{each.namespace}/{each.name}" if each.namespace else each.name for each in found)
    consequence = "verdicts that they could change say unknown" if effective else "they change no verdict"
    message = f"{kind} {names}: not understood; {consequence}"
    origin = found[0].origin if len(found) == 1 else None
    return Problem(message, origin or NOWHERE, severity=Severity.NOTICE)


__all__ = ["BOTH", "KINDS", "Kind", "Scope", "describe", "is_cluster_wide", "is_foreign", "notice"]
