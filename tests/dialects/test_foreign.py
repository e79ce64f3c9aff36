"""What policies of other APIs could change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crenel.dialects.cni import selectors
from crenel.dialects.cni.policies import BOTH, EGRESS, INGRESS, NEITHER
from crenel.dialects.foreign import KINDS, Scope, describe, is_cluster_wide, is_foreign, notice
from crenel.kubernetes.objects.meta import LabelSelector, Requirement
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.provenance import Severity

CILIUM = ("cilium.io/v2", "CiliumNetworkPolicy")
CLUSTERWIDE = ("cilium.io/v2", "CiliumClusterwideNetworkPolicy")
CALICO = ("projectcalico.org/v3", "NetworkPolicy")
GLOBAL = ("crd.projectcalico.org/v1", "GlobalNetworkPolicy")
AUTHORIZATION = ("security.istio.io/v1", "AuthorizationPolicy")


def policy(kind: tuple[str, str], spec: str | dict[str, Any] = "{}", namespace: str | None = None) -> ForeignPolicy:
    """A policy whose spec is written as YAML."""
    if namespace is None:
        namespace = "" if is_cluster_wide(*kind) else "shop"
    return ForeignPolicy(*kind, "p", namespace, yaml.safe_load(spec) if isinstance(spec, str) else spec)


def scope(kind: tuple[str, str], spec: str | dict[str, Any] = "{}", namespace: str | None = None) -> Scope:
    """What such a policy could change."""
    return describe(policy(kind, spec, namespace))


def labels(**match: str) -> LabelSelector:
    return LabelSelector(match_labels=match)


@pytest.mark.parametrize(
    ("api_version", "kind", "foreign"),
    [
        ("cilium.io/v2", "CiliumNetworkPolicy", True),
        ("crd.projectcalico.org/v1", "NetworkPolicy", True),
        ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy", True),
        ("policy.networking.k8s.io/v1beta1", "ClusterNetworkPolicy", False),
        ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", False),
        ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", False),
        ("networking.k8s.io/v1", "NetworkPolicy", False),
        ("projectcalico.org/v3", "Tier", False),
        ("cilium.io/v2", "CiliumEndpoint", False),
        ("v1", "Service", False),
    ],
)
def test_kinds(api_version: str, kind: str, foreign: bool) -> None:
    """Kinds are told apart by group and version, never by name alone."""
    assert is_foreign(api_version, kind) is foreign


@pytest.mark.parametrize(
    ("spec", "directions", "may_allow", "may_deny"),
    [
        ("endpointSelector: {}\ningress: [{fromEndpoints: [{}]}]", INGRESS, True, True),
        ("endpointSelector: {}\ningress: [{}]", INGRESS, False, True),
        ("endpointSelector: {}\negressDeny: [{toEntities: [world]}]", EGRESS, False, True),
        ("ingress: [{fromEntities: [all]}]\nenableDefaultDeny: {ingress: false}", INGRESS, True, False),
        ("endpointSelector: {}\nenableDefaultDeny: {egress: true}", EGRESS, False, True),
        ("endpointSelector: {}\ningress: []\negress: []", NEITHER, False, False),
        ("endpointSelector: {}\ningress: [{}]\negress: [{toPorts: []}]", BOTH, True, True),
        ("{}", BOTH, True, True),
    ],
)
def test_cilium_directions(spec: str, directions: frozenset[str], may_allow: bool, may_deny: bool) -> None:
    """A Cilium policy changes the directions it has rules for; an empty rule only closes."""
    found = scope(CILIUM, spec)
    assert (found.directions, found.may_allow, found.may_deny) == (directions, may_allow, may_deny)
    assert found.namespace == "shop"


def test_cilium_subject() -> None:
    """Sources before label keys are stripped; keys that are no pod labels are left out, which widens."""
    spec = """
      endpointSelector:
        matchLabels: {"k8s:app": web, "any:tier": front, "reserved:host": "", "k8s:io.cilium.k8s.policy.cluster": a}
        matchExpressions:
        - {key: "k8s:version", operator: NotIn, values: [v1]}
        - {key: "container:x", operator: Exists}
        - {key: controller-revision-hash, operator: DoesNotExist}
      ingress: [{}]
    """
    expected = LabelSelector({"app": "web", "tier": "front"}, [Requirement("version", "NotIn", ["v1"])])
    assert scope(CILIUM, spec).selector == expected
    recommended = scope(CILIUM, "endpointSelector: {matchLabels: {app.kubernetes.io/name: web}}\ningress: [{}]")
    assert recommended.selector == LabelSelector({"app.kubernetes.io/name": "web"})


def test_cilium_cluster_wide() -> None:
    """A cluster-wide policy may be limited to a namespace by label, or apply to nodes instead of pods."""
    one = scope(
        CLUSTERWIDE, 'endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": shop}}\ningress: [{}]'
    )
    assert (one.namespace, one.selector, one.hosts, one.pods) == ("shop", None, False, True)
    nodes = scope(CLUSTERWIDE, "nodeSelector: {matchLabels: {role: worker}}\ningress: [{}]")
    assert (nodes.namespace, nodes.hosts, nodes.pods) == (None, True, False)


def test_cilium_several_specs() -> None:
    """Several specs in one policy are taken together."""
    found = scope(
        CILIUM,
        """
        specs:
        - {endpointSelector: {matchLabels: {app: a}}, ingress: [{fromEntities: [all]}]}
        - {endpointSelector: {matchLabels: {app: b}}, egressDeny: [{toEntities: [all]}]}
        """,
    )
    assert (found.selector, found.directions, found.may_allow) == (None, BOTH, True)
    same = "{endpointSelector: {matchLabels: {app: a}}, ingress: [{}]}"
    assert scope(CILIUM, f"specs: [{same}, {same}]").selector == labels(app="a")
    assert scope(CILIUM, "specs: []").directions == BOTH


@pytest.mark.parametrize(
    ("spec", "directions"),
    [
        ("selector: all()", INGRESS),
        ("egress: [{action: Deny}]", EGRESS),
        ("ingress: [{action: Allow}]\negress: [{action: Deny}]", BOTH),
        ("types: [Egress]", EGRESS),
        ("types: [Sideways]", BOTH),
    ],
)
def test_calico_types(spec: str, directions: frozenset[str]) -> None:
    """Calico's types default as its API says; an unknown one could mean anything."""
    assert scope(CALICO, spec).directions == directions


def test_calico_effects() -> None:
    """A Calico policy isolates, so it may deny; it may allow when a rule does."""
    assert scope(CALICO, "ingress: [{action: Deny}]").may_allow is False
    assert scope(CALICO, "ingress: [{action: Allow}]").may_allow is True
    assert scope(CALICO, "ingress: [{action: Pass}]").may_allow is True
    everywhere = scope(GLOBAL, "selector: app == 'db'\ningress: [{action: Deny}]")
    assert (everywhere.namespace, everywhere.hosts, everywhere.may_deny) == (None, True, True)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("all()", None),
        ("", None),
        ("app == 'web'", [("app", "In", ["web"])]),
        ('app == "web" && tier != "front"', [("app", "In", ["web"]), ("tier", "NotIn", ["front"])]),
        ("has(app) && !has(old)", [("app", "Exists", None), ("old", "DoesNotExist", None)]),
        ("app in {'a', \"b\"}", [("app", "In", ["a", "b"])]),
        ("app not in { 'a' } && all()", [("app", "NotIn", ["a"])]),
        ("projectcalico.org/namespace == 'shop' && app == 'a && b'", [("app", "In", ["a && b"])]),
        ("app == 'a' || app == 'b'", None),
        ("(app == 'a')", None),
        ("app == 'a' &&", None),
        ("app contains 'a'", None),
    ],
)
def test_calico_selectors(expression: str, expected: list[tuple[str, str, list[str] | None]] | None) -> None:
    """A conjunction of simple terms is understood, everything else matches all."""
    selector = LabelSelector(match_expressions=[Requirement(*each) for each in expected]) if expected else None
    assert selectors.calico(expression) == selector


def test_staged_policies_change_nothing() -> None:
    """Calico's staged policies are not enforced, and the notice says so."""
    staged = policy(("projectcalico.org/v3", "StagedNetworkPolicy"), "types: [Ingress]")
    assert describe(staged).directions == NEITHER
    assert [str(each) for each in notice([staged])] == [
        "stagednetworkpolicy.projectcalico.org shop/p: not understood; they change no verdict"
    ]


def test_istio_only_forbids() -> None:
    """Istio's policies lie on top of network policies, at the receiving side."""
    found = scope(AUTHORIZATION, "selector: {matchLabels: {app: web}}\naction: ALLOW")
    assert found == Scope("shop", labels(app="web"), directions=INGRESS, may_allow=False)
    assert scope(AUTHORIZATION, "action: AUDIT").directions == NEITHER
    assert scope(AUTHORIZATION, "{}", "istio-system").namespace is None
    attached = scope(AUTHORIZATION, "targetRefs: [{kind: Service, name: web}]\nselector: {matchLabels: {a: b}}")
    assert attached.selector is None


def test_istio_other_kinds() -> None:
    """Mutual TLS turns plain text away; a token check alone turns nobody away who has no token."""
    peers = ("security.istio.io/v1beta1", "PeerAuthentication")
    assert scope(peers, "mtls: {mode: STRICT}").directions == INGRESS
    assert scope(peers, "mtls: {mode: PERMISSIVE}").directions == NEITHER
    assert scope(peers, "mtls: {mode: PERMISSIVE}\nportLevelMtls: {80: {mode: STRICT}}").directions == INGRESS
    assert scope(("security.istio.io/v1", "RequestAuthentication")).directions == NEITHER
    sidecar = scope(("networking.istio.io/v1", "Sidecar"), "workloadSelector: {labels: {app: web}}")
    assert (sidecar.directions, sidecar.selector) == (EGRESS, labels(app="web"))


def test_other_meshes() -> None:
    """Linkerd, Kuma and Consul only forbid; the last two are not limited to their own namespace."""
    server = scope(("policy.linkerd.io/v1beta3", "Server"), "podSelector: {matchLabels: {app: web}}\nport: http")
    assert (server.selector, server.directions, server.may_allow) == (labels(app="web"), INGRESS, False)
    kuma = scope(("kuma.io/v1alpha1", "MeshTrafficPermission"))
    assert (kuma.namespace, kuma.directions, kuma.may_allow) == (None, INGRESS, False)
    assert scope(("consul.hashicorp.com/v1alpha1", "ServiceIntentions")).namespace is None
    assert scope(("policy.linkerd.io/v1alpha1", "EgressNetwork"), "trafficPolicy: Allow").directions == NEITHER


def test_egress_firewalls() -> None:
    """An egress firewall forbids on top; without a Deny rule it forbids nothing."""
    firewall = ("k8s.ovn.org/v1", "EgressFirewall")
    deny = scope(firewall, "egress: [{type: Allow, to: {}}, {type: Deny, to: {cidrSelector: 0.0.0.0/0}}]")
    assert deny == Scope("shop", directions=EGRESS, may_allow=False)
    assert scope(firewall, "egress: [{type: Allow}]").directions == NEITHER
    assert scope(firewall, "egress: [odd]").directions == EGRESS
    assert scope(("network.openshift.io/v1", "EgressNetworkPolicy")).directions == EGRESS


def test_user_defined_networks() -> None:
    """A primary network isolates its pods; a secondary one changes nothing."""
    kind = ("k8s.ovn.org/v1", "UserDefinedNetwork")
    assert scope(kind, "layer2: {role: Primary}").may_deny is True
    assert scope(kind, "layer2: {role: Secondary}").directions == NEITHER


def test_eks() -> None:
    """EKS' own kinds: one is like the standard admin policies, one like NetworkPolicy with names."""
    admin = scope(
        ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy"),
        """
        tier: Admin
        subject:
          pods:
            namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}
            podSelector: {matchLabels: {a: b}}
        egress: [{action: Deny, to: []}]
        """,
    )
    assert admin == Scope("shop", labels(a="b"), directions=EGRESS, may_allow=False)
    named = scope(
        ("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy"),
        """
        podSelector: {matchLabels: {app: backend}}
        policyTypes: [Egress]
        egress: [{to: [{domainNames: [a.example]}]}]
        """,
    )
    assert named == Scope("shop", labels(app="backend"), directions=EGRESS)
    groups = ("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy")
    assert scope(groups, "podSelector: {matchLabels: {a: b}}").selector == labels(a="b")
    assert scope(groups, "podSelector: {matchLabels: {a: b}}\nserviceAccountSelector: {}").selector == labels(a="b")
    assert scope(groups, "serviceAccountSelector: {matchLabels: {a: b}}").selector is None


def test_antrea() -> None:
    """Antrea's policies have rules without isolation; one plain subject is understood, several widen."""
    kind = ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy")
    drop = scope(kind, "appliedTo: [{podSelector: {matchLabels: {app: db}}}]\ningress: [{action: Drop}]")
    assert drop == Scope(None, labels(app="db"), directions=INGRESS, may_allow=False)
    hosts = scope(kind, "appliedTo: [{nodeSelector: {}}]\ningress: [{action: Allow}]")
    assert (hosts.hosts, hosts.selector, hosts.may_allow) == (True, None, True)
    several = scope(kind, "ingress: [{action: Drop, appliedTo: [{podSelector: {matchLabels: {a: b}}}, {group: g}]}]")
    assert several.selector is None


def test_gke_names() -> None:
    """GKE's policies for names isolate egress and allow."""
    found = scope(("networking.gke.io/v1alpha1", "FQDNNetworkPolicy"), "podSelector: {matchLabels: {app: web}}")
    assert found == Scope("shop", labels(app="web"), directions=EGRESS)


def test_kube_ovn() -> None:
    """An ordinary Kube-OVN subnet changes nothing, a private one anything."""
    kind = ("kubeovn.io/v1", "Subnet")
    assert scope(kind, "cidrBlock: 10.16.0.0/16").directions == NEITHER
    assert scope(kind, "private: true").directions == BOTH


def test_notice() -> None:
    """One line for each kind names its policies, with the group where another API has a kind of that name."""
    found = notice(
        [
            ForeignPolicy(*CILIUM, "api", "shop", {}),
            ForeignPolicy(*CALICO, "allow", "shop", {}),
            ForeignPolicy(*CILIUM, "db", "shop", {}),
            ForeignPolicy(*CLUSTERWIDE, "guard", "", {}),
        ]
    )
    assert [str(each) for each in found] == [
        "ciliumnetworkpolicy shop/api, shop/db: not understood; verdicts that they could change say unknown",
        "networkpolicy.projectcalico.org shop/allow: not understood; verdicts that they could change say unknown",
        "ciliumclusterwidenetworkpolicy guard: not understood; verdicts that they could change say unknown",
    ]
    assert {each.severity for each in found} == {Severity.NOTICE}


def test_a_kind_without_a_row_could_change_everything() -> None:
    """What the table does not know could change everything where it lives."""
    found = scope(("firewall.example/v1", "Wall"), "{}", "")
    assert found == Scope(None, hosts=True)


def test_every_kind_is_documented() -> None:
    """Every row names its source and stands in the documentation."""
    page = (Path(__file__).parents[2] / "docs" / "concepts" / "foreign-policies.md").read_text("utf-8")
    for kind in KINDS:
        assert kind.source
        assert f"`{kind.group}`" in page
        assert kind.kind in page


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        *("ingress", "egress", "ingressDeny", "egressDeny", "specs", "spec", "endpointSelector", "nodeSelector"),
        *("enableDefaultDeny", "selector", "types", "podSelector", "policyTypes", "subject", "appliedTo", "action"),
        *("mtls", "portLevelMtls", "workloadSelector", "targetRefs", "layer2", "network", "private", "matchLabels"),
    ]
)


@given(st.sampled_from(KINDS), st.dictionaries(FIELDS, ANYTHING, max_size=5))
def test_any_spec_is_described(kind: Any, spec: dict[str, Any]) -> None:
    """No spec is too odd to be described."""
    found = describe(ForeignPolicy(f"{kind.group}/v1", kind.kind, "p", "" if kind.cluster else "shop", spec))
    assert found.directions <= BOTH
    assert bool(found.directions) or not (found.may_allow or found.may_deny)
