"""SV-05: source ranges that nothing on the way holds up."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import aws
from audit.asking import command, messages
from audit.pieces import DENY, node, service

RANGES = "loadBalancerSourceRanges: [203.0.113.0/24],"
PORTS = "ports: [{port: 80, targetPort: 8080, nodePort: 30080}]"
OWN = service("web", f"type: LoadBalancer, {RANGES} {PORTS}").replace("---\n", f"{aws.STATUS}\n---\n")
CLUSTER = node(aws.PROVIDER) + aws.pod()
HIDING = 'Attributes: [{Key: preserve_client_ip.enabled, Value: "false"}]\n---\n'
KEEPING = HIDING.replace("false", "true")
SAID = "its source ranges are held up by nothing on the way through shop, which"


def around(groups: str) -> str:
    """The network with the load balancer in front of the node."""
    return aws.network(groups, public="", more=aws.BALANCED) + aws.balancer("i-1")


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at its ranges."""
    text = CLUSTER + OWN + around(aws.EVERYBODY + aws.FROM_BALANCER) + HIDING
    assert command("SV-05", text, tmp_path) == [f"16 high service shop/web: {SAID} lets others in"]


def test_node_ports_are_not_in_the_ranges() -> None:
    """Where the client is kept the node port still is none that ranges are asked for at; not known is medium."""
    open_ = around(aws.EVERYBODY + aws.NODE_PORTS)
    assert messages("SV-05", CLUSTER + OWN + open_ + KEEPING) == [f"high service shop/web: {SAID} lets others in"]
    assert messages("SV-05", CLUSTER + OWN + around(aws.EVERYBODY + aws.FROM_BALANCER)) == [
        f"medium service shop/web: {SAID} may let others in"
    ]


OFFICE = aws.group("lb", aws.permission("80", "{CidrIp: 203.0.113.0/24}"))


@pytest.mark.parametrize(
    "text",
    [
        CLUSTER + OWN + around(OFFICE + aws.FROM_BALANCER) + HIDING,
        CLUSTER + OWN + around(aws.EVERYBODY + aws.FROM_BALANCER) + HIDING + DENY,
        CLUSTER + OWN.replace(RANGES, "") + around(aws.EVERYBODY + aws.FROM_BALANCER) + HIDING,
        CLUSTER + OWN,
    ],
    ids=["its group holds them up", "a policy closes it", "no ranges", "the load balancer is not in the input"],
)
def test_clean(text: str) -> None:
    """Where others do not get through, or the load balancer is not in the input, there is no finding."""
    assert messages("SV-05", text) == []
