"""Egress by DNS name: the kinds, what each of them says, and who keeps names in a NetworkPolicy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import crenel
from command import crenel as command
from crenel.harden.needs.naming import Resolving
from crenel.harden.policies.entrance import harden, hardened
from crenel.harden.policies.harden import Hardening, Wishes
from crenel.harden.policies.names import Kind
from crenel.intents import Intents, read
from crenel.library import Network
from crenel.provenance import Origin
from harden.pieces import Object, config, load, workload

SHARED = Path(os.environ.get("CRENEL_SHARED") or Path(__file__).resolve().parents[4] / "shared")
APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.org/web
          env:
            - {name: PAY_URL, value: "https://api.pay.com"}
            - {name: DB_ADDR, value: "203.0.113.7:5432"}
"""
DNS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-dns}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec:
      containers:
        - name: coredns
          image: coredns
          ports: [{name: dns, containerPort: 53, protocol: UDP}, {name: dns-tcp, containerPort: 53}]
"""
AGENT = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: NAME, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: cilium}}
  template:
    metadata: {labels: {k8s-app: cilium}}
    spec: {hostNetwork: true, containers: [{name: cilium-agent, image: "quay.io/cilium/cilium:v1.18.1"}]}
"""
CILIUM, ANETD = AGENT.replace("NAME", "cilium"), AGENT.replace("NAME", "anetd")
FQDN = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: fqdnnetworkpolicies.networking.gke.io}
"""
MARK = "# Written by crenel harden. Edit the application, its intents or its flows, and run it again.\n"
CILIUM_TEXT = f"""\
{MARK}# The names outside that shop/web connects to.
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: web-names
  namespace: shop
  labels:
    app.kubernetes.io/managed-by: crenel
spec:
  endpointSelector:
    matchLabels:
      app: web
  egress:
    # kube-system/coredns: it connects to others by their names; Cilium reads the answers
    - toEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": kube-system
            "k8s:k8s-app": kube-dns
      toPorts:
        - ports:
            - port: "53"
              protocol: TCP
            - port: "53"
              protocol: UDP
          rules:
            dns:
              - matchPattern: "*"
    # api.pay.com: variable PAY_URL is "https://api.pay.com" (app/app.yaml:13)
    - toFQDNs:
        - matchName: api.pay.com
      toPorts:
        - ports:
            - port: "443"
              protocol: TCP
"""
GKE_TEXT = f"""\
{MARK}# The names outside that shop/web connects to.
apiVersion: networking.gke.io/v1alpha1
kind: FQDNNetworkPolicy
metadata:
  name: web-names
  namespace: shop
  labels:
    app.kubernetes.io/managed-by: crenel
spec:
  podSelector:
    matchLabels:
      app: web
  egress:
    # api.pay.com: variable PAY_URL is "https://api.pay.com" (app/app.yaml:13)
    - matches:
        - name: api.pay.com
      ports:
        - port: 443
          protocol: TCP
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with an application, and its cluster's DNS in another one."""
    for name in ("app", "cluster"):
        (tmp_path / name).mkdir()
    (tmp_path / "app" / "app.yaml").write_text(APP)
    (tmp_path / "cluster" / "dns.yaml").write_text(DNS)
    return tmp_path


def run(app: Path, *arguments: str, more: Sequence[str] = ()) -> Any:
    """Run the command on application and cluster, with a folder to write."""
    (app / "cluster" / "more.yaml").write_text("---\n".join(more))
    inputs = ("-f", str(app / "app"), "-f", str(app / "cluster"), "--pod-cidr", "10.0.0.0/8")
    return command("harden", *inputs, "-o", str(app / "out"), *arguments)


@pytest.mark.parametrize(
    ("arguments", "more", "written", "plain"),
    [
        (["--names"], [CILIUM], CILIUM_TEXT, {5432}),
        (["--names", "cilium"], [], CILIUM_TEXT, {5432}),
        (["--names"], [ANETD, FQDN], GKE_TEXT, {53, 5432}),
    ],
    ids=["cilium found", "cilium asked for", "gke found"],
)
def test_what_is_written(app: Path, arguments: list[str], more: list[str], written: str, plain: set[int]) -> None:
    """Names are opened with their ports, `plain` ports by the NetworkPolicy, and a second run changes nothing."""
    ran = run(app, *arguments, more=more)
    assert (ran.code, "proved on the model" in ran.out) == (0, True), ran.out + ran.err
    policies = app / "out" / "policies"
    assert (policies / "shop" / "web-names.yaml").read_text() == written
    assert "  - shop/web-names.yaml\n" in (policies / "kustomization.yaml").read_text()
    rules = yaml.safe_load((policies / "shop" / "web.yaml").read_text())["spec"]["egress"]
    assert {port["port"] for rule in rules for port in rule["ports"]} == plain
    after = crenel.load(*(app / name for name in ("app", "cluster", "out/policies")), pod_cidrs=["10.0.0.0/8"])
    needed = [("dns:api.pay.com", "TCP/443"), ("203.0.113.7", "TCP/5432"), ("kube-system/coredns", "UDP/53")]
    others = [("dns:api.pay.com", "TCP/80"), ("dns:other.org", "TCP/443"), ("203.0.113.7", "TCP/443")]
    assert [after.can("shop/web", *each).outcome.value for each in needed] == ["allowed"] * 3
    assert not [each for each in others if after.can("shop/web", *each).allowed]
    again = command(
        "harden", "-f", str(app / "app"), "-f", str(app / "cluster"), "-f", str(policies), "--pod-cidr", "10.0.0.0/8",
        "-o", str(app / "out"), *arguments,
    )  # fmt: skip
    assert "nothing changes" in again.err
    assert "not understood" not in again.err


def test_what_cilium_accepts() -> None:
    """What is written fits the definition of the kind, ranges and patterns included."""
    path = SHARED / "crds" / "cilium" / "ciliumnetworkpolicies.yaml"
    if not path.is_file():
        pytest.skip("the shared data is absent: set CRENEL_SHARED to the folder that holds it")
    schema = yaml.safe_load(path.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found = harden(load(workload("web")), Wishes(names=Kind.CILIUM), intents=MANY)
    document = yaml.safe_load(text(found, "shop/web-names.yaml"))
    jsonschema.validate(document, schema)
    rule = next(each for each in egress(found) if {"matchName": "a.example.org"} in each.get("toFQDNs", ()))
    assert [len(each["ports"]) for each in rule["toPorts"]] == [40, 5]
    assert found.proved


def text(found: Hardening, path: str) -> str:
    """The text of a file."""
    return next(each.text for each in found.files if each.path == path)


def intents(*allowed: tuple[str, str]) -> Intents:
    """Statements that somebody may reach something."""
    statements = [{"allow": {"from": source, "to": target}} for source, target in allowed]
    found = read([({"schema": "crenel/intents/v1", "intents": statements}, Origin("crenel.yaml"))])
    assert not found.problems
    return found


MANY = intents(
    *(("shop/web", f"dns:a.example.org:{port}") for port in range(1, 90, 2)),
    ("shop/web", "dns:b.example.org:8000-8010/UDP"),
    ("shop/web", "dns:*.example.net:443"),
    ("shop/web", "dns:c.example.org"),
)
WEB = workload("web", env={"PAY_URL": "https://api.pay.com"})


def egress(found: Hardening, path: str = "shop/web-names.yaml") -> list[dict[str, Any]]:
    """The egress rules of a file."""
    rules: list[dict[str, Any]] = yaml.safe_load(text(found, path))["spec"]["egress"]
    return rules


def why(found: Hardening) -> list[str]:
    """What policies cannot say."""
    return [each.why for each in found.left]


def test_ranges_patterns_and_all_traffic() -> None:
    """As Cilium writes them: a range has its end, an asterisk for several labels is two, no ports are all."""
    net = load(workload("web"))
    found = harden(net, Wishes(names=Kind.CILIUM), intents=MANY)
    by_name = {str(peer): rule.get("toPorts") for rule in egress(found)[1:] for peer in rule["toFQDNs"]}
    assert by_name["{'matchName': 'b.example.org'}"] == [
        {"ports": [{"port": "8000", "endPort": 8010, "protocol": "UDP"}]}
    ]
    assert by_name["{'matchPattern': '**.example.net'}"] == [{"ports": [{"port": "443", "protocol": "TCP"}]}]
    assert any("before Cilium 1.19" in each for each in why(found))
    after = hardened(net, found)
    assert after.can("shop/web", "dns:a.b.example.net", "TCP/443").allowed
    assert after.can("shop/web", "dns:b.example.org", "UDP/8005").allowed
    assert not after.can("shop/web", "dns:b.example.org", "UDP/8011").allowed


def test_what_gke_does_not_say() -> None:
    """A range stays in the NetworkPolicy; an asterisk is one label, so that deeper names are not surely open."""
    net = load(workload("web"))
    found = harden(net, Wishes(names=Kind.GKE), intents=MANY)
    assert found.proved
    assert [peer for rule in egress(found) for peer in rule["matches"]].count({"pattern": "*.example.net"}) == 1
    assert "b.example.org" not in text(found, "shop/web-names.yaml")
    assert any("single ports" in each for each in why(found))
    assert any("one label in an FQDNNetworkPolicy" in each for each in why(found))
    after = hardened(net, found)
    assert after.can("shop/web", "dns:deep.down.example.net", "TCP/443").outcome.value == "unknown"
    assert after.can("shop/web", "198.51.100.1", "UDP/8005").allowed


CILIUM_OBJECT: Object = {
    "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c", "namespace": "other"},
    "spec": {"endpointSelector": {}, "ingress": [{}]},
}  # fmt: skip
GKE_OBJECT: Object = {
    "apiVersion": "networking.gke.io/v1alpha1", "kind": "FQDNNetworkPolicy",
    "metadata": {"name": "f", "namespace": "other"},
    "spec": {"podSelector": {}, "egress": [{"matches": [{"name": "a.org"}]}]},
}  # fmt: skip


def parsed(*texts: str) -> list[Object]:
    """Objects written as YAML."""
    return [each for text in texts for each in yaml.safe_load_all(text)]


@pytest.mark.parametrize(
    ("objects", "kind", "note"),
    [
        (parsed(CILIUM), "CiliumNetworkPolicy", ""),
        ([CILIUM_OBJECT], "CiliumNetworkPolicy", "the input shows no network plugin"),
        ([GKE_OBJECT], "FQDNNetworkPolicy", "the input shows no network plugin"),
        (parsed(ANETD, FQDN), "FQDNNetworkPolicy", ""),
        (parsed(ANETD), "ClusterNetworkPolicy", "GKE Dataplane V2 (Cilium)"),
        ([], "ClusterNetworkPolicy", "the input shows no network plugin"),
        (
            [*parsed(CILIUM), config("cilium-config", {"enable-l7-proxy": "false"}, "kube-system")],
            "ClusterNetworkPolicy",
            "Cilium does not enforce clusternetworkpolicy",
        ),
        (
            [
                *parsed(CILIUM.replace("1.18.1", "1.20.0")),
                config(
                    "cilium-config",
                    {"enable-l7-proxy": "false", "enable-k8s-cluster-network-policy": "true"},
                    "kube-system",
                ),
            ],
            "ClusterNetworkPolicy",
            "without enable-l7-proxy nothing learns the addresses of names",
        ),
        (
            [*parsed(CILIUM), config("cilium-config", {"enable-l7-proxy": "true"}, "kube-system")],
            "CiliumNetworkPolicy",
            "",
        ),
        (
            [workload("calico-node", "kube-system", image="calico/node:v3.29.1"), CILIUM_OBJECT],
            "ClusterNetworkPolicy",
            "Calico does not enforce clusternetworkpolicy",
        ),
    ],
)
def test_the_kind_is_found(objects: list[Object], kind: str, note: str) -> None:
    """It is the one that the input shows to be enforced; where none is, that is said."""
    found = harden(load(WEB, *objects), Wishes(names=True))
    assert found.proved
    assert f"kind: {kind}\n" in text(found, "shop/web-names.yaml")
    told = [each.why for each in found.left if each.what.startswith("names are opened")]
    assert [note in each for each in told] == ([True] if note else [])


def test_a_kind_that_nothing_enforces() -> None:
    """Who asks for one gets it, and is told."""
    settings_ = config("cilium-config", {"enable-l7-proxy": "false"}, "kube-system")
    found = harden(load(WEB, *parsed(CILIUM), settings_), Wishes(names=Kind.CILIUM))
    assert any("without enable-l7-proxy nothing learns the addresses" in each for each in why(found))


def test_no_names_no_note() -> None:
    """An application that reaches no names has nothing to be told."""
    found = harden(load(workload("web", env={"DB_ADDR": "203.0.113.7:5432"})), Wishes(names=True))
    assert not [each for each in found.left if "names" in each.what]


CACHE = workload("node-local-dns", "kube-system", kind="DaemonSet", spec={"hostNetwork": True})


@pytest.mark.parametrize(
    ("objects", "resolving", "hindrance"),
    [
        ([WEB], Resolving.NONE, "which asks no DNS"),
        ([WEB, *parsed(DNS), CACHE], Resolving.NEEDED, "to an address or to the network of a node"),
        (
            [workload("web", labels={"example.kubernetes.io/app": "web"}, env={"PAY_URL": "https://api.pay.com"})],
            Resolving.NEEDED,
            "leaves the label example.kubernetes.io/app of shop/web out",
        ),
    ],
)
def test_names_that_cilium_would_not_open(objects: list[Object], resolving: Resolving, hindrance: str) -> None:
    """They stay in the NetworkPolicy, where they open every address: nothing that is needed is cut."""
    net = load(*objects)
    found = harden(net, Wishes(names=Kind.CILIUM), resolving=resolving)
    assert found.proved
    assert any(hindrance in each for each in why(found)), why(found)
    assert not [each.path for each in found.files if "names" in each.path]
    assert any("a NetworkPolicy knows no names" in each.why for each in found.open)
    assert hardened(net, found).can("shop/web", "192.0.2.1", "TCP/443").allowed


def test_only_dns_is_read() -> None:
    """The metrics of the DNS pods are none of its questions."""
    found = harden(
        load(WEB, *parsed(DNS)), Wishes(names=Kind.CILIUM), intents=intents(("shop/web", "kube-system/coredns:9153"))
    )
    assert found.proved
    assert "9153" not in text(found, "shop/web-names.yaml")
    assert "9153" in text(found, "shop/web.yaml")


def test_twins() -> None:
    """Where two workloads have the same labels, DNS is allowed to none of them without rules for it."""
    twin = workload("twin", labels={"app": "web"}, env={"DB_ADDR": "203.0.113.7:5432"})
    net = load(WEB, twin, *parsed(DNS))
    found = harden(net, Wishes(names=Kind.CILIUM))
    assert found.proved
    assert " 53\n" not in text(found, "shop/twin.yaml")
    after = hardened(net, found)
    for name in ("web", "twin"):
        assert after.can(f"shop/{name}", "kube-system/coredns", "UDP/53").allowed
        assert after.can(f"shop/{name}", "dns:api.pay.com", "TCP/443").allowed


def test_policies_of_the_input() -> None:
    """What one of Cilium's opens already is not written again; one that allows DNS without rules is told of."""
    rules = """\
- toEndpoints: [{matchLabels: {io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns}}]
  toPorts: [{ports: [{port: "53"}], rules: {dns: [{matchPattern: "*"}]}}]
- toFQDNs: [{matchName: api.pay.com}]
  toPorts: [{ports: [{port: "443", protocol: TCP}]}]
"""
    spec = {"endpointSelector": {"matchLabels": {"app": "web"}}, "egress": yaml.safe_load(rules)}
    mine = {**CILIUM_OBJECT, "metadata": {"name": "web-names", "namespace": "shop"}, "spec": spec}
    net = load(WEB, mine, *parsed(DNS))
    found = harden(net, Wishes(names=Kind.CILIUM))
    assert found.proved
    assert not [each.path for each in found.files if "names" in each.path]
    assert "ciliumnetworkpolicy shop/web-names" in [each.subject for each in found.kept]
    assert hardened(net, found).can("shop/web", "dns:api.pay.com", "TCP/443").allowed
    other = workload("web", env={"PAY_URL": "https://api.pay.com", "BANK_URL": "https://bank.org"})
    more = harden(load(other, mine, *parsed(DNS)), Wishes(names=Kind.CILIUM))
    document = yaml.safe_load(text(more, "shop/web-names.yaml"))
    assert document["metadata"]["name"] == "web-names-crenel"
    assert [each["toFQDNs"] for each in document["spec"]["egress"][1:]] == [[{"matchName": "bank.org"}]]
    egress_ = [{"ports": [{"port": 53, "protocol": "UDP"}]}]
    plain: Object = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "dns", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress_},
    }  # fmt: skip
    told = harden(load(WEB, plain, *parsed(DNS)), Wishes(names=Kind.CILIUM))
    assert any("a policy of the input allows DNS without rules for it" in each for each in why(told))


def test_names_that_a_policy_of_the_input_opens() -> None:
    """Where one opens every address, no name is written, neither by name nor as every address outside."""
    wide: Object = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "out", "namespace": "shop"},
        "spec": {
            "podSelector": {}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"namespaceSelector": {}}]}],
        },
    }  # fmt: skip
    for wished in (False, Kind.CILIUM, Kind.CLUSTER):
        found = harden(load(WEB, wide, *parsed(DNS)), Wishes(names=wished))
        assert found.proved
        assert [each.path for each in found.files] == ["shop/default-deny.yaml", "kustomization.yaml"]


def test_workloads_of_one_name() -> None:
    """A Deployment and a StatefulSet of the same name have a file and a policy each."""
    other = workload("web", kind="StatefulSet", labels={"app": "other"}, env={"BANK_URL": "https://bank.org"})
    for kind in Kind:
        found = harden(load(WEB, other), Wishes(names=kind))
        assert found.proved
        paths = sorted(each.path for each in found.files if "names" in each.path)
        assert paths == ["shop/web-deployment-names.yaml", "shop/web-statefulset-names.yaml"]


PORTS = ("443", "8443", "53/UDP")
ASKED = {"443": "TCP/443", "8443": "TCP/8443", "53/UDP": "UDP/53"}
NAMES = ("a.org", "b.a.org", "*.c.net")
PROBED = {"a.org": "dns:a.org", "b.a.org": "dns:b.a.org", "*.c.net": "dns:x.c.net"}


@dataclass(frozen=True)
class Case:
    """Workloads by their labels, and the names, addresses or other workloads that each of them needs."""

    labels: tuple[str, ...]
    needs: tuple[tuple[int, str | int, str], ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Small clusters, in which some workloads have the same labels."""
    labels = tuple(draw(st.lists(st.sampled_from(("x", "y", "z")), min_size=2, max_size=4)))
    ends = st.integers(0, len(labels) - 1)
    target = st.one_of(st.sampled_from(NAMES), st.just("203.0.113.0/24"), ends)
    needs = draw(st.lists(st.tuples(ends, target, st.sampled_from(PORTS)), max_size=7, unique=True))
    return Case(labels, tuple(each for each in needs if each[0] != each[1]))


def network(case: Case) -> Network:
    """The cluster, with a DNS of its own."""
    pods = [workload(f"w{number}", labels={"app": label}) for number, label in enumerate(case.labels)]
    return crenel.load([*pods, *parsed(DNS)], pod_cidrs=["10.0.0.0/8"])


@given(cases(), st.sampled_from([Kind.CILIUM, Kind.GKE, Kind.CLUSTER]))
@settings(max_examples=60, deadline=None)
def test_exactly_the_names(case: Case, kind: Kind) -> None:
    """Needed names are surely open on their ports and no others are; addresses, pods and DNS are as ever."""
    net = network(case)
    declared = intents(*((f"shop/w{source}", f"{_written(target)}:{port}") for source, target, port in case.needs))
    found = harden(net, Wishes(names=kind), intents=declared)
    assert found.proved
    after = hardened(net, found)
    for source, label in enumerate(case.labels):
        mine = {(target, port) for other, target, port in case.needs if case.labels[other] == label}
        place = f"shop/w{source}"
        for port in PORTS:
            by_address = ("203.0.113.0/24", port) in mine
            for name, asked in PROBED.items():
                outcome = after.can(place, asked, ASKED[port]).outcome.value
                wanted = "allowed" if (name, port) in mine else "denied"
                if name.startswith("*.") and kind is Kind.GKE and wanted == "allowed":
                    wanted = "unknown"
                assert outcome == wanted or (by_address and outcome == "unknown"), (place, name, port)
            assert after.can(place, "203.0.113.9", ASKED[port]).allowed == by_address
            assert not after.can(place, "198.51.100.1", ASKED[port]).allowed
        assert after.can(place, "kube-system/coredns", "UDP/53").allowed == bool(mine)
        assert not after.can(place, "kube-system/coredns", "TCP/9153").allowed
    assert harden(after, Wishes(names=kind), intents=declared).files == found.files


def _written(target: str | int) -> str:
    if isinstance(target, int):
        return f"shop/w{target}"
    return target if target[0].isdigit() else f"dns:{target}"
