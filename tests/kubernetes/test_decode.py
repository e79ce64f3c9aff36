"""What becomes of documents: which list they go to, which name and namespace they get, what is said of them."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.kubernetes.decode import Decoded, decode
from crenel.kubernetes.validation.kinds import KINDS
from crenel.provenance import Origin, Severity, field_text
from crenel.sources.document import Document

Json = dict[str, Any]


def document(each: Json, number: int = 0, served: bool = False) -> Document:
    return Document(each, Origin("shop.yaml", number, locate=lambda _: number + 1), served)


def documents(*objects: Json, served: bool = False) -> list[Document]:
    return [document(each, number, served) for number, each in enumerate(objects)]


def said(decoded: Decoded) -> list[str]:
    return [f"{problem.severity.value}: {problem}" for problem in decoded.problems]


def policy(name: str = "db", api_version: str = "networking.k8s.io/v1", **spec: Any) -> Json:
    metadata = {"name": name, "namespace": "shop"}
    return {
        "apiVersion": api_version,
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": {"podSelector": {}, **spec},
    }


def pod(name: str = "web", **changes: Any) -> Json:
    spec = {"containers": [{"name": "c", "ports": [{"containerPort": 80, "name": "http"}]}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec, **changes}


def deployment(api_version: str = "apps/v1", kind: str = "Deployment", **changes: Any) -> Json:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c"}]}}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": {"template": template},
        **changes,
    }


EVERYWHERE = [
    ("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
    ("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"}, "spec": {"podCIDR": "10.0.0.0/24"}}),
    ("pods", pod()),
    *(("workloads", deployment(kind=kind)) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
    ("workloads", deployment("v1", "ReplicationController")),
    ("workloads", deployment("batch/v1", "Job")),
    ("custom_workloads", deployment("argoproj.io/v1alpha1", "Rollout")),
    ("custom_workloads", deployment("apps.kruise.io/v1alpha1", "DaemonSet")),
    ("network_policies", policy()),
    (
        "services",
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}},
    ),
    (
        "cron_jobs",
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "tidy"},
            "spec": {"jobTemplate": {"spec": deployment()["spec"]}},
        },
    ),
    (
        "endpoint_slices",
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "web-1"},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.0.0.7"]}],
        },
    ),
    (
        "admin_policies",
        {
            "apiVersion": "policy.networking.k8s.io/v1alpha2",
            "kind": "ClusterNetworkPolicy",
            "metadata": {"name": "guard"},
            "spec": {"tier": "Admin", "priority": 5, "subject": {"namespaces": {}}},
        },
    ),
    ("config_maps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cni"}, "data": {"a": "b"}}),
    (
        "custom_resource_names",
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "globalnetworkpolicies.crd.projectcalico.org"},
            "spec": deployment()["spec"],
        },
    ),
]


@pytest.mark.parametrize(
    ("where", "document"), EVERYWHERE, ids=[f"{where}-{each['kind']}" for where, each in EVERYWHERE]
)
def test_a_right_object_goes_to_its_list(where: str, document: Json) -> None:
    """Each kind has one list, and nothing is said of an object that is right."""
    decoded = decode(documents(document))
    filled = {name for name in Decoded.__slots__ if getattr(decoded, name)}
    assert (filled, said(decoded)) == ({where}, [])


def test_what_is_not_needed_is_counted() -> None:
    """Kinds that do not matter are counted by apiVersion and kind, and so is a kind with the name of one that does."""
    foreign = {"apiVersion": "networking.k8s.aws/v1alpha1", "kind": "ClusterNetworkPolicy", "metadata": {"name": "x"}}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "x"}}
    decoded = decode(documents(foreign, quota, quota))
    assert decoded.others_seen == {
        ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy"): 1,
        ("v1", "ResourceQuota"): 2,
    }
    assert not decoded.admin_policies


def test_the_callers_tables_decide_about_other_apis() -> None:
    """A policy of another API and a custom resource with foretold pods are told by the caller's predicates."""
    calico = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "NetworkPolicy",
        "metadata": {"name": "db"},
        "spec": {"selector": "all()"},
    }
    cluster = {**calico, "kind": "GlobalNetworkPolicy"}
    database = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "pg"},
        "spec": {"instances": 3},
    }
    decoded = decode(
        documents(calico, cluster, database),
        default_namespace="shop",
        foreign=lambda version, _: version.startswith("projectcalico.org"),
        predictable=lambda version, kind: (version, kind) == ("postgresql.cnpg.io/v1", "Cluster"),
    )
    assert [each.title for each in decoded.foreign_policies] == ["networkpolicy shop/db", "globalnetworkpolicy db"]
    assert decoded.foreign_policies[0].spec == {"selector": "all()"}
    assert [(each.title, each.spec) for each in decoded.custom_workloads] == [("cluster shop/pg", {"instances": 3})]


def test_a_foreign_policy_may_have_several_specs_and_no_namespace() -> None:
    """Cilium's ``specs`` reach the reader beside ``spec``; whether a kind is cluster-scoped is the caller's to say."""
    cilium = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "db"}}
    both = {**cilium, "spec": {"a": 1}, "specs": [{"b": 2}]}
    for wide, title in ((False, "ciliumnetworkpolicy default/db"), (True, "ciliumnetworkpolicy db")):
        decoded = decode(documents(both), foreign=lambda *_: True, cluster_wide=lambda *_, wide=wide: wide)
        assert [(each.title, each.spec) for each in decoded.foreign_policies] == [
            (title, {"a": 1, "specs": [{"b": 2}]})
        ]


def test_namespaces_are_filled_in_for_namespaced_kinds_only() -> None:
    """A namespaced object without a namespace gets the default one; a cluster-scoped one has none, whatever it says."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one", "namespace": "odd"}}
    decoded = decode(documents(pod(), pod(metadata={"name": "b", "namespace": "shop"}), node), default_namespace="here")
    assert [each.namespace for each in decoded.pods] == ["here", "shop"]
    assert [each.namespace for each in decoded.nodes] == [""]
    assert said(decoded) == []


def test_generated_names_are_told_apart() -> None:
    """Objects with generateName are objects of their own; each gets a name that no other has."""
    generated = pod(metadata={"generateName": "job-"})
    decoded = decode(documents(pod("job-1"), generated, generated))
    assert [each.name for each in decoded.pods] == ["job-1", "job-2", "job-3"]
    assert said(decoded) == []


def test_an_object_without_a_name() -> None:
    """A pod without a name is kept, because it has connections; what is known by its name alone is not."""
    unnamed_service = {"apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": {"ports": [{"port": 1}]}}
    decoded = decode(documents(pod(metadata={}), unnamed_service))
    assert [each.name for each in decoded.pods] == ["unnamed-1"]
    assert decoded.services == []
    required = "metadata.name: Required value: name or generateName is required"
    assert said(decoded) == [
        f"error: shop.yaml:1: pod default/unnamed-1: {required}",
        f"error: shop.yaml:2: service default/unnamed-1: {required}",
    ]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "Object 'apiVersion' is missing"),
        ({"apiVersion": 1, "kind": "Pod"}, "Object 'apiVersion' is missing"),
        ({"apiVersion": "v1"}, "Object 'kind' is missing"),
        ({"apiVersion": "v1", "kind": None}, "Object 'kind' is missing"),
    ],
)
def test_a_document_that_is_no_object(document: Json, words: str) -> None:
    """Without apiVersion and kind there is nothing to decode."""
    assert said(decode(documents(document))) == [f"error: shop.yaml:1: {words}"]


def test_the_later_of_two_objects_counts() -> None:
    """As kubectl apply leaves it: the second replaces the first, and that is an error with both places."""
    first, second = policy(policyTypes=["Ingress"]), policy(policyTypes=["Egress"])
    decoded = decode(documents(first, policy("other"), second))
    assert [(each.name, each.spec and each.spec.policy_types) for each in decoded.network_policies] == [
        ("db", ["Egress"]),
        ("other", None),
    ]
    assert said(decoded) == [
        (
            "error: shop.yaml:3: networkpolicy shop/db: appears twice: first at shop.yaml:1; "
            "this one counts, as with kubectl apply"
        )
    ]


def test_the_same_object_again_is_a_warning() -> None:
    """An identical copy changes nothing."""
    decoded = decode(documents(policy(), policy()))
    assert len(decoded.network_policies) == 1
    assert said(decoded) == [
        "warning: shop.yaml:2: networkpolicy shop/db: appears twice: first at shop.yaml:1; word for word the same"
    ]


def test_a_refused_object_does_not_replace_a_right_one() -> None:
    """The API keeps what it has when it refuses an update."""
    decoded = decode(documents(policy(), policy(policyTypes=["Both"])))
    assert [each.spec and each.spec.policy_types for each in decoded.network_policies] == [None]


def test_same_name_in_another_kind_namespace_or_group_is_another_object() -> None:
    """Only group, kind, namespace and name together make an object the same."""
    other_namespace = {**policy(), "metadata": {"name": "db", "namespace": "bank"}}
    rollout = deployment("argoproj.io/v1alpha1", "Deployment")
    decoded = decode(documents(policy(), other_namespace, deployment(), deployment(kind="StatefulSet"), rollout))
    assert said(decoded) == []


REMOVED = [
    (policy(api_version="extensions/v1beta1"), "NetworkPolicy", "1.16", "networking.k8s.io/v1", False),
    (deployment("extensions/v1beta1"), "Deployment", "1.16", "apps/v1", True),
    (deployment("apps/v1beta1", "StatefulSet"), "StatefulSet", "1.16", "apps/v1", True),
    (deployment("apps/v1beta2"), "Deployment", "1.16", "apps/v1", True),
    ({**EVERYWHERE[-5][1], "apiVersion": "batch/v1beta1"}, "CronJob", "1.25", "batch/v1", True),
]


@pytest.mark.parametrize(("document", "kind", "release", "successor", "kept"), REMOVED)
def test_a_version_that_servers_no_longer_have(
    document: Json, kind: str, release: str, successor: str, kept: bool
) -> None:
    """No server of today takes it: a policy is not applied, a workload is used all the same, both are errors."""
    decoded = decode(documents(document))
    (line,) = said(decoded)
    version = document["apiVersion"]
    words = f'no matches for kind "{kind}" in version "{version}" since Kubernetes {release}: write {successor}'
    assert line.endswith(f"apiVersion: {words}{'' if kept else '; not applied'}")
    assert bool(decoded.workloads + decoded.cron_jobs + decoded.network_policies) is kept


def test_a_server_that_sends_an_old_version_has_it() -> None:
    """What an API server sent is served by it, and nothing is said."""
    decoded = decode(documents(policy(api_version="extensions/v1beta1"), served=True))
    assert (len(decoded.network_policies), said(decoded)) == (1, [])


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        (policy(api_version="v1"), False),
        (policy(api_version="networking.k8s.io/v1beta1"), False),
        ({**policy(), "kind": "Networkpolicy"}, False),
        (deployment("v1"), True),
        (deployment("apps/v1", "Job"), True),
    ],
)
def test_a_kind_in_the_wrong_version(document: Json, kept: bool) -> None:
    """A slip in apiVersion or kind is not taken for an object of no interest."""
    decoded = decode(documents(document))
    words = f'no matches for kind "{document["kind"]}" in version "{document["apiVersion"]}"'
    assert words in said(decoded)[0]
    assert bool(decoded.workloads + decoded.network_policies) is kept


def test_a_policy_with_a_mistake_is_not_applied() -> None:
    """Each mistake is a line of its own, in the API's words, and the object is left out."""
    decoded = decode(documents(policy(ingres=[{}], ingress=[{"from": [{"podSelectr": {}}, {"ipBlock": {"cidr": 5}}]}])))
    assert decoded.network_policies == []
    assert said(decoded) == [
        (
            'error: shop.yaml:1: networkpolicy shop/db: spec.ingres: unknown field "spec.ingres", '
            'did you mean "ingress"?; '
            "not applied"
        ),
        (
            "error: shop.yaml:1: networkpolicy shop/db: spec.ingress[0].from[0].podSelectr: "
            'unknown field "spec.ingress[0].from[0].podSelectr", did you mean "podSelector"?; not applied'
        ),
        (
            "error: shop.yaml:1: networkpolicy shop/db: spec.ingress[0].from[1].ipBlock.cidr: expected string, got 5; "
            "not applied"
        ),
    ]


def test_a_workload_with_mistakes_is_used_without_them() -> None:
    """Losing an endpoint would hide its connections, so only what is wrong is lost."""
    broken = pod(
        metadata={"name": "web", "labels": {"app": "web", "version": 1, "team": "a b"}},
        spec={
            "hostNetwok": True,
            "containers": [
                {
                    "name": "c",
                    "env": [{"name": "A", "value": 8080}],
                    "ports": [
                        {"containerPort": "80"},
                        {"containerPort": 70000},
                        {"containerPort": 443, "name": "HTTPS"},
                    ],
                }
            ],
        },
    )
    decoded = decode(documents(broken))
    (kept,) = decoded.pods
    assert kept.labels == {"app": "web"}
    assert kept.spec is not None
    assert kept.spec.containers is not None
    assert [(port.container_port, port.name) for port in kept.spec.containers[0].ports or ()] == [(443, None)]
    port = "shop.yaml:1: pod default/web: spec.containers[0].ports"
    assert [line.partition(" (e.g.")[0].removeprefix("error: ") for line in said(decoded)] == [
        "shop.yaml:1: pod default/web: metadata.labels.version: expected string, got 1",
        'shop.yaml:1: pod default/web: spec.hostNetwok: unknown field "spec.hostNetwok", did you mean "hostNetwork"?',
        "shop.yaml:1: pod default/web: spec.containers[0].env[0].value: expected string, got 8080",
        f'{port}[0].containerPort: expected integer, got "80"',
        (
            'shop.yaml:1: pod default/web: metadata.labels.team: Invalid value: "a b": a valid label must be an empty '
            "string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            "alphanumeric character"
        ),
        f"{port}[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        (
            f'{port}[2].name: Invalid value: "HTTPS": '
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
        ),
        f'{port}[2].name: Invalid value: "HTTPS": must contain at least one letter (a-z)',
    ]


@pytest.mark.parametrize(
    "document",
    [
        pod(metadata={"name": "web", "labels": None, "ownerReferences": None, "namespace": None}),
        pod(spec={"containers": [{"name": "c", "ports": None}], "initContainers": None, "hostNetwork": None}),
        policy(ingress=None, egress=None, policyTypes=None),
        policy(ingress=[None, {"from": None, "ports": None}]),
        policy(podSelector={"matchLabels": {"app": None}}),
        policy(ingress=[{"ports": [{"port": 80.0}]}]),
        deployment(metadata=None) | {"metadata": {"name": "web", "labels": None}},
    ],
)
def test_null_is_absent_and_80_0_is_an_integer(document: Json) -> None:
    """As the API server reads it: null is no value, in a map of strings the empty one; JSON knows no 80.0."""
    assert said(decode(documents(document))) == []


def test_fields_that_only_another_kind_has_are_unknown() -> None:
    """One type serves six kinds, but each kind has its own fields."""
    wrong = deployment()
    wrong["spec"] = {**wrong["spec"], "serviceName": "x", "replicas": 2}
    assert said(decode(documents(wrong))) == [
        'error: shop.yaml:1: deployment default/web: spec.serviceName: unknown field "spec.serviceName"'
    ]


def test_what_a_newer_server_sends() -> None:
    """Unknown fields are silently left out, except in the spec of a policy, where they may change what it does."""
    newer_pod = pod(spec={**pod()["spec"], "brandNew": 1}, metadata={"name": "web", "brandNew": {}})
    newer_policy = policy(brandNew=True)
    newer_policy["metadata"]["alsoNew"] = 1
    decoded = decode(documents(newer_pod, newer_policy, served=True))
    assert (len(decoded.pods), len(decoded.network_policies)) == (1, 1)
    assert said(decoded) == [
        'warning: shop.yaml:2: networkpolicy shop/db: spec.brandNew: unknown field "spec.brandNew"'
    ]


def test_a_policy_from_before_strict_validation() -> None:
    """A server keeps a CIDR that it would refuse today; it is in force, so it is applied, in its usual form."""
    old = policy(egress=[{"to": [{"ipBlock": {"cidr": "10.001.0.5/8", "except": ["10.1.2.3/16"]}}]}])
    (written,) = decode(documents(old)).problems[:1]
    assert written.message.endswith("must not have leading 0s in IP or prefix length; not applied")
    decoded = decode(documents(old, served=True))
    (kept,) = decoded.network_policies
    assert kept.spec is not None
    block = kept.spec.egress[0].to[0].ip_block  # type: ignore[index,union-attr]
    assert (block.cidr, block.except_) == ("10.0.0.0/8", ["10.1.0.0/16"])  # type: ignore[union-attr]
    assert {problem.severity for problem in decoded.problems} == {Severity.WARNING}


def test_an_unknown_peer_of_an_admin_policy_is_applied() -> None:
    """The API tells implementations to fail closed on it, so it has to reach them; the reader is warned."""
    rule = {"action": "Accept", "from": [{"somethingNew": {}}, {}]}
    spec = {
        "tier": "Admin",
        "priority": 1,
        "subject": {"namespaces": {}},
        "ingress": [rule, {**rule, "action": "Deny"}],
    }
    document = {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "u"},
        "spec": spec,
    }
    decoded = decode(documents(document))
    assert len(decoded.admin_policies) == 1
    at = "warning: shop.yaml:1: clusternetworkpolicy u: spec.ingress"
    assert said(decoded) == [
        (
            f'{at}[0].from[0].somethingNew: unknown field "spec.ingress[0].from[0].somethingNew": '
            "it fails closed, this peer matches nothing"
        ),
        f"{at}[0].from[1]: no field of the peer is set: it fails closed, this peer matches nothing",
        (
            f'{at}[1].from[0].somethingNew: unknown field "spec.ingress[1].from[0].somethingNew": '
            "it fails closed, this rule denies everybody"
        ),
        f"{at}[1].from[1]: no field of the peer is set: it fails closed, this rule denies everybody",
    ]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_as_it_was(enabled: bool) -> None:
    """Decoding pauses it and leaves it as found."""
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        decode(documents(pod()))
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just(dt.date(2026, 1, 1)),
    st.sampled_from(["TCP", "10.0.0.0/8", "::/0", "http", "Ingress", "In", "Accept", "Admin", "None"]),
)
WORDS = [
    "metadata",
    "name",
    "generateName",
    "namespace",
    "labels",
    "ownerReferences",
    "spec",
    "podSelector",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "ingress",
    "egress",
    "from",
    "to",
    "ports",
    "port",
    "endPort",
    "protocol",
    "ipBlock",
    "cidr",
    "except",
    "policyTypes",
    "subject",
    "namespaces",
    "pods",
    "networks",
    "nodes",
    "domainNames",
    "protocols",
    "tcp",
    "destinationPort",
    "range",
    "start",
    "end",
    "number",
    "portNumber",
    "portRange",
    "action",
    "tier",
    "priority",
    "template",
    "containers",
    "initContainers",
    "containerPort",
    "hostPort",
    "selector",
    "type",
    "clusterIP",
    "externalIPs",
    "loadBalancerSourceRanges",
    "endpoints",
    "addresses",
    "addressType",
    "status",
    "podCIDRs",
    "jobTemplate",
    "(origin)",
    "data",
    "specs",
]
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=4), st.integers()), inner, max_size=5),
    ),
    max_leaves=30,
)
HEADS = st.sampled_from([*KINDS, ("v1", "ConfigMap"), ("v1", "Deployment"), ("example.org/v1", "Thing")])


@given(
    head=HEADS,
    body=st.dictionaries(st.sampled_from(WORDS), TREES, max_size=4),
    served=st.booleans(),
    foreign=st.booleans(),
    known=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_in_a_document_it_does_not_raise(
    head: tuple[str, str], body: Json, served: bool, foreign: bool, known: bool
) -> None:
    """Any JSON-like data decodes to objects and problems that can be printed, never to an exception."""
    document = {"apiVersion": head[0], "kind": head[1], **body}
    decoded = decode(
        documents(document, document, served=served), foreign=lambda *_: foreign, predictable=lambda *_: known
    )
    assert all(isinstance(line, str) for line in said(decoded))


@given(body=st.dictionaries(st.sampled_from(WORDS), TREES, max_size=4), name=st.sampled_from(sorted(KINDS)))
@settings(max_examples=200, deadline=None)
def test_what_is_kept_of_a_policy_is_right(body: Json, name: tuple[str, str]) -> None:
    """A policy goes to its list or has an error, never both."""
    document = {"metadata": {"name": "default"}, **body, "apiVersion": name[0], "kind": name[1]}
    decoded = decode(documents(document))
    if KINDS[name].is_policy:
        errors = [problem for problem in decoded.problems if problem.severity is Severity.ERROR]
        assert bool(decoded.network_policies or decoded.admin_policies) is not bool(errors)


SHARED = Path(os.environ.get("CRENEL_SHARED") or Path(__file__).resolve().parents[3] / "shared")
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared data is absent: set CRENEL_SHARED to the folder that holds it"
)


def real_objects() -> list[Json]:
    objects: list[Json] = []
    for path in sorted((SHARED / "realworld").rglob("*.yaml")):
        for each in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            if each:
                objects += each["items"] if each["kind"].endswith("List") else [each]
    return objects


@needs_shared
def test_real_configurations_have_no_problem() -> None:
    """What people publish decodes without a word."""
    decoded = decode(documents(*real_objects()))
    assert said(decoded) == []
    assert (len(decoded.workloads), len(decoded.network_policies), len(decoded.services)) == (25, 28, 28)


@needs_shared
def test_what_a_real_server_sent_has_no_problem() -> None:
    """Every object in the recorded exchanges decodes without a word, as served and as a file would hold it."""
    exchanges = [json.loads(line) for line in (SHARED / "cluster" / "exchanges.jsonl").read_text().splitlines()]
    bodies = [each["response"].get("body") for each in exchanges]
    objects = [
        item
        for body in bodies
        if isinstance(body, dict)
        for item in (
            [
                {"apiVersion": body["apiVersion"], "kind": body["kind"].removesuffix("List"), **each}
                for each in body["items"]
            ]
            if isinstance(body.get("items"), list)
            else [body]
        )
        if (item.get("apiVersion"), item.get("kind")) in KINDS
    ]
    assert len(objects) > 20
    for each in objects:
        assert said(decode(documents(each, served=True))) == []
        assert said(decode(documents(each))) == []


def conformance(name: str) -> Json:
    parsed: Json = json.loads((SHARED / "conformance" / f"{name}.json").read_text())
    return parsed


@needs_shared
@pytest.mark.parametrize("name", ["e2e", "e2e_ipv6", "npapi", "npapi_ipv6", "spec"])
def test_every_policy_of_the_conformance_data_is_applied(name: str) -> None:
    """None is refused; the only thing said is that an unknown peer fails closed (spec/21 to 23)."""
    for case in conformance(name)["cases"]:
        for step in case["steps"]:
            decoded = decode(documents(*step["policies"]))
            assert len(decoded.network_policies) + len(decoded.admin_policies) == len(step["policies"]), case["id"]
            assert all("it fails closed" in problem.message for problem in decoded.problems), case["id"]
            assert bool(decoded.problems) is (case["id"] in ("spec/21", "spec/22", "spec/23"))


@needs_shared
def test_every_rejection_of_the_conformance_data_is_refused() -> None:
    """Each has an error that names the object, and nothing is applied."""
    rejections = conformance("spec")["rejections"]
    assert len(rejections) == 14
    for each in rejections:
        decoded = decode(documents(each["object"]))
        assert not decoded.network_policies + decoded.admin_policies, each["why"]
        assert decoded.problems, each["why"]
        assert all(problem.severity is Severity.ERROR for problem in decoded.problems), each["why"]


@needs_shared
def test_the_words_are_those_of_a_real_server() -> None:
    """For every object that the recorded server refused, each of its reasons is among ours, at the same field."""
    exchanges = [json.loads(line) for line in (SHARED / "cluster" / "exchanges.jsonl").read_text().splitlines()]
    refused = [each for each in exchanges if each["response"].get("status") == 422]
    assert len(refused) == 7
    for each in refused:
        decoded = decode(documents(each["request"]["body"]))
        ours = {(field_text(one.field), one.message.removesuffix("; not applied")) for one in decoded.problems}
        causes = each["response"]["body"]["details"]["causes"]
        assert {(one["field"], one["message"]) for one in causes if one["field"] != "<nil>"} <= ours
