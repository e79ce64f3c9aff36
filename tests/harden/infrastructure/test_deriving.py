"""The intent for a cluster: what is opened to whom, and why; the rest is closed, and what is unsure is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import crenel
from crenel.harden.infrastructure import Given, Wanted, prove, wanted, write
from crenel.harden.infrastructure.deriving.leaving import rounded
from crenel.harden.infrastructure.lines import lines
from crenel.harden.infrastructure.traffic import written
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction

LAYERS = Path(__file__).parents[3] / "examples" / "layers"
FLANNEL = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-flannel-ds, namespace: kube-flannel}
spec:
  selector: {matchLabels: {app: flannel}}
  template:
    metadata: {labels: {app: flannel}}
    spec:
      hostNetwork: true
      containers: [{name: kube-flannel, image: ghcr.io/flannel-io/flannel:v0.27.0}]
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 8.8.8.0/24}}], ports: [{port: 443}]}]
"""
NODE = """
apiVersion: v1
kind: Node
metadata: {{name: {name}, labels: {{{label}}}}}
spec: {{podCIDRs: [10.244.{number}.0/24]}}
status: {{addresses: [{{type: InternalIP, address: 10.0.0.{number}}}]}}
"""


def node(number: int, leads: bool = False) -> str:
    """A node; one of the control plane if it `leads`."""
    label = '"node-role.kubernetes.io/control-plane": ""' if leads else ""
    return NODE.format(name=f"n{number}", label=label, number=number)


def service(kind: str = "LoadBalancer", more: str = "") -> str:
    """A Service with a port and a pod behind it."""
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{type: {kind}, selector: {{app: web}}, ports: [{{port: 443, targetPort: 8443, nodePort: 30443}}]{more}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: shop, labels: {{app: web}}}}
spec: {{nodeName: n1, containers: [{{name: web, image: web:1, ports: [{{containerPort: 8443}}]}}]}}
status: {{phase: Running, podIPs: [{{ip: 10.244.1.5}}]}}
"""


@pytest.fixture
def derived(tmp_path: Path) -> Callable[..., Wanted]:
    """The intent for some documents."""

    def derive(*texts: str, given: Given | None = None) -> Wanted:
        (tmp_path / "cluster.yaml").write_text("\n---\n".join(texts))
        return wanted(crenel.load(tmp_path), given)

    return derive


def said(intent: Wanted, group: str, direction: Direction) -> list[tuple[str, str]]:
    """What is opened, line by line: the other end, and the traffic."""
    found = lines(intent.of(group, direction))
    return [(each.group or str(each.addresses), written(each.kinds)) for each in found]


IN, OUT = Direction.INGRESS, Direction.EGRESS


def test_an_example_of_aws() -> None:
    """Clients reach the load balancer, it the node port, and nobody else gets in."""
    intent = wanted(crenel.load(LAYERS / "aws"))
    assert intent.network == "vpc-1"
    assert [(each.name, [one.name for one in each.members]) for each in intent.groups] == [
        ("nodes", ["eni-node-1", "eni-node-2"]), ("lb-shop", ["eni-lb"]),
    ]  # fmt: skip
    assert [(each.name, str(each.addresses), each.shared) for each in intent.subnets] == [
        ("subnet-front", "10.0.1.0/24", ()), ("subnet-nodes", "10.0.2.0/24", ()),
    ]  # fmt: skip
    assert said(intent, "lb-shop", IN) == [("0.0.0.0/0", "TCP/443")]
    assert said(intent, "lb-shop", OUT) == [("nodes", "TCP/30443")]
    assert said(intent, "nodes", IN) == [("lb-shop", "TCP/30443"), ("nodes", "all traffic")]
    assert "Service shop/web: TCP/443 of load balancer shop" in {each.why for each in intent.openings}


@pytest.mark.parametrize("platform", ["aws", "azure", "gcp"])
def test_examples_are_written_and_proved(platform: str) -> None:
    """The rule set for each example is read back as its intent."""
    written_ = write(wanted(crenel.load(LAYERS / platform)), platform)
    assert not written_.unfit
    assert all(proof.holds for proof in prove(written_))


@pytest.mark.parametrize("platform", ["azure", "gcp"])
def test_clients_come_as_they_are(platform: str) -> None:
    """Where a load balancer keeps the addresses of clients, these are let in, and the probes of the cloud."""
    found = said(wanted(crenel.load(LAYERS / platform)), "nodes", IN)
    probes = {"azure": "168.63.129.16/32", "gcp": "35.191.0.0/16, 130.211.0.0/22, 209.85.152.0/22, 209.85.204.0/22"}
    assert ("0.0.0.0/0", "TCP/443") in found
    assert (probes[platform], "TCP/10256") in found


def without_a_way_in(folder: Path, name: str, change: Callable[[Any], None], to: Path) -> Wanted:
    """The intent for an example of which one document is changed."""
    for each in folder.iterdir():
        text = each.read_text()
        if each.name == name:
            data = json.loads(text)
            change(data)
            text = json.dumps(data)
        (to / each.name).write_text(text)
    return wanted(crenel.load(to))


def test_what_firewalls_close_today_does_not_close_what_is_meant(tmp_path: Path) -> None:
    """A Service that a security group shuts off is opened: what is needed is asked of the cluster, not of its walls."""

    def close(data: Any) -> None:
        for group in data["SecurityGroups"]:
            group["IpPermissions"] = []

    intent = without_a_way_in(LAYERS / "aws", "security-groups.json", close, tmp_path)
    assert said(intent, "lb-shop", IN) == [("0.0.0.0/0", "TCP/443")]
    assert ("lb-shop", "TCP/30443") in said(intent, "nodes", IN)


def test_the_plugin_tells_what_machines_say_to_each_other(derived: Callable[..., Wanted]) -> None:
    """With Flannel in the input its tunnel and kubelets are open between nodes; without any plugin everything is."""
    assert said(derived(node(1), node(2), FLANNEL), "nodes", IN) == [("nodes", "TCP/10250, UDP/8472")]
    intent = derived(node(1), node(2))
    assert said(intent, "nodes", IN) == [("nodes", "all traffic")]
    assert any("the input does not show the network plugin" in each for each in intent.notes)


@pytest.mark.parametrize(
    ("configuration", "traffic"),
    [
        ("{routing-mode: tunnel}", "ICMP, TCP/4240, TCP/4244, TCP/10250, UDP/8472"),
        ("{tunnel-protocol: geneve}", "ICMP, TCP/4240, TCP/4244, TCP/10250, UDP/6081"),
        ('{tunnel-port: "9999", enable-wireguard: "true"}', "ICMP, TCP/4240, TCP/4244, TCP/10250, UDP/9999, UDP/51871"),
        ("{routing-mode: native}", "all traffic"),
    ],
)
def test_cilium_as_it_is_configured(derived: Callable[..., Wanted], configuration: str, traffic: str) -> None:
    """Its tunnel is the one of its configuration; without one firewalls see the pods themselves."""
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\n"
        f"data: {configuration}"
    )
    assert ("nodes", traffic) in said(derived(node(1), node(2), text), "nodes", IN)


def test_the_control_plane_on_nodes_of_its_own(derived: Callable[..., Wanted]) -> None:
    """API server, kubelets and etcd are open to those that use them; the tunnel is between all machines."""
    intent = derived(node(1), node(2, leads=True), FLANNEL, given=Given(api_server=("10.0.0.2:6443",)))
    assert said(intent, "nodes", IN) == [("control-plane", "TCP/10250, UDP/8472"), ("nodes", "TCP/10250, UDP/8472")]
    assert said(intent, "control-plane", IN) == [
        ("control-plane", "TCP/2379-2380, TCP/6443, TCP/10250, UDP/8472"),
        ("nodes", "TCP/6443, TCP/10250, UDP/8472"),
    ]


def test_a_managed_control_plane(derived: Callable[..., Wanted]) -> None:
    """Its addresses are let to kubelets, and are reached; it has no rules of its own."""
    intent = derived(node(1), FLANNEL, given=Given(api_server=("172.16.0.0/28:443",)))
    assert ("172.16.0.0/28", "TCP/10250") in said(intent, "nodes", IN)
    plane = [each for each in intent.openings if each.why == "the API server"]
    assert [(each.group, each.direction, str(each.end.addresses)) for each in plane] == [
        ("nodes", OUT, "172.16.0.0/28")
    ]
    unknown = derived(node(1), FLANNEL)
    assert any("the API server is not in the input" in each for each in unknown.notes)


def test_a_load_balancer_that_is_not_in_the_input(derived: Callable[..., Wanted]) -> None:
    """Its clients are let to the node port: nothing that is needed is cut; source ranges narrow it."""
    assert ("0.0.0.0/0", "TCP/30443") in said(derived(node(1), FLANNEL, service()), "nodes", IN)
    narrow = derived(node(1), FLANNEL, service(more=", loadBalancerSourceRanges: [192.0.2.0/24]"))
    assert ("192.0.2.0/24", "TCP/30443") in said(narrow, "nodes", IN)
    assert (
        "shop/web: its load balancer is not in the input, so its ports on nodes are open to 192.0.2.0/24"
        in narrow.notes
    )


def test_a_node_port_that_is_not_chosen_yet(derived: Callable[..., Wanted]) -> None:
    """Nothing is opened for it, and the user is told how to get there; one without node ports gets its own port."""
    intent = derived(node(1), FLANNEL, service().replace(", nodePort: 30443", ""))
    assert said(intent, "nodes", IN) == [("nodes", "TCP/10250, UDP/8472")]
    assert any(each.startswith("shop/web: no node port is chosen for it yet") for each in intent.notes)
    more = ", allocateLoadBalancerNodePorts: false"
    direct = derived(node(1), FLANNEL, service(more=more).replace(", nodePort: 30443", ""))
    assert ("0.0.0.0/0", "TCP/443") in said(direct, "nodes", IN)


def test_node_ports_that_nobody_is_known_to_need_are_closed(derived: Callable[..., Wanted]) -> None:
    """That is said; between nodes the tunnel carries what comes in elsewhere."""
    intent = derived(node(1), FLANNEL, service("NodePort"))
    assert said(intent, "nodes", IN) == [("nodes", "TCP/10250, UDP/8472")]
    assert (
        "node port 30443/TCP of service shop/web is closed to all but nodes: nothing shows who needs it" in intent.notes
    )


def test_what_leaves_is_what_policies_let_out(derived: Callable[..., Wanted]) -> None:
    """With policies machines may send what these allow, and what they need themselves; without, everything."""
    here = AddressSet.of("10.0.0.53")
    given = Given(registries=AddressSet.of("203.0.113.9"), resolvers=here, clocks=here)
    texts = node(1), FLANNEL, service("ClusterIP").replace(", nodePort: 30443", "")
    intent = derived(*texts, POLICY, given=given)
    assert said(intent, "nodes", OUT) == [
        ("nodes", "TCP/10250, UDP/8472"), ("10.0.0.53/32", "TCP/53, UDP/53, UDP/123"),
        ("8.8.8.0/24, 203.0.113.9/32", "TCP/443"),
    ]  # fmt: skip
    assert "shop/web, by policies" in {each.why for each in intent.openings}
    assert ("0.0.0.0/0", "all traffic") in said(derived(*texts, given=given), "nodes", OUT)


def test_administrators_are_named_or_told_to_be(derived: Callable[..., Wanted]) -> None:
    """SSH is open to those that are named, and to nobody otherwise."""
    assert any("no new SSH session" in each for each in derived(node(1), FLANNEL).notes)
    intent = derived(node(1), FLANNEL, given=Given(administrators=AddressSet.of("10.9.0.0/24")))
    assert ("10.9.0.0/24", "TCP/22") in said(intent, "nodes", IN)


def test_no_node_is_said(derived: Callable[..., Wanted]) -> None:
    """There is nobody to write rules for where the input has no node with an address."""
    intent = derived(service())
    assert not intent.openings
    assert "no node of the input has an interface or an address: there is nobody to write rules for" in intent.notes


def test_ranges_are_rounded_over_what_does_not_matter() -> None:
    """A set with holes that nobody asks about is written as what it was cut from."""
    whole, hole = AddressSet.of("10.0.0.0/24"), AddressSet.of("10.0.0.7", "10.0.9.0/24")
    assert rounded(whole - hole, hole) == whole
