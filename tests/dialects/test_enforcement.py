"""Which network plugin is recognised, and what it is said to enforce."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.dialects.cni.images import parse
from crenel.dialects.cni.judgement import JUDGEMENTS
from crenel.dialects.cni.table import ROWS
from crenel.dialects.enforcement import Enforcement, Feature, recognise
from crenel.kubernetes.objects.workloads import Node, Pod, Workload

APIS = ("networkpolicy", "adminnetworkpolicy", "clusternetworkpolicy")


@dataclass
class ConfigMap:
    name: str
    data: dict[str, Any]
    namespace: str = "kube-system"


@dataclass
class Given:
    """An input in the making."""

    workloads: list[Workload] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)
    config_maps: list[ConfigMap] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    kinds: list[tuple[str, str] | str] = field(default_factory=list)

    def run(self, workload: str, *containers: dict[str, Any], kind: str = "DaemonSet") -> Given:
        """Add a workload with these containers."""
        manifest = {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": workload, "namespace": "kube-system"},
            "spec": {"template": {"spec": {"containers": list(containers)}}},
        }
        self.workloads.append(msgspec.convert(manifest, Workload))
        return self

    def configure(self, name: str, **data: str) -> Given:
        """Add a ConfigMap; underscores in keys stand for hyphens."""
        self.config_maps.append(ConfigMap(name, {key.replace("_", "-"): text for key, text in data.items()}))
        return self

    def node(self, **metadata: Any) -> Given:
        """Add a node."""
        manifest = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{len(self.nodes)}", **metadata}}
        self.nodes.append(msgspec.convert(manifest, Node))
        return self

    @property
    def found(self) -> Enforcement:
        """What is recognised."""
        return recognise(self.workloads, self.pods, self.config_maps, self.nodes, self.kinds)

    def answers(self) -> tuple[bool | None, ...]:
        """Whether NetworkPolicy, AdminNetworkPolicy and ClusterNetworkPolicy are enforced."""
        return tuple(self.found.enforced(api) for api in APIS)


def box(image: str, name: str = "", *args: str, **env: str) -> dict[str, Any]:
    """A container."""
    environment = [{"name": key, "value": value} for key, value in env.items()]
    return {"image": image, "name": name or "main", "args": list(args), "env": environment}


@pytest.mark.parametrize(
    ("reference", "name", "tag"),
    [
        ("calico/node:v3.29.1", "calico-node", "v3.29.1"),
        ("mirror.example:5000/a/b/calico/node:v3.29.1@sha256:00", "calico-node", "v3.29.1"),
        ("rancher/mirrored-calico-node:v3.29.1", "calico-node", "v3.29.1"),
        ("mirror.example:5000/calico-node@sha256:00", "calico-node", ""),
        ("Mirror.example/CALICO/Node", "calico-node", ""),
        ("rancher/hardened-flannel:v0.26", "flannel", "v0.26"),
        ("cilium", "cilium", ""),
    ],
)
def test_image_names(reference: str, name: str, tag: str) -> None:
    """Registries, mirrors, prefixes, tags and digests do not hide which program an image is."""
    image = parse(reference)
    assert name in image.names
    assert image.tag == tag


@given(st.text(max_size=60))
def test_any_image_reference_is_read(reference: str) -> None:
    """No text is too odd for an image reference."""
    assert parse(reference) == parse(reference)


def test_nothing_seen_is_not_known() -> None:
    """An application's manifests alone leave it open whether anything enforces their policies."""
    given_ = Given().run("web", box("shop/web:1"), kind="Deployment")
    assert given_.found == Enforcement()
    assert given_.found.cni is None
    assert given_.answers() == (None, None, None)
    assert given_.found.explain("networkpolicy") == (
        "whether anything enforces networkpolicy is not known: the input shows no network plugin"
    )


@pytest.mark.parametrize(
    ("tag", "answers"),
    [
        ("v3.28.0", (True, False, False)),
        ("v3.29.1", (True, True, False)),
        ("v3.31.7", (True, True, False)),
        ("v3.32.0", (True, False, True)),
        ("latest", (True, None, None)),
    ],
)
def test_calico(tag: str, answers: tuple[bool | None, ...]) -> None:
    """Calico had AdminNetworkPolicy from 3.29 to 3.31, and has ClusterNetworkPolicy since."""
    given_ = Given().run("calico-node", box(f"quay.example/calico/node:{tag}", "calico-node"))
    assert given_.found.cni == "Calico"
    assert given_.answers() == answers


def test_calico_by_digest_and_operator() -> None:
    """Calico is recognised by its DaemonSet's names, and by the object that its operator installs from."""
    by_name = Given().run("calico-node", box("mirror.example/x@sha256:00", "calico-node"))
    assert (by_name.found.cni, by_name.answers()[0]) == ("Calico", True)
    by_operator = Given(kinds=[("operator.tigera.io/v1", "Installation")])
    assert (by_operator.found.cni, by_operator.answers()[0]) == ("Calico", True)


def test_a_policy_of_its_own_kind_is_only_a_hint() -> None:
    """A Cilium policy in the input shows what its author hoped for, not what runs."""
    given_ = Given(kinds=[("cilium.io/v2", "CiliumNetworkPolicy"), "ciliumnetworkpolicies.cilium.io"])
    assert given_.found.cni is None
    assert given_.answers()[0] is None
    assert [(each.plugin, each.sure) for each in given_.found.evidence] == [("Cilium", False), ("Cilium", False)]


def test_canal() -> None:
    """Flannel with Calico for policies is Canal, and policies are enforced."""
    given_ = Given().run(
        "rke2-canal",
        box("rancher/hardened-calico:v3.28.0", "calico-node"),
        box("rancher/hardened-flannel:v0.26.0", "kube-flannel"),
    )
    assert given_.found.cni == "Canal (Flannel and Calico)"
    assert given_.answers()[0] is True


def test_flannel_enforces_nothing() -> None:
    """Flannel alone enforces no policy of any kind, and the answer says so with what showed it."""
    given_ = Given().run("kube-flannel-ds", box("flannel/flannel:v0.26.1", "kube-flannel"))
    assert given_.answers() == (False, False, False)
    assert given_.found.enforces == frozenset()
    assert given_.found.explain("networkpolicy") == (
        "Flannel does not enforce networkpolicy (Flannel: it only connects pods)"
    )
    assert [str(each) for each in given_.found.evidence] == [
        "Flannel: daemonset kube-system/kube-flannel-ds runs flannel/flannel:v0.26.1"
    ]
    assert given_.found.evidence[0].field == ("spec", "template", "spec", "containers", 0, "image")


def test_flannel_with_its_policy_container() -> None:
    """Flannel's chart can run kube-network-policies in the same pods (netpol.enabled)."""
    given_ = Given().run(
        "kube-flannel-ds",
        box("flannel/flannel:v0.27.0", "kube-flannel"),
        box("networking/kube-network-policies:v0.7.0", "kube-network-policies"),
    )
    assert given_.found.cni == "Flannel with kube-network-policies"
    assert given_.answers() == (True, False, False)


@pytest.mark.parametrize(
    ("settings", "answers"),
    [
        ({}, (True, False, False)),
        ({"enable_policy": "never"}, (False, False, False)),
        ({"policy_audit_mode": "true"}, (False, False, False)),
        ({"enable_k8s_networkpolicy": "false"}, (False, False, False)),
        ({"enable_k8s_cluster_network_policy": "true"}, (True, False, True)),
    ],
)
def test_cilium_configuration(settings: dict[str, str], answers: tuple[bool | None, ...]) -> None:
    """Cilium's ConfigMap can switch enforcement off, or only watch."""
    given_ = Given().run("cilium", box("cilium/cilium:v1.20.0", "cilium-agent")).configure("cilium-config", **settings)
    assert given_.answers() == answers


def test_cilium_limits() -> None:
    """Cilium's ipBlock never means pods, SCTP is off by default, and ranges of ports came with 1.16."""
    old = Given().run("cilium", box("cilium/cilium:v1.15.4", "cilium-agent")).configure("cilium-config").found
    assert old.covers("networkpolicy", Feature.IP_BLOCK_PODS) is False
    assert old.covers("networkpolicy", Feature.SCTP) is False
    assert old.covers("networkpolicy", Feature.END_PORT) is False
    assert old.covers("networkpolicy", Feature.EGRESS) is True
    new = Given().run("cilium", box("cilium/cilium:v1.17.0")).configure("cilium-config", enable_sctp="true").found
    assert new.covers("networkpolicy", Feature.SCTP) is True
    assert new.covers("networkpolicy", Feature.END_PORT) is True
    always = Given().configure("cilium-config", enable_policy="always").found
    assert always.covers("networkpolicy", Feature.DEFAULT_ALLOW) is False


def test_gke_dataplane() -> None:
    """GKE's second dataplane is Cilium under another name."""
    given_ = Given().run("anetd", box("gke.example/cilium/cilium:v1.14-gke.1", "cilium-agent"))
    assert given_.found.cni == "GKE Dataplane V2 (Cilium)"
    assert given_.answers()[0] is True


def test_kinds_of_cilium() -> None:
    """Its own kind is its own; names need its proxy, and on AKS something that the input does not show."""
    own = ("ciliumnetworkpolicy", "fqdnnetworkpolicy")
    plain = Given().run("cilium", box("cilium/cilium:v1.18.0", "cilium-agent"))
    assert [plain.found.enforced(api) for api in own] == [True, False]
    assert plain.found.covers("ciliumnetworkpolicy", Feature.NAMES) is True
    deaf = Given().configure("cilium-config", enable_l7_proxy="false").found
    assert deaf.covers("ciliumnetworkpolicy", Feature.NAMES) is False
    watching = Given().configure("cilium-config", policy_audit_mode="true").found
    assert watching.enforced("ciliumnetworkpolicy") is False
    aks = plain.run("azure-cns", box("mcr.example/containernetworking/azure-cns:v1.6", "cns-container")).found
    assert aks.enforced("ciliumnetworkpolicy") is None
    assert "Advanced Container Networking Services" in aks.explain("ciliumnetworkpolicy")
    calico = Given().run("calico-node", box("calico/node:v3.29.1", "calico-node")).found
    assert [calico.enforced(api) for api in own] == [False, False]
    assert [Given().found.enforced(api) for api in own] == [None, None]


def test_kinds_of_gke() -> None:
    """GKE has a kind for names, where it is switched on: the cluster knows the kind then."""
    anetd = Given().run("anetd", box("gke.example/cilium/cilium:v1.14-gke.1", "cilium-agent"))
    assert anetd.found.enforced("ciliumnetworkpolicy") is False
    assert anetd.found.enforced("fqdnnetworkpolicy") is None
    anetd.kinds.append("fqdnnetworkpolicies.networking.gke.io")
    assert anetd.found.enforced("fqdnnetworkpolicy") is True


@pytest.mark.parametrize(
    ("tag", "args", "answer"),
    [
        ("v20240513-cd2ac642", (), False),
        ("v20240813-c6f155d6", (), True),
        ("stable", (), None),
        ("stable", ("--network-policy=true",), True),
        ("v20240813-c6f155d6", ("--network-policy=false",), False),
    ],
)
def test_kindnet(tag: str, args: tuple[str, ...], answer: bool | None) -> None:
    """kind's own plugin enforces NetworkPolicy since July 2024; its tags carry the day."""
    given_ = Given().run("kindnet", box(f"kindest/kindnetd:{tag}", "kindnet-cni", *args))
    assert given_.answers() == (answer, False, False)


@pytest.mark.parametrize(
    ("tag", "args", "answers"),
    [
        ("v0.7.0", (), (True, False, False)),
        ("v0.2.0", ("-admin-network-policy=true",), (True, True, False)),
        ("v1.0.0-npa-v1alpha1", (), (True, True, False)),
        ("v1.0.0-npa-v1alpha2", (), (True, False, True)),
        ("", (), (True, None, None)),
    ],
)
def test_kube_network_policies(tag: str, args: tuple[str, ...], answers: tuple[bool | None, ...]) -> None:
    """The flavour of kube-network-policies is in its tag or its flags."""
    image = f"networking/kube-network-policies:{tag}" if tag else "networking/kube-network-policies@sha256:00"
    assert Given().run("kube-network-policies", box(image, "kube-network-policies", *args)).answers() == answers


def test_kube_router() -> None:
    """kube-router's firewall is on unless it is switched off."""
    on = Given().run("kube-router", box("cloudnativelabs/kube-router:v2.1.0", "kube-router", "--run-router=true"))
    assert on.answers() == (True, False, False)
    off = Given().run("kube-router", box("cloudnativelabs/kube-router:v2.1.0", "kube-router", "--run-firewall=false"))
    assert off.answers() == (False, False, False)
    assert on.found.covers("networkpolicy", Feature.IPV6) is True
    old = Given().run("kube-router", box("cloudnativelabs/kube-router:v1.6.0", "kube-router"))
    assert old.found.covers("networkpolicy", Feature.IPV6) is False


@pytest.mark.parametrize(
    ("annotations", "labels", "answer"),
    [
        ({"k3s.io/node-args": '["server"]'}, {}, True),
        ({"k3s.io/node-args": '["server","--disable-network-policy"]'}, {}, False),
        ({"k3s.io/node-args": '["server","--disable-network-policy","false"]'}, {}, True),
        ({"k3s.io/node-args": '["agent"]'}, {}, None),
        ({"k3s.io/node-args": "{"}, {}, None),
        ({}, {"node.kubernetes.io/instance-type": "k3s"}, None),
    ],
)
def test_k3s(annotations: dict[str, str], labels: dict[str, str], answer: bool | None) -> None:
    """k3s enforces from inside its server process; only the nodes' annotations tell whether that was switched off."""
    given_ = Given().node(annotations=annotations, labels=labels)
    assert given_.found.cni == "k3s"
    assert given_.answers() == (answer, False, False)


def test_weave() -> None:
    """Weave Net enforces with a container of its own, which can be left out."""
    network, policy = box("weaveworks/weave-kube:2.8.1", "weave"), box("weaveworks/weave-npc:2.8.1", "weave-npc")
    assert Given().run("weave-net", network, policy).answers() == (True, False, False)
    assert Given().run("weave-net", network).answers() == (False, False, False)
    silent = box("weaveworks/weave-kube:2.8.1", "weave", EXPECT_NPC="0")
    assert Given().run("weave-net", silent, policy).answers() == (False, False, False)


def test_antrea() -> None:
    """Antrea's admin policies are feature gates that are off by default; a comment switches nothing on."""
    given_ = Given().run("antrea-agent", box("antrea/antrea-agent-ubuntu:v2.7.0", "antrea-agent"))
    assert given_.answers() == (True, None, None)
    comment = "featureGates:\n#  AdminNetworkPolicy: true\n"
    given_.config_maps = [ConfigMap("antrea-config", {"antrea-controller.conf": comment})]
    assert given_.answers() == (True, False, False)
    gates = "featureGates:\n  AdminNetworkPolicy: true\n  ClusterNetworkPolicy: true\n"
    given_.config_maps = [ConfigMap("antrea-config", {"antrea-controller.conf": gates})]
    assert given_.answers() == (True, True, True)


def test_ovn_kubernetes() -> None:
    """OVN-Kubernetes is recognised where images only have digests; its admin policies depend on a switch."""
    container = box("release.example/art@sha256:00", "ovnkube-controller")
    given_ = Given().run("ovnkube-node", container)
    assert given_.found.cni == "OVN-Kubernetes"
    assert given_.answers() == (True, None, None)
    given_.config_maps = [ConfigMap("ovnkube-config", {"ovnkube.conf": "[ovnkubernetesfeature]\n"})]
    assert given_.answers() == (True, False, None)
    given_.config_maps = [ConfigMap("ovnkube-config", {"ovnkube.conf": "enable-admin-network-policy=true\n"})]
    assert given_.answers() == (True, True, None)


def test_kube_ovn() -> None:
    """Kube-OVN's controller has a flag for each API."""
    agent = box("kubeovn/kube-ovn:v1.15.2", "cni-server")
    assert Given().run("kube-ovn-cni", agent).answers() == (True, None, None)

    def controlled(*flags: str, tag: str = "v1.15.2") -> tuple[bool | None, ...]:
        controller = box(f"kubeovn/kube-ovn:{tag}", "kube-ovn-controller", *flags)
        return Given().run("kube-ovn-controller", controller, kind="Deployment").run("kube-ovn-cni", agent).answers()

    assert controlled() == (True, False, None)
    assert controlled("--enable-anp=true") == (True, True, True)
    assert controlled("--enable-anp=true", tag="v1.13.0") == (True, True, False)
    assert controlled("--enable-np=false") == (False, False, None)


def test_openshift_sdn() -> None:
    """OpenShift SDN is recognised by its names; it left out egress for long."""
    found = Given().run("sdn", box("release.example/art@sha256:00", "sdn")).found
    assert found.cni == "OpenShift SDN"
    assert found.enforced("networkpolicy") is True
    assert found.covers("networkpolicy", Feature.EGRESS) is False


AGENT = ("eks/amazon/aws-network-policy-agent:v1.2.1", "aws-eks-nodeagent")
NODE = box("eks/amazon-k8s-cni:v1.19.0", "aws-node")


@pytest.mark.parametrize(
    ("agent", "switch", "answer"),
    [
        (None, "true", False),
        ("--enable-network-policy=false", "true", False),
        ("--enable-network-policy=true", "true", True),
        ("--enable-network-policy=true", "false", False),
        ("--enable-network-policy=true", None, None),
    ],
)
def test_aws(agent: str | None, switch: str | None, answer: bool | None) -> None:
    """Amazon's plugin enforces when both its agent and its controller are switched on."""
    given_ = Given().run("aws-node", NODE, *([box(*AGENT, agent)] if agent else []))
    if switch is not None:
        given_.configure("amazon-vpc-cni", enable_network_policy_controller=switch)
    assert given_.answers()[0] is answer


def test_aws_by_what_its_controller_writes() -> None:
    """PolicyEndpoints exist only where Amazon's controller works on policies."""
    given_ = Given(kinds=[("networking.k8s.aws/v1alpha1", "PolicyEndpoint")])
    given_.run("aws-node", NODE, box(*AGENT, "--enable-network-policy=true"))
    assert given_.answers()[0] is True


def test_eks_auto_mode() -> None:
    """In EKS Auto Mode everything runs out of sight, and one ConfigMap decides."""
    label = {"eks.amazonaws.com/compute-type": "auto"}
    assert Given().node(labels=label).answers()[0] is None
    on = Given().node(labels=label).configure("amazon-vpc-cni", enable_network_policy_controller="true")
    assert (on.found.cni, on.answers()[0]) == ("Amazon VPC CNI", True)


def test_azure() -> None:
    """Azure's plugin only connects; its policy manager, or Cilium, enforces."""
    network = box("mcr.example/containernetworking/azure-cns:v1.6", "cns-container")
    assert Given().run("azure-cns", network).answers() == (False, False, False)
    managed = Given().run("azure-cns", network).run("azure-npm", box("mcr.example/azure-npm:v1.5", "azure-npm"))
    assert managed.answers() == (True, False, False)
    cilium = Given().run("azure-cns", network).run("cilium", box("mcr.example/oss/cilium/cilium:v1.14", "cilium-agent"))
    assert (cilium.found.cni, cilium.answers()[0]) == ("Cilium", True)


def test_chained_plugins() -> None:
    """One plugin that enforces is enough, whatever the others do."""
    given_ = Given().run("aws-node", NODE).run("calico-node", box("calico/node:v3.28.0", "calico-node"))
    assert given_.found.cni == "Calico with Amazon VPC CNI"
    assert given_.answers()[0] is True


def test_multus_is_no_plugin_of_its_own() -> None:
    """Multus calls other plugins: alone it tells nothing."""
    given_ = Given().run("kube-multus-ds", box("k8snetworkplumbingwg/multus-cni:v4.1", "kube-multus"))
    assert given_.found.cni is None
    assert given_.answers() == (None, None, None)
    assert [each.plugin for each in given_.found.evidence] == ["Multus"]


def test_pods_alone_show_it() -> None:
    """A live cluster's pods are enough, DaemonSets need not be readable."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "cilium-x7abc", "namespace": "kube-system"},
        "spec": {"containers": [{"name": "cilium-agent", "image": "mirror.example/x@sha256:00"}]},
    }
    assert Given(pods=[msgspec.convert(manifest, Pod)]).found.cni == "Cilium"


def test_host_network_pods_are_out_of_reach() -> None:
    """No implementation enforces policies on pods in the host network."""
    found = Given().run("calico-node", box("calico/node:v3.28.0", "calico-node")).found
    assert found.covers("networkpolicy", Feature.HOST_NETWORK) is False
    assert found.limits[0].feature is Feature.HOST_NETWORK


def test_every_row_is_judged_and_documented() -> None:
    """Every row has a judgement and a source, and stands in the table of the documentation."""
    page = (Path(__file__).parents[2] / "docs" / "concepts" / "enforcement.md").read_text("utf-8")
    for row in ROWS:
        assert row.source
        assert f"| {row.title} |" in page
        assert row.key in JUDGEMENTS or row.key == "multus"


def test_odd_configuration_is_no_obstacle() -> None:
    """A ConfigMap may hold anything, such as values that are not text."""
    given_ = Given(config_maps=[ConfigMap("cilium-config", {"enable-policy": True, "x": None})])
    assert given_.answers()[0] is True
