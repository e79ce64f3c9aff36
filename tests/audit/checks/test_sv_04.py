"""SV-04: source ranges that a node port passes by."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import aws
from audit.asking import command, found, messages
from audit.pieces import DENY, node, service

RANGES = "loadBalancerSourceRanges: [203.0.113.0/24],"
OWN = service("web", f"type: LoadBalancer, {RANGES} ports: [{{port: 80, targetPort: 8080, nodePort: 30080}}]")
CLUSTER = node(aws.PROVIDER, public=aws.PUBLIC) + aws.pod()


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at its ranges, with somebody who passes them by."""
    text = CLUSTER + OWN + aws.network(aws.NODE_PORTS)
    said = "its source ranges do not hold at node port 30080, which lets others in"
    assert command("SV-04", text, tmp_path) == [f"16 high service shop/web: {said}"]
    (finding,) = found(text, "--select", "SV-04")
    assert finding["witness"] == {
        "source": "1.0.0.0", "destination": "shop/web", "traffic": "node port 30080", "certainty": "sure"
    }  # fmt: skip


def test_not_known() -> None:
    """What the input does not say is for the pedantic."""
    assert messages("SV-04", CLUSTER + OWN) == []
    assert messages("SV-04", CLUSTER + OWN, "--persona", "pedantic") == [
        (
            "medium service shop/web: its source ranges do not hold at node port 30080, which may let others in; which "
            "firewalls stand in front of node n1 is not known"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        CLUSTER + OWN + aws.network(aws.group("nodes", aws.permission("30000-32767", "{CidrIp: 203.0.113.0/25}"))),
        CLUSTER + OWN + aws.network(aws.group("nodes", aws.permission("22"))),
        CLUSTER + OWN + aws.network(aws.NODE_PORTS) + DENY,
        CLUSTER + OWN.replace(RANGES, "") + aws.network(aws.NODE_PORTS),
        CLUSTER + OWN.replace("203.0.113.0/24", "0.0.0.0/0") + aws.network(aws.NODE_PORTS),
        CLUSTER
        + OWN.replace(", nodePort: 30080", "").replace(RANGES, f"{RANGES} allocateLoadBalancerNodePorts: false,")
        + aws.network(aws.NODE_PORTS),
    ],
    ids=["the same ranges", "closed", "a policy", "no ranges", "everybody", "no node ports"],
)
def test_clean(text: str) -> None:
    """Where nobody else gets in there is no finding."""
    assert messages("SV-04", text, "--persona", "pedantic") == []
