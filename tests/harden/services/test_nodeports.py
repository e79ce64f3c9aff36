"""Node ports that nobody uses, and what else takes ports and addresses of nodes."""

from __future__ import annotations

from pathlib import Path

from audit.pieces import deployment, service
from crenel.flows.observed import Verdict
from harden.services.planning import ADMIN, AZURE, added, ids, planned, removed, seen

PORT = service("admin", "type: NodePort, ports: [{port: 9000, targetPort: 8080, nodePort: 30900}]")
OUTSIDE_FORBIDDEN = "deny: {from: internet, to: shop/admin}"
OTHER = seen("shop/web", "shop/db", 5432)


def test_what_nobody_uses(tmp_path: Path) -> None:
    """A month of flows in which nobody came to the node port makes it a ClusterIP."""
    found = planned(tmp_path, AZURE + ADMIN + PORT, observed=[OTHER])
    assert ids(found.made) == ["service shop/admin: cluster-ip"]
    assert removed(found) == [
        "spec: {selector: {app: admin}, type: NodePort, ports: [{port: 9000, targetPort: 8080, nodePort: 30900}]}"
    ]
    assert added(found) == ["spec: {selector: {app: admin}, type: ClusterIP, ports: [{port: 9000, targetPort: 8080}]}"]
    assert found.made[0].cuts == (
        "the internet, as far as it got through, by node port service shop/admin:30900 to shop/admin:8080",
    )
    assert str(found.made[0].evidence[0]) == "flows from 2026-10-01 to 2026-11-01"


def test_what_is_used(tmp_path: Path) -> None:
    """A node port that somebody came to stays; a connection that was dropped is no use."""
    row = seen("10.0.9.9", "node/n1", 30900)
    found = planned(tmp_path, AZURE + ADMIN + PORT, observed=[row])
    assert found.changes == []
    assert found.stays[0].why == "its node ports are used: 10.0.9.9 came to port 30900 of node/n1"
    dropped = seen("10.0.9.9", "node/n1", 30900, verdict=Verdict.DROPPED)
    assert ids(planned(tmp_path, AZURE + ADMIN + PORT, observed=[dropped]).made) == ["service shop/admin: cluster-ip"]


def test_who_sends_there(tmp_path: Path) -> None:
    """The load balancer of an Ingress on AWS sends to node ports unless it is told to send to pods."""
    text = node_of_aws() + deployment("admin") + PORT + ALB
    found = planned(tmp_path, text, observed=[OTHER], tls=False)
    assert [(each.subject, each.why) for each in found.stays] == [
        ("service shop/admin", "ingress shop/admin sends to its node ports")
    ]
    assert found.changes == []
    straight = text.replace("annotations: {}", "annotations: {alb.ingress.kubernetes.io/target-type: ip}")
    assert ids(planned(tmp_path, straight, observed=[OTHER], tls=False).made) == ["service shop/admin: cluster-ip"]


def test_the_only_way_in(tmp_path: Path) -> None:
    """Declared clients keep the only way that they have; where there is another one it is asked."""
    declared = "allow: {from: 10.0.0.0/8, to: 'shop/admin:8080'}"
    found = planned(tmp_path, AZURE + ADMIN + PORT, declared)
    assert (found.changes, found.stays[0].why) == ([], "who comes from outside by the intents has no other way in")
    other = PORT.replace("name: admin, namespace", "name: second, namespace").replace("NodePort", "LoadBalancer")
    both = planned(tmp_path, AZURE + ADMIN + PORT + other.replace(", nodePort: 30900", ""), declared)
    assert "clients of admin are declared: do they come another way?" in [each.question for each in both.waiting]


def test_forbidden_and_unknown(tmp_path: Path) -> None:
    """An intent by which nobody may come closes it; without any knowledge it waits."""
    closed = "only: {from: shop/web, to: shop/admin}"
    assert ids(planned(tmp_path, AZURE + ADMIN + deployment("web") + PORT, closed).made) == [
        "service shop/admin: cluster-ip"
    ]
    waiting = planned(tmp_path, AZURE + ADMIN + PORT).waiting
    assert [each.question for each in waiting] == [
        "neither intents nor flows say that nobody comes to admin this way: is that so?"
    ]


def test_beside_a_load_balancer(tmp_path: Path) -> None:
    """Node ports that a load balancer does not need go without a question, where nobody wrote their numbers."""
    text = AZURE + ADMIN + service(
        "admin", "type: LoadBalancer, loadBalancerClass: io.cilium/node, ports: [{port: 443, targetPort: 8080}]"
    )  # fmt: skip
    found = planned(tmp_path, text)
    assert "service shop/admin: no-node-ports" in ids(found.made)
    assert "allocateLoadBalancerNodePorts: false" in found.files[0].new.decode()
    numbered = planned(tmp_path, text.replace("targetPort: 8080", "targetPort: 8080, nodePort: 30443"))
    assert "service shop/admin: no-node-ports" in ids(numbered.waiting)


def test_addresses_and_host_ports(tmp_path: Path) -> None:
    """External addresses and ports of nodes that containers take go the same way."""
    text = AZURE + deployment("admin", more=", hostPort: 9000") + service(
        "admin", "externalIPs: [203.0.113.9], ports: [{port: 80, targetPort: 8080}]"
    )  # fmt: skip
    found = planned(tmp_path, text, observed=[OTHER])
    assert ids(found.made) == ["service shop/admin: no-external-ips", "deployment shop/admin: no-host-port-9000"]
    assert "externalIPs" not in found.files[0].new.decode()
    assert "hostPort" not in found.files[0].new.decode()
    assert len(planned(tmp_path, text).waiting) == 2


def node_of_aws() -> str:
    """A node of AWS."""
    return AZURE.partition("providerID")[0] + 'providerID: "aws:///eu-west-1a/i-1"}\n' + "---\n"


ALB = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: admin, namespace: shop, annotations: {}}
spec:
  ingressClassName: alb
  rules:
    - host: a.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: admin, port: {number: 9000}}}}]}
---
"""
