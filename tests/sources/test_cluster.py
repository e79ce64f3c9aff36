"""What is read from a live cluster, over TLS, from the project's own API server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apiserver import Resource, Rights, Rule, Server, User
from apiserver.access import ADMIN
from apiserver.harness import QUICK, Harness, errors, names, notices, pod, thing
from crenel.provenance import Severity, Unreadable
from crenel.sources import cluster
from crenel.sources.cluster_kinds import DEFAULT, Kind

READ = ("get", "list")
PODS = [Kind("", "Pod", "pods")]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Harness]:
    with Server() as server:
        yield Harness(server, tmp_path)


def test_every_object_is_a_served_document_of_the_context(live: Harness) -> None:
    """An object has its kind, its origin is the context, and it counts as accepted by an API server."""
    live.put(pod("web"), thing("networking.k8s.io/v1", "NetworkPolicy", "deny", "shop", spec={"podSelector": {}}))
    reading = live.read()
    found = {each.data["kind"]: each for each in reading.documents}
    assert found["Pod"].data["apiVersion"] == "v1" and found["Pod"].data["metadata"]["name"] == "web"
    assert found["NetworkPolicy"].data["spec"] == {"podSelector": {}}
    assert {each.origin.source for each in reading.documents} == {"context test"}
    assert all(each.served for each in reading.documents)
    assert reading.problems == [] and reading.unreadable == []


def test_nothing_but_get_is_sent_and_no_secret_is_asked_for(live: Harness) -> None:
    """Reading never writes, and secrets and the list of all config maps stay unread."""
    live.put(thing("v1", "Secret", "s", "shop"), thing("v1", "ConfigMap", "app", "shop"))
    reading = live.read()
    assert {request.method for request in live.server.requests} == {"GET"}
    assert not [path for path in live.server.paths if "secrets" in path or path.endswith("/configmaps")]
    assert names(reading, "ConfigMap") == []


def test_config_maps_of_network_plugins_are_read_by_name(live: Harness) -> None:
    """The settings of a network plugin are there, and those that do not exist are passed over."""
    live.put(thing("v1", "ConfigMap", "cilium-config", "kube-system", data={"enable-policy": "default"}))
    reading = live.read()
    assert names(reading, "ConfigMap") == ["cilium-config"]
    assert reading.unreadable == []


def test_2500_pods_come_in_pages_each_once(live: Harness) -> None:
    """A list that is longer than a page is read to its end, in order."""
    live.put(*(pod(f"web-{number:04}") for number in range(2500)))
    reading = live.read(kinds=PODS, limits=cluster.Limits(page=500))
    assert names(reading, "Pod") == [f"web-{number:04}" for number in range(2500)]
    assert live.server.paths.count("/api/v1/pods") == 5


def test_what_no_question_needs_is_not_kept(live: Harness) -> None:
    """Managed fields, kubectl's copy of the object and most of the status are dropped; addresses stay."""
    item = pod("web", status={"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [{"ready": True}]})
    item["metadata"] |= {
        "managedFields": [{"manager": "kubectl"}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "a"},
    }
    live.put(item)
    [document] = live.read(kinds=[each for each in DEFAULT if each.resource == "pods"]).documents
    assert document.data["metadata"]["annotations"] == {"team": "a"}
    assert "managedFields" not in document.data["metadata"]
    assert document.data["status"] == {"phase": "Running", "podIP": "10.0.0.1"}
    assert document.data["spec"] == item["spec"]


def test_a_kind_that_is_not_served_is_no_problem(live: Harness) -> None:
    """Without the custom resources of a vendor there are simply no objects of them."""
    live.server.api.served.remove_group("policy.networking.k8s.io")
    reading = live.read()
    assert reading.problems == [] and reading.unreadable == []
    assert not [path for path in live.server.paths if "policy.networking" in path]


def test_a_kind_is_read_in_the_best_version_that_is_served(live: Harness) -> None:
    """Among several versions of a group the first of the kinds table is taken, and objects are read once."""
    live.put(thing("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", "shop"))
    reading = live.read()
    [route] = [each.data for each in reading.documents if each.data["kind"] == "HTTPRoute"]
    assert route["apiVersion"] == "gateway.networking.k8s.io/v1"


def test_a_version_that_crenel_does_not_know_is_read_nevertheless(live: Harness) -> None:
    """A policy kind that has moved on to a newer version must not go unseen."""
    live.server.api.served.remove_group("policy.networking.k8s.io")
    live.server.api.served.add(
        Resource(
            "policy.networking.k8s.io", "v1beta1", "clusternetworkpolicies", "ClusterNetworkPolicy", False, custom=True
        )
    )
    live.put(thing("policy.networking.k8s.io/v1beta1", "ClusterNetworkPolicy", "guard"))
    assert names(live.read(), "ClusterNetworkPolicy") == ["guard"]


def test_calico_policies_are_read_once_where_two_groups_serve_them(live: Harness) -> None:
    """Where Calico's own API server answers, the custom resources behind it are left alone."""
    for group, version in (("projectcalico.org", "v3"), ("crd.projectcalico.org", "v1")):
        live.server.api.served.add(Resource(group, version, "networkpolicies", "NetworkPolicy", custom=True))
        live.put(thing(f"{group}/{version}", "NetworkPolicy", "deny", "shop"))
    live.server.api.served.add(Resource("crd.projectcalico.org", "v1", "ippools", "IPPool", False, custom=True))
    live.put(thing("crd.projectcalico.org/v1", "IPPool", "pods"))
    reading = live.read()
    assert [each.data["apiVersion"] for each in reading.documents if each.data["kind"] == "NetworkPolicy"] == [
        "projectcalico.org/v3"
    ]
    assert names(reading, "IPPool") == ["pods"]


def test_a_group_whose_server_is_down_is_unreadable(live: Harness) -> None:
    """What an aggregated API server could tell is unknown while it does not answer."""
    live.server.api.served.add(Resource("projectcalico.org", "v3", "networkpolicies", "NetworkPolicy", custom=True))
    live.server.api.unavailable.add("projectcalico.org")
    reading = live.read(limits=cluster.Limits(busy=0.1))
    assert {(each.group, each.kind) for each in reading.unreadable} >= {("projectcalico.org", "NetworkPolicy")}
    assert [message for message in errors(reading) if "503" in message]


def test_a_forbidden_kind_is_unreadable_and_the_rest_is_read(live: Harness) -> None:
    """A user who may list pods and services only gets them, and is told what is unknown and what to do."""
    live.server.api.tokens["some"] = User("some", rights=Rights([Rule(READ, [""], ["pods", "services", "namespaces"])]))
    live.put(pod("web"))
    reading = live.read(user={"token": "some"})
    assert names(reading, "Pod") == ["web"]
    assert Unreadable("networking.k8s.io", "NetworkPolicy", None, "forbidden") in reading.unreadable
    assert Unreadable("", "ConfigMap", "kube-system", "forbidden") in reading.unreadable
    assert not {each.kind for each in reading.unreadable} & {"Pod", "Service", "Namespace"}
    [message] = notices(reading)
    assert message.startswith("forbidden in the whole cluster: networkpolicies.networking.k8s.io, clusternet")
    assert " other kinds; " in message
    assert message.endswith(
        "what they could change is unknown; name the namespaces that you may read with -n, "
        "or have deploy/rbac-readonly.yaml applied"
    )
    assert errors(reading) == []


def test_named_namespaces_need_no_cluster_wide_right(live: Harness) -> None:
    """With the rights of a Role in two namespaces both are read, and cluster-wide kinds are unknown."""
    rules = [Rule(READ, ["*"], ["*"], namespace=name) for name in ("shop", "pay")]
    live.server.api.tokens["tenant"] = User("tenant", rights=Rights(rules))
    live.put(*(thing("v1", "Namespace", name) for name in ("shop", "pay", "other")))
    live.put(*(pod("web", name) for name in ("shop", "pay", "other")))
    reading = live.read(user={"token": "tenant"}, namespaces=["shop", "pay", "shop"])
    assert [each.data["metadata"]["namespace"] for each in reading.documents if each.data["kind"] == "Pod"] == [
        "shop",
        "pay",
    ]
    assert names(reading, "Namespace") == ["shop", "pay"]
    assert {each.kind for each in reading.unreadable if each.namespace is None} >= {"Node", "ClusterNetworkPolicy"}
    assert "Pod" not in {each.kind for each in reading.unreadable}
    assert "only these namespaces were read: shop, pay" in notices(reading)


def test_a_namespace_that_may_not_be_read_is_named(live: Harness) -> None:
    """Of two namespaces the one without rights is unreadable by its name."""
    rights = Rights([Rule(READ, ["*"], ["*"], namespace="shop"), Rule(READ, [""], ["namespaces"])])
    live.server.api.tokens["tenant"] = User("tenant", rights=rights)
    live.put(thing("v1", "Namespace", "shop"), thing("v1", "Namespace", "pay"), pod("web"))
    reading = live.read(user={"token": "tenant"}, namespaces=["shop", "pay"])
    assert Unreadable("", "Pod", "pay", "forbidden") in reading.unreadable
    assert Unreadable("", "Pod", "shop", "forbidden") not in reading.unreadable
    assert [
        message for message in notices(reading) if message.startswith("forbidden in namespace pay: networkpolicies")
    ]


def test_a_namespace_that_is_not_there_is_a_warning(live: Harness) -> None:
    """A mistyped namespace does not pass for an empty one."""
    live.put(thing("v1", "Namespace", "shop"))
    reading = live.read(namespaces=["shpo"])
    warnings = [each.message for each in reading.problems if each.severity is Severity.WARNING]
    assert warnings == ["there is no namespace 'shpo'"]


def test_where_discovery_is_forbidden_the_known_versions_are_tried(live: Harness) -> None:
    """A hardened cluster without system:discovery can be read all the same."""
    live.server.api.tokens["hard"] = User("hard", rights=Rights([Rule(READ, ["*"], ["*"])]), discovery=False)
    live.put(pod("web"), thing("gateway.networking.k8s.io/v1", "Gateway", "edge", "shop"))
    reading = live.read(user={"token": "hard"})
    assert names(reading, "Pod") == ["web"] and names(reading, "Gateway") == ["edge"]
    assert reading.unreadable == [] and reading.problems == []


def test_equal_parts_of_pods_are_one_object_in_memory(live: Harness) -> None:
    """20,000 pods of a few workloads must fit into memory."""
    env = [{"name": "DB", "value": "db.shop.svc:5432"}]
    for number in range(2):
        live.put(pod(f"web-{number}", spec={"containers": [{"name": f"c{number}", "env": env}]}))
    first, second = (each.data["spec"]["containers"][0] for each in live.read(kinds=PODS).documents)
    assert first["name"] != second["name"]
    assert first["env"] == env and first["env"] is second["env"]


def test_the_version_of_the_server_is_known(live: Harness) -> None:
    """A snapshot states which version it is of."""
    assert cluster.server_version(kubeconfig=live.kubeconfig(), limits=QUICK) == "v1.36.2"


def test_an_answer_that_was_compressed_is_read(live: Harness) -> None:
    """Servers compress what is large; ours does so too."""
    live.put(pod("web", spec={"containers": [{"name": "c", "args": ["x" * 300_000]}]}))
    [document] = live.read(kinds=PODS).documents
    assert len(document.data["spec"]["containers"][0]["args"][0]) == 300_000


def test_a_server_below_a_path_is_reached(live: Harness) -> None:
    """A server address with a path, as Rancher gives, keeps it."""
    reading = live.read(cluster_={"server": f"{live.server.url}/k8s/clusters/c-1"})
    assert set(live.server.paths) == {"/k8s/clusters/c-1/api/v1"}
    assert len(errors(reading)) == 1


def test_without_the_extra_crenel_works_and_says_what_to_install(tmp_path: Path) -> None:
    """The absence of the HTTP library is one line that names the extra."""
    code = (
        "import sys; sys.modules['httpx2'] = None; import crenel\n"
        "from crenel.sources import cluster\n"
        "print(*[each.message for each in cluster.read().problems])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines() == [
        "reading a live cluster needs a package that is not installed: pip install 'crenel[cluster]'"
    ]


def test_an_admin_by_token_reads_as_one_by_certificate(live: Harness) -> None:
    """How one logs in does not change what one reads."""
    live.server.api.tokens["all"] = ADMIN
    live.put(pod("web"))
    assert live.read(user={"token": "all"}).documents == live.read().documents
