"""Network policies (networking.k8s.io/v1; policy.networking.k8s.io/v1alpha1 and v1alpha2)."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.kubernetes.objects.meta import Field, KubernetesObject, LabelSelector


class IPBlock(Field):
    """An address range, with holes."""

    cidr: str
    except_: list[str] | None = msgspec.field(default=None, name="except")


class NetworkPolicyPeer(Field):
    """Whom a rule speaks of: either an ipBlock or selectors."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyPort(Field):
    """What a rule speaks of; a missing protocol is TCP."""

    protocol: str | None = None
    port: int | str | None = None
    end_port: int | None = None


class NetworkPolicyIngressRule(Field):
    """Who may come in, and to what."""

    from_: list[NetworkPolicyPeer] | None = msgspec.field(default=None, name="from")
    ports: list[NetworkPolicyPort] | None = None


class NetworkPolicyEgressRule(Field):
    """Where to a pod may go out, and to what."""

    to: list[NetworkPolicyPeer] | None = None
    ports: list[NetworkPolicyPort] | None = None


class NetworkPolicySpec(Field):
    """The spec of a NetworkPolicy."""

    pod_selector: LabelSelector | None = None
    ingress: list[NetworkPolicyIngressRule | None] | None = None
    egress: list[NetworkPolicyEgressRule | None] | None = None
    policy_types: list[str] | None = None


class NetworkPolicy(KubernetesObject):
    """A NetworkPolicy (networking.k8s.io/v1)."""

    spec: NetworkPolicySpec | None = None
    status: Any = None


class NamespacedPods(Field):
    """Pods of some namespaces; a missing namespaceSelector is all of them (v1alpha2) or invalid (v1alpha1)."""

    namespace_selector: LabelSelector | None = None
    pod_selector: LabelSelector | None = None


class AdminSubject(Field):
    """Whom an admin policy applies to: exactly one of the two."""

    namespaces: LabelSelector | None = None
    pods: NamespacedPods | None = None


class AdminPeer(msgspec.Struct, rename="camel", gc=False):
    """A peer of an admin policy: exactly one field.

    Unknown fields are let through here on purpose: the API tells implementations to fail closed on a peer that they do
    not know (clusternetworkpolicy_types.go:305-313), so an empty peer has to reach the dialect.
    """

    namespaces: LabelSelector | None = None
    pods: NamespacedPods | None = None
    networks: list[str] | None = None
    nodes: LabelSelector | None = None
    domain_names: list[str] | None = None


class PortRange(Field):
    """A range of ports, both ends included."""

    start: int
    end: int
    protocol: str | None = None


class DestinationPort(Field):
    """One port or a range of them."""

    number: int | None = None
    range: PortRange | None = None


class ProtocolMatch(Field):
    """The ports of one protocol."""

    destination_port: DestinationPort | None = None


class ClusterNetworkPolicyProtocol(Field):
    """What a ClusterNetworkPolicy rule speaks of: exactly one field."""

    tcp: ProtocolMatch | None = None
    udp: ProtocolMatch | None = None
    sctp: ProtocolMatch | None = None
    destination_named_port: str | None = None


class PortNumber(Field):
    """A port with its protocol (v1alpha1)."""

    port: int
    protocol: str | None = None


class AdminNetworkPolicyPort(Field):
    """What an AdminNetworkPolicy rule speaks of: exactly one field."""

    port_number: PortNumber | None = None
    port_range: PortRange | None = None
    named_port: str | None = None


class AdminRule(Field):
    """A rule of any admin policy; `protocols` is v1alpha2's word, `ports` v1alpha1's."""

    action: str
    name: str | None = None
    from_: list[AdminPeer] | None = msgspec.field(default=None, name="from")
    to: list[AdminPeer] | None = None
    protocols: list[ClusterNetworkPolicyProtocol] | None = None
    ports: list[AdminNetworkPolicyPort] | None = None


class AdminPolicySpec(Field):
    """The spec of any admin policy."""

    subject: AdminSubject | None = None
    priority: int | None = None
    tier: str | None = None
    ingress: list[AdminRule] | None = None
    egress: list[AdminRule] | None = None


class AdminPolicy(KubernetesObject):
    """AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2)."""

    spec: AdminPolicySpec | None = None
    status: Any = None


class ForeignPolicy(msgspec.Struct, rename="camel"):
    """A policy of a kind that Crenel does not understand, or only in part; what it could change is unknown."""

    api_version: str
    kind: str
    name: str
    namespace: str
    spec: dict[str, Any]
    origin: Any = None
    annotations: dict[str, str] = {}
    labels: dict[str, str] = {}

    @property
    def title(self) -> str:
        """How reports write it."""
        kind = self.kind.lower()
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"
