"""May A reach B, and why: outcomes, reasons, traces and witnesses."""

from __future__ import annotations

from pathlib import Path

import pytest

import crenel
from crenel.library import Network
from crenel.provenance import Origin, Unreadable
from crenel.questions.verdict import Decision
from crenel.sources.document import Document, Reading
from questions.cluster import (
    Object,
    app,
    cluster_policy,
    namespace,
    node,
    pod,
    policy,
    port,
    service,
    space,
    workload,
)

WEB, CART, DB = workload("shop/web", {"http": 8080}), workload("shop/cart"), workload("data/db", {"sql": 5432})
FLANNEL: Object = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "kube-flannel-ds", "namespace": "kube-flannel"},
    "spec": {
        "selector": {"matchLabels": {"app": "flannel"}},
        "template": {
            "metadata": {"labels": {"app": "flannel"}},
            "spec": {
                "hostNetwork": True,
                "containers": [{"name": "kube-flannel", "image": "ghcr.io/flannel-io/flannel:v0.25.1"}],
            },
        },
    },
}


def load(*objects: Object) -> crenel.Network:
    """A network without problems."""
    net = crenel.load(list(objects))
    assert net.problems == []
    return net


def outcome(net: crenel.Network, source: str, target: str, traffic: str | None = None) -> str:
    """The outcome alone."""
    return net.can(source, target, traffic).outcome.value


POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db
  namespace: data
spec:
  podSelector:
    matchLabels: {app: db}
  ingress:
  - ports: [{port: 9}]
  - from:
    - namespaceSelector: {}
      podSelector: {matchLabels: {app: cart}}
    ports:
    - port: sql
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: data}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
"""


def test_trace_of_what_is_allowed(tmp_path: Path) -> None:
    """The deciding rule with its file and line, and a packet that gets through."""
    (tmp_path / "p.yaml").write_text(POLICY)
    net = crenel.load(tmp_path / "p.yaml", [WEB, CART, DB])
    verdict = net.can("shop/cart", "data/db:5432")
    assert verdict.allowed
    assert [(step.decision, step.place) for step in verdict.trace if step.policy] == [
        (Decision.ALLOW, f"{tmp_path}/p.yaml:11")
    ]
    assert verdict.reason == f"networkpolicy data/db ingress rule 2 allows it ({tmp_path}/p.yaml:11)"
    assert [(each.source, each.destination, each.protocol, each.port) for each in verdict.witness] == [
        ("shop/cart", "data/db", "TCP", 5432)
    ]
    assert verdict.enforced is None


def test_all_that_blocks_is_listed(tmp_path: Path) -> None:
    """Denied at both ends, by several policies: each of them is named with its line, and there is no witness."""
    (tmp_path / "p.yaml").write_text(POLICY)
    net = crenel.load(tmp_path / "p.yaml", [WEB, CART, DB])
    verdict = net.can("shop/web", "data/db:5432")
    assert not verdict.allowed
    assert sorted(
        (step.direction.value, step.policy, step.line or 0) for step in verdict.trace if step.decision is Decision.DENY
    ) == [
        ("egress", "networkpolicy shop/out", 25),
        ("ingress", "networkpolicy data/db", 6),
        ("ingress", "networkpolicy data/deny", 20),
    ]
    assert len(verdict.reasons) == 3
    assert verdict.witness == ()


def test_what_would_block_as_well_is_listed() -> None:
    """A stage that is not reached any more is listed too, as one that would block as well."""
    admin = cluster_policy("no", 1, ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}])
    verdict = load(WEB, DB, admin, policy("data/deny", ingress=[])).can("shop/web", "data/db:5432")
    assert [(step.policy, step.decisive) for step in verdict.trace if step.decision is Decision.DENY] == [
        ("clusternetworkpolicy no", True),
        ("networkpolicy data/deny", False),
    ]


def test_nothing_stands_in_the_way() -> None:
    """Without a policy the answer says so, needs nobody to enforce it, and names both ends of a packet."""
    verdict = load(WEB, DB).can("shop/web", "data/db:5432")
    assert (verdict.allowed, verdict.reason, verdict.enforced) == (True, "no policy stands in the way", True)


def test_partly() -> None:
    """Where a part of the traffic gets through, the answer says which."""
    verdict = load(WEB, DB, policy("data/db", ingress=[{"ports": [port(5432), port(53, "UDP")]}])).can(
        "shop/web", "data/db"
    )
    assert verdict.outcome.value == "partial"
    assert verdict.passing == (("TCP", "5432"), ("UDP", "53"))
    assert verdict.reasons == ("partial: shop/web to data/db, only TCP/5432, UDP/53",)
    assert not verdict.allowed


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("203.0.113.9", "data/db:5432", "allowed"),
        ("203.0.113.200", "data/db:5432", "denied"),
        ("203.0.113.0/25", "data/db:5432", "allowed"),
        ("203.0.113.0/24", "data/db:5432", "partial"),
        ("203.0.113.128/25", "data/db:5432", "denied"),
        ("0.0.0.0/0", "data/db:5432", "partial"),
        ("internet", "data/db:5432", "denied"),
        ("2001:db8::/64", "data/db:5432", "denied"),
        ("data/db", "203.0.113.9:443", "allowed"),
    ],
)
def test_addresses(source: str, target: str, expected: str) -> None:
    """All of a CIDR, some of it, none of it."""
    rules: list[Object] = [{"from": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.128/25"]}}]}]
    assert outcome(load(DB, policy("data/db", ingress=rules)), source, target) == expected


def test_witness_lies_within_what_was_asked() -> None:
    """A packet between address ranges is one of those asked about."""
    (found,) = load(DB).can("203.0.113.64/26", "data/db:5432").witness
    assert (found.source, found.destination, found.port) == ("203.0.113.64", "data/db", 5432)


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [("0.0.0.0/0", "allowed"), ("8.0.0.0/8", "partial"), ("10.0.0.0/8", "denied")],
)
def test_internet(cidr: str, expected: str) -> None:
    """The internet is all that is globally routable, so a private range is none of it."""
    net = load(WEB, policy("shop/web", egress=[{"to": [{"ipBlock": {"cidr": cidr}}]}]))
    assert outcome(net, "shop/web", "internet:443") == ("partial" if cidr == "0.0.0.0/0" else expected)
    both = [{"to": [{"ipBlock": {"cidr": cidr}}, {"ipBlock": {"cidr": "::/0"}}]}]
    both_net = load(WEB, policy("shop/web", egress=both))
    assert outcome(both_net, "shop/web", "internet:443") == ("partial" if cidr != "0.0.0.0/0" else "allowed")


DNS = [
    {"action": "Accept", "to": [{"domainNames": ["api.example.com", "*.cdn.example.com"]}]},
    {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]},
]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("dns:api.example.com:443", "allowed"),
        ("dns:API.example.com.:443", "allowed"),
        ("dns:x.cdn.example.com:443", "allowed"),
        ("dns:cdn.example.com:443", "denied"),
        ("dns:other.example.com:443", "denied"),
        ("8.8.8.8:443", "unknown"),
    ],
)
def test_names(target: str, expected: str) -> None:
    """A name is allowed where a rule names it; an address only if it is one of a name, which nobody knows."""
    net = load(DB, cluster_policy("dns", 1, egress=DNS))
    verdict = net.can("data/db", target)
    assert verdict.outcome.value == expected
    if expected == "unknown":
        assert "the address is one of api.example.com" in verdict.conditions


def slices(name: str, owner: str, number: int, *addresses: str, ready: bool = True) -> Object:
    """An EndpointSlice of a Service."""
    space, _, own = name.partition("/")
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": own, "namespace": space, "labels": {"kubernetes.io/service-name": owner}},
        "addressType": "IPv4",
        "ports": [{"name": "", "port": number, "protocol": "TCP"}],
        "endpoints": [{"addresses": [each], "conditions": {"ready": ready}} for each in addresses],
    }


SERVICES: list[Object] = [
    WEB,
    CART,
    DB,
    workload("data/other", {"sql": 6543}, labels={"part": "sql"}),
    workload("data/third", {"sql": 7654}, labels={"part": "sql"}),
    service("data/db", [{"name": "sql", "port": 15432, "targetPort": "sql"}], {"app": "db"}),
    service("data/same", [{"port": 5432}], {"app": "db"}),
    service("data/number", [{"port": 1, "targetPort": 5432}], {"app": "db"}),
    service("data/several", [{"port": 80, "targetPort": "sql"}], {"part": "sql"}),
    service("data/headless", [{"name": "sql", "port": 1, "targetPort": 5432}], {"app": "db"}, clusterIP="None"),
    service("data/nobody", [{"port": 80}], {"app": "nobody"}),
    service("data/wrong", [{"port": 80, "targetPort": "nope"}], {"app": "db"}),
    service("data/outside", [{"port": 80}]),
    service("data/idle", [{"port": 80}]),
    slices("data/outside-1", "outside", 8443, "203.0.113.7"),
    slices("data/outside-2", "outside", 9999, "203.0.113.8", ready=False),
    slices("data/alien", "alien", 8443, "203.0.113.9"),
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "far", "namespace": "data"},
        "spec": {"type": "ExternalName", "externalName": "db.example.com."},
    },
    policy("data/db", {"app": "db"}, ingress=[{"ports": [port(5432)]}]),
    policy("data/other", {"app": "other"}, ingress=[{"ports": [port("sql")]}]),
    policy("data/third", {"app": "third"}, ingress=[{"ports": [port(1)]}]),
]


@pytest.mark.parametrize(
    ("target", "expected", "traffic"),
    [
        ("data/svc/db:15432", "allowed", "TCP/5432"),
        ("data/svc/db:sql", "allowed", "TCP/5432"),
        ("data/svc/db", "allowed", "TCP/5432"),
        ("data/svc/same:5432", "allowed", "TCP/5432"),
        ("data/svc/number:1", "allowed", "TCP/5432"),
        ("data/svc/several:80", "partial", "TCP/6543,7654"),
        ("data/svc/headless:5432", "allowed", "TCP/5432"),
        ("data/svc/headless:1", "denied", "TCP/1"),
        ("data/svc/headless:sql", "allowed", "TCP/5432"),
    ],
)
def test_services(target: str, expected: str, traffic: str) -> None:
    """A Service leads to its endpoints and to their ports; a headless one translates nothing."""
    verdict = load(*SERVICES).can("shop/web", target)
    assert verdict.outcome.value == expected
    [(protocol, ports)] = verdict.traffic
    assert f"{protocol}/{ports}" == traffic


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("data/svc/db:5432", "data/svc/db:5432 leads nowhere: the Service has no such port; it has 15432/TCP"),
        (
            "data/svc/db:15432/UDP",
            "data/svc/db:15432/UDP leads nowhere: the Service has no such port; it has 15432/TCP",
        ),
        ("data/svc/nobody:80", "data/svc/nobody:80 leads nowhere: no endpoint stands behind the Service"),
        ("data/svc/wrong:80", "data/svc/wrong:80 leads nowhere: no endpoint stands behind the Service"),
        ("data/svc/idle:80", "data/svc/idle:80 leads nowhere: no endpoint stands behind the Service"),
        ("shop/web:nope", "shop/web declares no port named 'nope'"),
    ],
)
def test_nothing_there(target: str, reason: str) -> None:
    """Where nothing listens by that port or Service, no packet gets there, and the answer says why."""
    verdict = load(*SERVICES).can("shop/cart", target)
    assert (verdict.outcome.value, verdict.reasons) == ("denied", (reason,))


def test_a_service_without_a_selector() -> None:
    """It leads where its EndpointSlices point, to what is ready there and nowhere else."""
    net = load(*SERVICES, policy("shop/out", egress=[{"to": [{"ipBlock": {"cidr": "203.0.113.7/32"}}]}]))
    assert outcome(net, "shop/web", "data/svc/outside:80") == "allowed"


def test_external_name() -> None:
    """An ExternalName Service is the name that it leads to."""
    net = load(
        *SERVICES,
        cluster_policy(
            "dns",
            1,
            egress=[
                {"action": "Accept", "to": [{"domainNames": ["db.example.com"]}]},
                {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]},
            ],
        ),
    )
    verdict = net.can("data/other", "data/svc/far:5432")
    assert verdict.outcome.value == "allowed"
    assert verdict.notes == ("data/svc/far:5432 is an ExternalName Service: it leads to db.example.com",)


def test_a_pod_reaches_itself() -> None:
    """A pod always reaches itself; two replicas are asked about as two."""
    guarded = [policy("shop/none", ingress=[], egress=[])]
    net = load(WEB, workload("shop/many", replicas=3), *guarded)
    assert outcome(net, "shop/web", "shop/web:80") == "allowed"
    verdict = net.can("shop/many", "shop/many:80")
    assert verdict.outcome.value == "denied"
    assert verdict.notes == ("this is about two replicas of shop/many; a replica always reaches itself",)


OWNED = {"labels": {"app": "api", "pod-template-hash": "7d9f"}, "owner": ("ReplicaSet", "api-7d9f")}


def test_one_pod_of_a_workload() -> None:
    """A pod by name is that pod: it reaches itself, and another replica only as policies have it."""
    net = load(
        pod("shop/api-7d9f-x1", "10.0.1.1", **OWNED),  # type: ignore[arg-type]
        pod("shop/api-7d9f-x2", "10.0.1.2", **OWNED),  # type: ignore[arg-type]
        policy("shop/none", ingress=[]),
    )
    one, two = "shop/api-7d9f-x1", "shop/api-7d9f-x2"
    assert outcome(net, one, one + ":80") == "allowed"
    assert outcome(net, one, two + ":80") == "denied"
    assert outcome(net, "shop/api", "shop/api:80") == "denied"
    assert outcome(net, "10.0.1.1", "10.0.1.1", "TCP/80") == "allowed"


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("node/k1", "data/db:80", "allowed"),
        ("node/k2", "data/db:80", "denied"),
        ("shop/host", "data/db:80", "allowed"),
        ("shop/away", "data/db:80", "denied"),
        ("192.168.0.1", "data/db:80", "allowed"),
        ("192.168.0.2", "data/db:80", "denied"),
        ("data/db", "node/k1:10250", "allowed"),
        ("data/db", "shop/host:80", "allowed"),
        ("node/k1", "data/lost:80", "unknown"),
        ("shop/agent", "data/db:80", "partial"),
    ],
)
def test_nodes(source: str, target: str, expected: str) -> None:
    """A pod's own node gets through, other nodes do not; what shares a node's network is that node."""
    net = load(
        node("k1", "192.168.0.1"),
        node("k2", "192.168.0.2"),
        pod("data/db", "10.0.1.1", nodeName="k1"),
        pod("data/lost", "10.0.1.2"),
        pod("shop/host", "192.168.0.1", nodeName="k1", hostNetwork=True),
        pod("shop/away", "192.168.0.2", nodeName="k2", hostNetwork=True),
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "agent", "namespace": "shop"},
            "spec": {
                "selector": {"matchLabels": {"app": "agent"}},
                "template": {
                    "metadata": {"labels": {"app": "agent"}},
                    "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "x"}]},
                },
            },
        },
        policy("data/none", ingress=[]),
    )
    verdict = net.can(source, target)
    assert verdict.outcome.value == expected
    if expected == "unknown":
        assert "unknown: the node that data/lost runs on is not in the input" in verdict.reasons


def test_unknown_names_what_is_missing() -> None:
    """A pod without an address under an ipBlock is unknown; the answer says on what it depends."""
    net = load(WEB, DB, policy("data/db", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]))
    verdict = net.can("shop/web", "data/db:5432")
    assert verdict.outcome.value == "unknown"
    assert verdict.conditions == ("shop/web gets an address in 10.0.0.0/8",)
    assert any(reason == "unknown: allowed if shop/web gets an address in 10.0.0.0/8" for reason in verdict.reasons)


def test_flannel_enforces_nothing() -> None:
    """Where the CNI enforces no policy, the answer stays what policies say, and says that nothing enforces it."""
    net = load(WEB, DB, FLANNEL, policy("data/none", ingress=[]))
    verdict = net.can("shop/web", "data/db:5432")
    assert (verdict.outcome.value, verdict.enforced) == ("denied", False)
    assert net.warning == "not enforced: Flannel does not enforce 1 networkpolicy objects of this input"
    free = load(WEB, DB, FLANNEL)
    assert (free.can("shop/web", "data/db:5432").enforced, free.warning) == (True, "")


CILIUM: Object = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumNetworkPolicy",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"endpointSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}]},
}


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("shop/cart", "shop/web:80", "unknown"),
        ("data/db", "shop/web:80", "unknown"),
        ("shop/cart", "data/db:80", "allowed"),
        ("shop/web", "shop/cart:80", "allowed"),
    ],
)
def test_policies_not_understood(source: str, target: str, expected: str) -> None:
    """Whom a policy of a kind that is not understood may guard, nobody knows about; others are as they were."""
    net = load(WEB, CART, DB, namespace("shop"), CILIUM)
    verdict = net.can(source, target)
    assert verdict.outcome.value == expected
    assert ("ciliumnetworkpolicy shop/web" in verdict.reason) is (expected == "unknown")
    assert ["ciliumnetworkpolicy shop/web" in notice.message for notice in net.notices] == [True]


@pytest.mark.parametrize(
    ("gap", "source", "target", "expected"),
    [
        (Unreadable("networking.k8s.io", "NetworkPolicy", None, "403"), "shop/web", "data/db:1", "unknown"),
        (Unreadable("networking.k8s.io", "NetworkPolicy", "data", "403"), "shop/web", "data/db:1", "unknown"),
        (Unreadable("networking.k8s.io", "NetworkPolicy", "data", "403"), "shop/web", "shop/cart:1", "allowed"),
        (
            Unreadable("policy.networking.k8s.io", "ClusterNetworkPolicy", None, "403"),
            "shop/web",
            "data/db:1",
            "unknown",
        ),
    ],
)
def test_kinds_that_could_not_be_read(gap: Unreadable, source: str, target: str, expected: str) -> None:
    """What a live cluster would not show could change the answer, in its namespace or everywhere."""
    documents = [Document(each, Origin("objects", number)) for number, each in enumerate([WEB, CART, DB])]
    net = Network(Reading(documents, unreadable=[gap], examined=1))
    verdict = net.can(source, target)
    assert verdict.outcome.value == expected
    assert (gap.kind.lower() in verdict.reason.lower()) is (expected == "unknown")


def test_ties_are_unknown() -> None:
    """Two policies of one priority that disagree have no order."""
    net = load(
        WEB,
        DB,
        namespace("shop"),
        namespace("data"),
        cluster_policy("yes", 5, ingress=[{"action": "Accept", "from": [space_peer("shop")]}]),
        cluster_policy("no", 5, ingress=[{"action": "Deny", "from": [space_peer("shop")]}]),
    )
    verdict = net.can("shop/web", "data/db:1")
    assert verdict.outcome.value == "unknown"
    assert "comes first among policies of the same priority" in verdict.reason


def space_peer(name: str) -> Object:
    """All pods of a namespace, as an admin policy has it."""
    return {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def test_causes_of_a_difference() -> None:
    """A difference names the policies that bear on it, and no other one that changed as well."""
    old = load(WEB, CART, DB, policy("shop/idle", {"app": "none"}, ingress=[]))
    new = load(
        WEB,
        CART,
        DB,
        policy("data/db", ingress=[{"from": [space("shop")]}]),
        policy("shop/idle", {"app": "none"}, egress=[]),
        policy("shop/cart", {"app": "cart"}, ingress=[{}]),
    )
    difference = old.diff(new)
    assert [(cause.title, cause.change) for cause in difference.causes] == [("networkpolicy data/db", "added")]
    assert not difference.added
    assert {each.connection.destination for each in difference.removed} == {"data/db"}
    assert all(each.causes == ("networkpolicy data/db",) for each in difference.removed)


def test_app_peers_stay_in_their_namespace() -> None:
    """A pod selector alone is about the policy's own namespace."""
    net = load(WEB, CART, DB, workload("data/web"), policy("data/db", {"app": "db"}, ingress=[{"from": [app("web")]}]))
    assert [outcome(net, each, "data/db:1") for each in ("data/web", "shop/web")] == ["allowed", "denied"]
