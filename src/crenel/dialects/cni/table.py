"""The table of network plugins: one row each, with what shows it and where the facts are from.

To add a plugin, write its row here and its judgement in `crenel.dialects.cni.judgement`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One program that connects pods or enforces policies between them."""

    key: str
    title: str
    images: tuple[str, ...]
    """Names of its per-node image, as `crenel.dialects.cni.images` calls them."""
    containers: tuple[tuple[str, str], ...] = ()
    """(workload, container) names that tell it where the image does not (registries that only have digests)."""
    kinds: tuple[tuple[str, str], ...] = ()
    """(API group, kind) of objects that exist only where it runs, because it writes them."""
    hints: tuple[str, ...] = ()
    """API groups whose objects somebody applies in the hope that it runs: weak evidence."""
    connects: bool = True
    """Gives pods their network; False for those that only enforce policies."""
    source: str = ""
    """The page that the row rests on."""


ROWS = (
    Row(
        "calico",
        "Calico",
        ("calico-node", "cnx-node"),
        (("calico-node", "calico-node"), ("canal", "calico-node"), ("rke2-canal", "calico-node")),
        (
            ("operator.tigera.io", "Installation"),
            ("crd.projectcalico.org", "ClusterInformation"),
            ("crd.projectcalico.org", "IPAMBlock"),
            ("crd.projectcalico.org", "BlockAffinity"),
        ),
        ("crd.projectcalico.org", "projectcalico.org"),
        source="Calico documentation: Get started with Kubernetes network policy; upgrade notes",
    ),
    Row(
        "cilium",
        "Cilium",
        ("cilium", "cilium-cilium"),
        (("cilium", "cilium-agent"), ("anetd", "cilium-agent")),
        (("cilium.io", "CiliumNode"), ("cilium.io", "CiliumEndpoint"), ("cilium.io", "CiliumIdentity")),
        ("cilium.io",),
        source="Cilium documentation: Network Policy (known missing features); SCTP support",
    ),
    Row(
        "flannel",
        "Flannel",
        ("flannel", "flannel-flannel", "flannelcni-flannel", "coreos-flannel"),
        (("kube-flannel-ds", "kube-flannel"), ("kube-flannel", "kube-flannel")),
        source="flannel-io/flannel README: Networking details; Helm chart value netpol.enabled",
    ),
    Row(
        "kindnet",
        "kindnet",
        ("kindnetd", "kindest-kindnetd"),
        (("kindnet", "kindnet-cni"),),
        source="kind v0.24.0 release notes: network policy through kube-network-policies; kind pull request 3612",
    ),
    Row(
        "kube-network-policies",
        "kube-network-policies",
        ("kube-network-policies",),
        (("kube-network-policies", "kube-network-policies"), ("kube-flannel-ds", "kube-network-policies")),
        connects=False,
        source="kubernetes-sigs/kube-network-policies README: Install",
    ),
    Row(
        "kube-router",
        "kube-router",
        ("kube-router", "cloudnativelabs-kube-router"),
        (("kube-router", "kube-router"),),
        source="kube-router user guide: --run-firewall",
    ),
    Row(
        "k3s",
        "k3s",
        (),
        connects=False,
        source="k3s documentation: Networking services, Network Policy Controller",
    ),
    Row(
        "weave",
        "Weave Net",
        ("weave-kube", "weaveworks-weave-kube"),
        (("weave-net", "weave"),),
        source="Weave Net documentation: Integrating Kubernetes via the addon (EXPECT_NPC)",
    ),
    Row(
        "antrea",
        "Antrea",
        ("antrea-agent", "antrea-agent-ubuntu", "antrea-agent-ubi", "antrea-ubuntu", "antrea-ubi"),
        (("antrea-agent", "antrea-agent"),),
        (("crd.antrea.io", "AntreaAgentInfo"), ("crd.antrea.io", "AntreaControllerInfo")),
        ("crd.antrea.io",),
        source="Antrea documentation: AdminNetworkPolicy API Support; Feature Gates; pull request 8044",
    ),
    Row(
        "ovn-kubernetes",
        "OVN-Kubernetes",
        ("ovn-kube-ubuntu", "ovn-kube-fedora", "ovn-kube-f", "ovn-kubernetes", "ovn-kube-u"),
        (
            ("ovnkube-node", "ovnkube-controller"),
            ("ovnkube-node", "ovn-controller"),
            ("ovnkube-node", "ovnkube-node"),
        ),
        hints=("k8s.ovn.org",),
        source="OVN-Kubernetes documentation: Admin Network Policy (enable-admin-network-policy)",
    ),
    Row(
        "kube-ovn",
        "Kube-OVN",
        ("kube-ovn", "kubeovn-kube-ovn"),
        (("kube-ovn-cni", "cni-server"),),
        (("kubeovn.io", "IP"),),
        ("kubeovn.io",),
        source="Kube-OVN: controller options --enable-np and --enable-anp; network-policy-api pull request 354",
    ),
    Row(
        "openshift-sdn",
        "OpenShift SDN",
        (),
        (("sdn", "sdn"),),
        (("network.openshift.io", "HostSubnet"), ("network.openshift.io", "ClusterNetwork")),
        source="OpenShift documentation 4.5 to 4.9: About network policy",
    ),
    Row(
        "aws",
        "Amazon VPC CNI",
        ("amazon-k8s-cni",),
        (("aws-node", "aws-node"),),
        (("networking.k8s.aws", "PolicyEndpoint"), ("crd.k8s.amazonaws.com", "ENIConfig")),
        ("networking.k8s.aws",),
        source="Amazon EKS user guide: Limit Pod traffic with Kubernetes network policies; EKS Auto Mode",
    ),
    Row(
        "azure-npm",
        "Azure NPM",
        ("azure-npm",),
        (("azure-npm", "azure-npm"),),
        connects=False,
        source="Azure documentation: Secure traffic between pods using network policies in AKS",
    ),
    Row(
        "azure",
        "Azure CNI",
        ("azure-cns",),
        (("azure-cns", "cns-container"),),
        source="Azure documentation: Azure CNI; network policies need azure-npm, Calico or Cilium",
    ),
    Row(
        "romana",
        "Romana",
        ("romana-agent",),
        (("romana-agent", "romana-agent"),),
        source="romana/romana README",
    ),
    Row(
        "multus",
        "Multus",
        ("multus-cni", "multus"),
        (("kube-multus-ds", "kube-multus"), ("multus", "kube-multus")),
        connects=False,
        source="Multus documentation: a meta plugin that calls other plugins",
    ),
)  # fmt: skip

BY_KEY = {row.key: row for row in ROWS}

IMAGES = frozenset(name for row in ROWS for name in row.images) | {
    "weave-npc",
    "weaveworks-weave-npc",
    "aws-network-policy-agent",
}
"""Every image name that means something here, those of helpers included."""

CONTAINERS = frozenset(container for row in ROWS for _, container in row.containers) | {
    "weave-npc",
    "aws-eks-nodeagent",
    "kube-ovn-controller",
    "ovnkube-cluster-manager",
    "ovnkube-master",
}
"""Every container name that means something here."""
