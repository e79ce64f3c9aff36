"""What a network plugin enforces: the shape of the answer."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace

NETWORK_POLICY = "networkpolicy"
"""networking.k8s.io/v1 NetworkPolicy."""
ADMIN_NETWORK_POLICY = "adminnetworkpolicy"
"""policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy and BaselineAdminNetworkPolicy."""
CLUSTER_NETWORK_POLICY = "clusternetworkpolicy"
"""policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy."""
POLICY_APIS = (NETWORK_POLICY, ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY)
CILIUM_NETWORK_POLICY = "ciliumnetworkpolicy"
"""cilium.io/v2 CiliumNetworkPolicy."""
FQDN_NETWORK_POLICY = "fqdnnetworkpolicy"
"""networking.gke.io/v1alpha1 FQDNNetworkPolicy."""
OWN_APIS = (CILIUM_NETWORK_POLICY, FQDN_NETWORK_POLICY)
"""Kinds that one plugin brought along; no other enforces them."""


class Feature(enum.Enum):
    """A part of a policy API that some plugins leave out or treat their own way."""

    SCTP = "sctp"
    END_PORT = "endPort"
    EGRESS = "egress"
    IPV6 = "ipv6"
    IP_BLOCK_EXCEPT = "ipBlock.except"
    IP_BLOCK_PODS = "ipBlock for pods"
    """An ipBlock that covers pod addresses also matches those pods."""
    HOST_NETWORK = "hostNetwork"
    """Pods in the host network."""
    STANDALONE_PODS = "pods without an owner"
    DEFAULT_ALLOW = "default allow"
    """A pod that no policy selects is open."""
    STARTUP = "startup"
    """A pod is protected from its first packet on."""
    NAMES = "DNS names"
    """Egress to DNS names."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A part that is known not to be enforced, or to work differently."""

    feature: Feature
    text: str
    source: str
    """The page that says so."""


HOST_NETWORK = Limit(
    Feature.HOST_NETWORK,
    "pods in the host network are out of reach of every policy implementation",
    "Kubernetes documentation, Network Policies: NetworkPolicy and hostNetwork pods",
)


@dataclass(frozen=True, slots=True)
class Support:
    """What one plugin, as it is configured here, enforces: True, False, or None for not known."""

    networkpolicy: bool | None = None
    adminnetworkpolicy: bool | None = None
    clusternetworkpolicy: bool | None = None
    limits: tuple[Limit, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)
    """Why an API is not enforced, or why that is not known, by API; without a full stop."""
    own: dict[str, bool | None] = field(default_factory=dict)
    """Of the kinds that plugins brought along, those that this one may enforce."""

    def of(self, policy_api: str) -> bool | None:
        """Whether an API is enforced; None for one that is not in the table."""
        found: dict[str, bool | None] = {
            NETWORK_POLICY: self.networkpolicy,
            ADMIN_NETWORK_POLICY: self.adminnetworkpolicy,
            CLUSTER_NETWORK_POLICY: self.clusternetworkpolicy,
            **{api: self.own.get(api, False) for api in OWN_APIS},
        }
        return found.get(policy_api)

    def because(self, policy_api: str, reason: str) -> Support:
        """The same, with the reason for one API."""
        return replace(self, reasons={**self.reasons, policy_api: reason})


NOTHING = Support(False, False, False)
"""Enforces no policy at all."""
