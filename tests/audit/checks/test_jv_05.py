"""JV-05: a route by which pods get out to the internet through every layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import aws
from audit.asking import command, found, messages
from audit.pieces import DENY, node, policy

CLUSTER = node(aws.PROVIDER) + aws.pod() + aws.pod("api")
NAT = "NatGatewayId: nat-1"
NODES = aws.group("nodes")
SAID = "lets shop/web and 1 more workloads out to the whole internet, and no policy or firewall on the way stops them"


def test_real_command(tmp_path: Path) -> None:
    """The route is named, with those that leave by it."""
    text = CLUSTER + aws.network(NODES, public="", gateway=NAT)
    (line,) = command("JV-05", text, tmp_path)
    place, _, rest = line.partition(" medium ")
    assert rest == f"route to the internet: route table rtb-1 leads to nat-1: {SAID}"
    assert "nat-1" in (tmp_path / "input.yaml").read_text().splitlines()[int(place) - 1]
    (finding,) = found(text, "--select", "JV-05")
    assert finding["witness"]["traffic"] == "all traffic"
    assert finding["evidence"] == ["shop/web", "shop/api"]


def test_some_of_them() -> None:
    """Those that a policy holds back are not among them."""
    text = CLUSTER + policy("web", "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]")
    (line,) = messages("JV-05", text + aws.network(NODES, public="", gateway=NAT))
    assert "lets shop/api out to the whole internet" in line


def out(permission: str) -> str:
    """The group of the nodes with one rule for what leaves."""
    return aws.group("nodes", out=permission)


@pytest.mark.parametrize(
    "text",
    [
        "",
        aws.network(NODES, public="", gateway="VpcPeeringConnectionId: pcx-1"),
        aws.network(out('{IpProtocol: "-1", IpRanges: [{CidrIp: 10.0.0.0/8}]}'), public="", gateway=NAT),
        aws.network(out('{IpProtocol: "-1", IpRanges: [{CidrIp: 1.1.1.0/24}]}'), public="", gateway=NAT),
        aws.network(out("{IpProtocol: udp, FromPort: 53, ToPort: 53, IpRanges: [{CidrIp: 0.0.0.0/0}]}"), public="",
                    gateway=NAT),
        aws.network(NODES, public="", gateway=NAT) + DENY,
    ],
    ids=["no infrastructure", "no route", "a group", "a few addresses", "names", "a policy"],
)  # fmt: skip
def test_clean(text: str) -> None:
    """One closed layer is enough; without the infrastructure EG-01 has it."""
    assert messages("JV-05", CLUSTER + text) == []
