"""What each recognised plugin enforces, as it is configured here: one function per row of the table.

Each function takes what the input shows and the containers that the plugin was recognised by (none when only its own
objects were seen), and says what it enforces. Where the answer depends on something that the input does not show, it is
None, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from crenel.dialects.cni.seen import Running, Seen, node_arguments
from crenel.dialects.cni.support import (
    ADMIN_NETWORK_POLICY,
    CILIUM_NETWORK_POLICY,
    CLUSTER_NETWORK_POLICY,
    FQDN_NETWORK_POLICY,
    NETWORK_POLICY,
    NOTHING,
    OWN_APIS,
    Feature,
    Limit,
    Support,
)

Judgement: TypeAlias = Callable[[Seen, Sequence[Running]], Support]
"""From what is seen, and the plugin's own containers, to what it enforces."""

_NO_VERSION = "its version is not known"
_AZURE = ("azure-cns",)
"""What runs beside Cilium on AKS."""
_EKS = "Amazon EKS user guide: Limit Pod traffic with Kubernetes network policies"


def _version(running: Sequence[Running]) -> tuple[int, int] | None:
    """The oldest version that is running: during an upgrade the old one still counts."""
    known = [each.image.version for each in running]
    numbers = [version for version in known if version is not None]
    return min(numbers) if numbers and len(numbers) == len(known) else None


def _flag(running: Sequence[Running], name: str) -> bool | None:
    """Whether a flag is on in every container that sets it; None when none does."""
    given = [value for each in running if (value := each.flag(name)) is not None]
    return all(value.strip('"').lower() in ("true", "1") for value in given) if given else None


def calico(_: Seen, running: Sequence[Running]) -> Support:
    """AdminNetworkPolicy from 3.29 to 3.31 only, ClusterNetworkPolicy from 3.32 (network-policy-api pull 376)."""
    support = Support(networkpolicy=True)
    version = _version(running)
    if version is None:
        return support.because(ADMIN_NETWORK_POLICY, _NO_VERSION).because(CLUSTER_NETWORK_POLICY, _NO_VERSION)
    number = f"version {version[0]}.{version[1]}"
    support = replace(support, adminnetworkpolicy=(3, 29) <= version < (3, 32), clusternetworkpolicy=version >= (3, 32))
    if not support.adminnetworkpolicy:
        support = support.because(ADMIN_NETWORK_POLICY, f"only versions 3.29 to 3.31 do, this is {number}")
    if not support.clusternetworkpolicy:
        support = support.because(CLUSTER_NETWORK_POLICY, f"only version 3.32 and later do, this is {number}")
    return support


def cilium(seen: Seen, running: Sequence[Running]) -> Support:
    """ConfigMap cilium-config can switch policy off, or only watch; ClusterNetworkPolicy is opt-in from 1.20."""
    configuration = seen.configurations.get("cilium-config")
    version = _version(running)
    support = _cilium_own(Support(True, False, None, _cilium_limits(seen, version)), seen)
    support = support.because(ADMIN_NETWORK_POLICY, "it never has")
    if configuration is None:
        return support.because(CLUSTER_NETWORK_POLICY, "its settings (configmap cilium-config) are not in the input")
    for key, value, reason in (
        ("enable-policy", "never", "enable-policy is never"),
        ("policy-audit-mode", "true", "policy-audit-mode only reports what would be denied"),
    ):
        if configuration.value(key) == value:
            off = Support(False, False, False, support.limits)
            for api in (NETWORK_POLICY, ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY, *OWN_APIS):
                off = off.because(api, f"{configuration.title}: {reason}")
            return off
    if configuration.value("enable-k8s-networkpolicy") == "false":
        support = replace(support, networkpolicy=False)
        support = support.because(NETWORK_POLICY, f"{configuration.title}: enable-k8s-networkpolicy is false")
    on = configuration.value("enable-k8s-cluster-network-policy") == "true"
    support = replace(support, clusternetworkpolicy=on and (version is None or version >= (1, 20)))
    if support.clusternetworkpolicy:
        return support
    reason = "it is off unless enable-k8s-cluster-network-policy is true (1.20 and later)"
    return support.because(CLUSTER_NETWORK_POLICY, reason)


def _cilium_own(support: Support, seen: Seen) -> Support:
    """Its own kind, which GKE does not offer, and AKS in part; of GKE one for names, which a cluster may have on."""
    if seen.called("anetd", "cilium-agent"):
        on = True if seen.has("networking.gke.io", "FQDNNetworkPolicy", "fqdnnetworkpolicies") else None
        support = replace(support, own={FQDN_NETWORK_POLICY: on})
        support = support.because(CILIUM_NETWORK_POLICY, "GKE Dataplane V2 does not offer it")
        return support.because(FQDN_NETWORK_POLICY, "the input does not show it enabled") if on is None else support
    if seen.running(*_AZURE):
        support = replace(support, own={CILIUM_NETWORK_POLICY: None})
        reason = "AKS takes names, and more, with Advanced Container Networking Services alone"
        return support.because(CILIUM_NETWORK_POLICY, reason)
    return replace(support, own={CILIUM_NETWORK_POLICY: True})


def _cilium_limits(seen: Seen, version: tuple[int, int] | None) -> tuple[Limit, ...]:
    policy = "Cilium documentation: Network Policy"
    limits = [Limit(Feature.IP_BLOCK_PODS, "an ipBlock never matches pods of the cluster", policy)]
    configuration = seen.configurations.get("cilium-config")
    if configuration is not None and configuration.value("enable-sctp") != "true":
        limits.append(Limit(Feature.SCTP, "SCTP is off (enable-sctp)", "Cilium documentation: SCTP support"))
    if version is not None and version < (1, 16):
        limits.append(Limit(Feature.END_PORT, "endPort is ignored before 1.16", "cilium issues 28684 and 16622"))
    if configuration is not None and configuration.value("enable-l7-proxy") == "false":
        text = "without enable-l7-proxy nothing learns the addresses of names"
        limits.append(Limit(Feature.NAMES, text, "Cilium documentation: Layer 3 Policies, DNS based"))
    if configuration is not None and configuration.value("enable-policy") == "always":
        text = "pods that no policy selects are closed too (enable-policy: always)"
        limits.append(Limit(Feature.DEFAULT_ALLOW, text, "Cilium documentation: Policy Enforcement Modes"))
    return tuple(limits)


def flannel(_: Seen, __: Sequence[Running]) -> Support:
    """Connects pods and enforces nothing; its chart can run kube-network-policies beside it, which has its own row."""
    return NOTHING.because(NETWORK_POLICY, "it only connects pods")


_DATED = re.compile(r"v?(20\d{6})\b")
_KINDNET_SINCE = "20240723"
"""The day kind's pull request 3612 was merged; kindnetd's tags begin with the day they were built."""


def kindnet(_: Seen, running: Sequence[Running]) -> Support:
    """NetworkPolicy since kind 0.24 (July 2024)."""
    none = Support(None, False, False)
    if (switch := _flag(running, "network-policy")) is not None:
        support = replace(none, networkpolicy=switch)
        return support if switch else support.because(NETWORK_POLICY, "--network-policy is false")
    days = [found[1] if (found := _DATED.match(each.image.tag)) else None for each in running]
    if not days or None in days:
        return none.because(NETWORK_POLICY, "kindnetd does since July 2024, and this one's tag has no date")
    oldest = min(day for day in days if day is not None)
    if oldest < _KINDNET_SINCE:
        support = replace(none, networkpolicy=False)
        return support.because(NETWORK_POLICY, f"kindnetd of {oldest} is older than kind 0.24")
    return replace(none, networkpolicy=True)


def kube_network_policies(_: Seen, running: Sequence[Running]) -> Support:
    """The admin APIs by flag (0.x) or by flavour, which the tag names (``-npa-v1alpha1``, ``-npa-v1alpha2``)."""
    tags = [each.image.tag for each in running]
    known = bool(tags) and all(tags)
    admin = (known and all("npa-v1alpha1" in tag for tag in tags)) or _flag(running, "admin-network-policy") is True
    cluster = known and all("npa-v1alpha2" in tag for tag in tags)
    support = Support(True, admin if admin or known else None, cluster if known else None)
    reason = "this flavour of its image does not" if known else _NO_VERSION
    for api in (ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY):
        if not support.of(api):
            support = support.because(api, reason)
    return support


def kube_router(_: Seen, running: Sequence[Running]) -> Support:
    """Its firewall is on unless ``--run-firewall=false``."""
    source = "kube-router issue 1019 (support for SCTP in network policies, open)"
    limits = [Limit(Feature.SCTP, "SCTP in policies is not supported", source)]
    version = _version(running)
    if version is not None and version < (2, 0):
        limits.append(Limit(Feature.IPV6, "IPv6 policies need kube-router 2.0", "kube-router 2.0 release notes"))
    if _flag(running, "run-firewall") is False:
        return NOTHING.because(NETWORK_POLICY, "--run-firewall is false")
    return Support(True, False, False, tuple(limits))


def k3s(seen: Seen, _: Sequence[Running]) -> Support:
    """A policy controller inside the server process, on unless a server was started with --disable-network-policy."""
    started = [found for node in seen.nodes if (found := node_arguments(node, "k3s")) is not None]
    servers = [arguments for arguments in started if arguments[:1] == ["server"]]
    none = Support(None, False, False)
    if not servers:
        reason = "a server can run with --disable-network-policy, and no server's arguments are in the input"
        return none.because(NETWORK_POLICY, reason)
    if any(_disabled(arguments) for arguments in servers):
        return NOTHING.because(NETWORK_POLICY, "k3s runs with --disable-network-policy")
    return replace(none, networkpolicy=True)


def _disabled(arguments: Sequence[str]) -> bool:
    for place, argument in enumerate(arguments):
        if argument == "--disable-network-policy":
            return arguments[place + 1 : place + 2] != ["false"]
        if argument.startswith("--disable-network-policy="):
            return not argument.endswith("=false")
    return False


def weave(seen: Seen, running: Sequence[Running]) -> Support:
    """Policies are the work of a second container, weave-npc, which EXPECT_NPC=0 takes away."""
    limits = (Limit(Feature.IPV6, "Weave Net has no IPv6", "Weave Net documentation: Features"),)
    if not running:
        return Support(None, False, False, limits)
    if any(each.environment.get("EXPECT_NPC") == "0" for each in running):
        return NOTHING.because(NETWORK_POLICY, "EXPECT_NPC is 0")
    if not seen.running("weave-npc", "weaveworks-weave-npc") and not seen.called("weave-net", "weave-npc"):
        return NOTHING.because(NETWORK_POLICY, "its container weave-npc is missing")
    return Support(True, False, False, limits)


def antrea(seen: Seen, running: Sequence[Running]) -> Support:
    """The admin APIs are feature gates of the controller, off by default: ANP since 1.13, CNP since 2.7."""
    support = Support(networkpolicy=True)
    configuration = next((each for name, each in seen.configurations.items() if name.startswith("antrea-config")), None)
    if configuration is None:
        reason = "its feature gates (configmap antrea-config) are not in the input"
        return support.because(ADMIN_NETWORK_POLICY, reason).because(CLUSTER_NETWORK_POLICY, reason)
    version = _version(running)
    support = replace(
        support,
        adminnetworkpolicy=configuration.matches(r"^\s*AdminNetworkPolicy:\s*true\b"),
        clusternetworkpolicy=configuration.matches(r"^\s*ClusterNetworkPolicy:\s*true\b")
        and (version is None or version >= (2, 7)),
    )
    if not support.adminnetworkpolicy:
        support = support.because(ADMIN_NETWORK_POLICY, f"{configuration.title}: its feature gate is off")
    if not support.clusternetworkpolicy:
        support = support.because(CLUSTER_NETWORK_POLICY, f"{configuration.title}: its feature gate is off")
    return support


def ovn_kubernetes(seen: Seen, running: Sequence[Running]) -> Support:
    """AdminNetworkPolicy by a switch that distributions set for themselves; ClusterNetworkPolicy is not documented."""
    support = Support(networkpolicy=True).because(CLUSTER_NETWORK_POLICY, "its documentation does not say")
    flagged = any(each.mentions("--enable-admin-network-policy") for each in seen.containers) or any(
        each.environment.get("OVN_ADMIN_NETWORK_POLICY_ENABLE") == "true" for each in running
    )
    written = [each for name, each in seen.configurations.items() if name.startswith(("ovnkube-config", "ovn-config"))]
    if flagged or any(each.matches(r"^\s*enable-admin-network-policy\s*=\s*true\b") for each in written):
        return replace(support, adminnetworkpolicy=True)
    if written:
        support = replace(support, adminnetworkpolicy=False)
        return support.because(ADMIN_NETWORK_POLICY, f"{written[0].title}: enable-admin-network-policy is not on")
    return support.because(ADMIN_NETWORK_POLICY, "the input does not show enable-admin-network-policy")


def kube_ovn(seen: Seen, running: Sequence[Running]) -> Support:
    """Both admin APIs by --enable-anp of its controller; ClusterNetworkPolicy from 1.15, as an experiment."""
    controller = [each for each in seen.containers if each.name == "kube-ovn-controller"]
    enabled = _flag(controller, "enable-np")
    admin = _flag(controller, "enable-anp")
    version = _version(controller or running)
    cluster: bool | None = None
    if admin is False or (version is not None and version < (1, 15)):
        cluster = False
    elif admin and version is not None:
        cluster = True
    support = Support(enabled is not False, bool(admin) if controller else None, cluster)
    if enabled is False:
        support = support.because(NETWORK_POLICY, "--enable-np is false")
    if not support.adminnetworkpolicy:
        reason = "--enable-anp is not set" if controller else "the input does not show --enable-anp"
        support = support.because(ADMIN_NETWORK_POLICY, reason).because(CLUSTER_NETWORK_POLICY, reason)
    return support


def openshift_sdn(_: Seen, __: Sequence[Running]) -> Support:
    """NetworkPolicy is its default mode; egress and except came late."""
    source = "OpenShift documentation 4.9: About network policy"
    return Support(
        True,
        False,
        False,
        (
            Limit(Feature.EGRESS, "egress rules are not enforced up to OpenShift 4.9", source),
            Limit(Feature.IP_BLOCK_EXCEPT, "an ipBlock with except is ignored up to OpenShift 4.9", source),
        ),
    )


def aws(seen: Seen, running: Sequence[Running]) -> Support:
    """Off by default: a switch of the controller (ConfigMap amazon-vpc-cni) and one of the agent have to be on.

    EKS Auto Mode runs the agent out of sight, so there the ConfigMap alone decides.
    """
    limits = (
        Limit(Feature.IPV6, "only the cluster's own address family is enforced, never both", _EKS),
        Limit(Feature.STANDALONE_PODS, "pods without an owner (a Deployment and its like) may stay unprotected", _EKS),
        Limit(Feature.STARTUP, "a new pod is open for a moment unless NETWORK_POLICY_ENFORCING_MODE is strict", _EKS),
    )
    configuration = seen.configurations.get("amazon-vpc-cni")
    switch = configuration.value("enable-network-policy-controller") if configuration is not None else None
    agents = seen.running("aws-network-policy-agent") or seen.called("aws-node", "aws-eks-nodeagent")
    agent = _flag(agents, "enable-network-policy")
    none = Support(None, False, False, limits)
    if ("networking.k8s.aws", "PolicyEndpoint") in seen.kinds and agent is not False:
        return replace(none, networkpolicy=True)
    if running and not agents:
        return NOTHING.because(NETWORK_POLICY, "its network policy agent (VPC CNI 1.14 and later) is missing")
    if agents and agent is not True:
        return NOTHING.because(NETWORK_POLICY, "its agent runs without --enable-network-policy=true")
    if configuration is None or switch == "":
        return none.because(NETWORK_POLICY, "the controller's switch (configmap amazon-vpc-cni) is not in the input")
    if switch != "true":
        return NOTHING.because(NETWORK_POLICY, f"{configuration.title}: enable-network-policy-controller is not true")
    return replace(none, networkpolicy=True)


def azure_npm(_: Seen, __: Sequence[Running]) -> Support:
    """Azure's own policy manager."""
    source = "Azure documentation: Secure traffic between pods using network policies in AKS"
    return Support(True, False, False, (Limit(Feature.IPV6, "IPv6 is not supported", source),))


def azure(_: Seen, __: Sequence[Running]) -> Support:
    """Connects pods; policies need one of the three engines that have rows of their own."""
    return NOTHING.because(NETWORK_POLICY, "it only connects pods; neither azure-npm nor Calico nor Cilium was seen")


def romana(_: Seen, __: Sequence[Running]) -> Support:
    """No longer maintained."""
    return Support(True, False, False)


JUDGEMENTS: dict[str, Judgement] = {
    "calico": calico,
    "cilium": cilium,
    "flannel": flannel,
    "kindnet": kindnet,
    "kube-network-policies": kube_network_policies,
    "kube-router": kube_router,
    "k3s": k3s,
    "weave": weave,
    "antrea": antrea,
    "ovn-kubernetes": ovn_kubernetes,
    "kube-ovn": kube_ovn,
    "openshift-sdn": openshift_sdn,
    "aws": aws,
    "azure-npm": azure_npm,
    "azure": azure,
    "romana": romana,
}
"""By the row's key. Multus has none: it only calls other plugins."""
