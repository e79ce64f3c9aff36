"""Policies of plugins' own kinds that are understood: egress to pods and to DNS names."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import crenel
from crenel.dialects.foreign import notice
from crenel.dialects.understood import is_certain, is_understood
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.library import Network
from harden.pieces import Object, workload

CILIUM = ("cilium.io/v2", "CiliumNetworkPolicy")
GKE = ("networking.gke.io/v1alpha1", "FQDNNetworkPolicy")
DNS = """\
  - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, "k8s:k8s-app": kube-dns}}]
    toPorts: [{ports: [{port: "53", protocol: UDP}], rules: {dns: [{matchPattern: "*"}]}}]
"""
WEB = "endpointSelector: {matchLabels: {app: web}}\n"
CLOSED: Object = {
    "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"},
    "spec": {"podSelector": {}, "policyTypes": ["Egress"]},
}  # fmt: skip


def policy(kind: tuple[str, str], spec: str, name: str = "p") -> Object:
    """An object of a kind, its spec written as YAML."""
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata, "spec": yaml.safe_load(spec)}


def net(*objects: Object) -> Network:
    """A cluster with two workloads, its DNS, and some policies."""
    dns = workload("coredns", "kube-system", labels={"k8s-app": "kube-dns"})
    return crenel.load([workload("web"), workload("api"), dns, *objects])


def says(found: Network, target: str, traffic: str, source: str = "shop/web") -> str:
    """The outcome of one question."""
    return found.can(source, target, traffic).outcome.value


def foreign(kind: tuple[str, str], spec: Any) -> ForeignPolicy:
    """A policy as it is decoded."""
    return ForeignPolicy(*kind, "p", "shop", spec)


def test_cilium() -> None:
    """Pods and names are opened with their ports, and the rest of the egress is closed."""
    rules = """\
  - toFQDNs: [{matchName: api.pay.com}, {matchPattern: "**.example.org"}]
    toPorts: [{ports: [{port: "443", protocol: TCP}, {port: "8000", endPort: 8010, protocol: TCP}]}]
"""
    found = net(policy(CILIUM, f"{WEB}egress:\n{DNS}{rules}"))
    asked = {
        ("dns:api.pay.com", "TCP/443"): "allowed",
        ("dns:API.pay.com", "TCP/8005"): "allowed",
        ("dns:api.pay.com", "TCP/80"): "denied",
        ("dns:a.example.org", "TCP/443"): "allowed",
        ("dns:a.b.example.org", "TCP/443"): "allowed",
        ("dns:example.org", "TCP/443"): "denied",
        ("kube-system/coredns", "UDP/53"): "allowed",
        ("kube-system/coredns", "TCP/53"): "denied",
        ("shop/api", "TCP/80"): "denied",
    }
    assert {key: says(found, *key) for key in asked} == asked
    assert says(found, "shop/web", "TCP/80", "shop/api") == "allowed"
    assert says(found, "dns:other.org", "TCP/80", "shop/api") == "allowed"
    assert found.can("shop/web", "dns:api.pay.com", "TCP/443").trace[0].policy == "ciliumnetworkpolicy shop/p"


def test_cilium_and_networkpolicies_are_united() -> None:
    """What either allows is allowed."""
    spec = "podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{podSelector: {matchLabels: {app: api}}}]}]"
    to_api = policy(("networking.k8s.io/v1", "NetworkPolicy"), spec)
    found = net(policy(CILIUM, f"{WEB}egress:\n{DNS}  - toFQDNs: [{{matchName: api.pay.com}}]\n"), to_api)
    assert says(found, "shop/api", "TCP/80") == "allowed"
    assert says(found, "dns:api.pay.com", "SCTP/9") == "allowed"


def test_names_that_nobody_learns() -> None:
    """Without a rule that has questions read, whether a name is open is not known; nor below one label."""
    silent = net(policy(CILIUM, f"{WEB}egress: [{{toFQDNs: [{{matchName: api.pay.com}}]}}]"))
    assert says(silent, "dns:api.pay.com", "TCP/443") == "unknown"
    assert says(silent, "dns:b.pay.com", "TCP/443") == "denied"
    single = net(policy(CILIUM, f"{WEB}egress:\n{DNS}  - toFQDNs: [{{matchPattern: '*.pay.com'}}]\n"))
    assert says(single, "dns:a.pay.com", "TCP/443") == "unknown"
    assert says(single, "dns:pay.com", "TCP/443") == "denied"


def test_an_empty_rule_only_closes() -> None:
    """As the documentation of Cilium says."""
    found = net(policy(CILIUM, f"{WEB}egress: [{{}}]"))
    assert says(found, "shop/api", "TCP/80") == "denied"


@pytest.mark.parametrize(
    "spec",
    [
        "egress: [{toEntities: [world]}]",
        "egress: [{toCIDR: [192.0.2.0/24]}]",
        "egress: [{toFQDNs: [{matchName: a.org}], toEndpoints: [{}]}]",
        "egress: [{toFQDNs: [{matchPattern: '*'}]}]",
        "egress: [{toFQDNs: [{matchPattern: 'a*.org'}]}]",
        "egress: [{toFQDNs: []}]",
        "egress: []",
        "egress: [{toEndpoints: [{}], toPorts: [{ports: [{port: http}]}]}]",
        "egress: [{toEndpoints: [{}], toPorts: [{ports: [{port: '0'}]}]}]",
        "egress: [{toEndpoints: [{}], toPorts: [{ports: [{port: '80'}], rules: {http: [{}]}}]}]",
        "egress: [{toEndpoints: [{}], toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchName: a.org}]}}]}]",
        "egress: [{toEndpoints: [{matchLabels: {'reserved:host': ''}}]}]",
        "egress: [{toEndpoints: [{matchLabels: {pod-template-hash: a}}]}]",
        "egress: [{toEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.a: b}}]}]",
        "egress: [{toEndpoints: [{matchExpressions: [{key: a, operator: Near}]}]}]",
        "egress: [{toEndpoints: [{}]}]\negressDeny: [{}]",
        "egress: [{toEndpoints: [{}]}]\ningress: [{}]",
        "egress: [{toEndpoints: [{}]}]\nenableDefaultDeny: {egress: false}",
        "egress: [{toEndpoints: [{}], icmps: [{fields: [{type: 8}]}]}]",
    ],
)
def test_what_says_more_is_not_read(spec: str) -> None:
    """Such a policy counts as one that is not understood, as a whole."""
    assert not is_understood(foreign(CILIUM, yaml.safe_load(f"{WEB}{spec}")))
    assert says(net(policy(CILIUM, f"{WEB}{spec}\n")), "dns:a.org", "TCP/443") in ("unknown", "allowed")


def test_gke() -> None:
    """It is united with NetworkPolicies; whether it closes anything by itself is not certain."""
    spec = """\
podSelector: {matchLabels: {app: web}}
egress:
  - matches: [{name: api.pay.com}, {pattern: "*.example.org"}]
    ports: [{protocol: TCP, port: 443}]
"""
    found = net(policy(GKE, spec), CLOSED)
    assert says(found, "dns:api.pay.com", "TCP/443") == "allowed"
    assert says(found, "dns:api.pay.com", "TCP/80") == "denied"
    assert says(found, "dns:a.example.org", "TCP/443") == "unknown"
    assert says(found, "shop/api", "TCP/80") == "denied"
    alone = net(policy(GKE, spec))
    assert says(alone, "dns:api.pay.com", "TCP/80") == "unknown"
    assert says(alone, "dns:api.pay.com", "TCP/80", "shop/api") == "allowed"
    assert not is_certain(foreign(GKE, yaml.safe_load(spec)))


@pytest.mark.parametrize(
    "spec",
    [
        "egress: [{to: [{fqdns: [a.org]}]}]",
        "egress: [{matches: [{pattern: '*'}]}]",
        "egress: [{matches: [{name: a.org}], ports: [{protocol: SCTP, port: 9}]}]",
        "egress: [{matches: []}]",
        "egress: [{matches: [{name: a.org}], ports: [{port: 443}]}]",
        "egress: [{matches: [{name: a.org}], ports: [{protocol: TCP}]}]",
    ],
)
def test_gke_that_is_not_read(spec: str) -> None:
    """What is not in the documentation counts as not understood."""
    assert not is_understood(foreign(GKE, {"podSelector": {}, **yaml.safe_load(spec)}))


def test_other_versions_are_not_read() -> None:
    """A kind of the same name in another version is another kind."""
    spec = yaml.safe_load("podSelector: {}\negress: [{matches: [{name: a.org}]}]")
    assert is_understood(foreign(GKE, spec))
    assert not is_understood(foreign(("networking.gke.io/v1alpha3", "FQDNNetworkPolicy"), spec))


def test_notices() -> None:
    """Only those that are not understood are named."""
    known = foreign(CILIUM, yaml.safe_load(f"{WEB}egress: [{{toEndpoints: [{{}}]}}]"))
    other = ForeignPolicy(*CILIUM, "q", "shop", {"endpointSelector": {}, "egress": [{"toEntities": ["world"]}]})
    assert [each.message.partition(":")[0] for each in notice([known, other])] == ["ciliumnetworkpolicy shop/q"]


_WORDS = st.sampled_from(
    ["egress", "toEndpoints", "toFQDNs", "toPorts", "ports", "port", "rules", "dns", "matchLabels", "matchExpressions",
     "matchName", "matchPattern", "endpointSelector", "podSelector", "matches", "name", "enableDefaultDeny", "key"]
)  # fmt: skip
_SPECS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["*", "**.a", "53", "k8s:a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_WORDS, _SPECS, max_size=4), st.sampled_from([CILIUM, GKE]))
def test_any_spec_is_read_or_not(spec: dict[str, Any], kind: tuple[str, str]) -> None:
    """Whatever is written there, reading it never fails."""
    assert is_understood(foreign(kind, spec)) in (True, False)
