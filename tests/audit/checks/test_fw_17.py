"""FW-17: firewalls that let through something else than what is declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.asking import command, messages
from audit.walls import POD, allow, amazon, entry, group, nodes, rule, tcp
from dialects.aws.plans import inline, numbered, plan, state, written
from dialects.azure import samples

OFFICE = "203.0.113.0/24"


def declared(*rules: dict[str, Any], identifier: str = "sg-1") -> str:
    """A state of Terraform with the security group ``nodes``."""
    values = {"id": identifier, "name": "nodes", "vpc_id": "vpc-1", "ingress": list(rules), "egress": []}
    return json.dumps(state(("aws_security_group.nodes", values))) + "\n---\n"


def live(*permissions: str) -> str:
    """The interface of a machine with that group, as the cloud answers."""
    return amazon(group("sg-1", *permissions))


def google(ranges: str) -> str:
    """A plan for a rule of Google Cloud that is there already."""
    values = {
        "id": "projects/shop/global/firewalls/ssh", "name": "ssh", "project": "shop", "direction": "INGRESS",
        "network": "projects/shop/global/networks/main", "priority": 1000, "source_ranges": [ranges],
        "allow": [{"protocol": "tcp", "ports": ["22"]}],
    }  # fmt: skip
    return json.dumps(state(("google_compute_firewall.ssh", values))) + "\n---\n"


def test_real_command(tmp_path: Path) -> None:
    """What somebody opened by hand is named, at the rule as it is declared."""
    text = google(OFFICE) + nodes(rule("ssh", "0.0.0.0/0", tcp("22")))
    assert command("FW-17", text, tmp_path) == [
        (
            "1 high vpc firewall rule ssh: what gets in to n1: there is and not declared: 0.0.0.0/0 except "
            "203.0.113.0/24 on TCP/22"
        )
    ]


def test_of_a_security_group() -> None:
    """What is declared and not there is named as well."""
    text = declared(inline("tcp", 22, None, OFFICE), inline("tcp", 443, None, "10.0.0.0/8"))
    assert messages("FW-17", text + live(allow(22, OFFICE), allow(80, "192.0.2.0/24"))) == [
        (
            "medium security group sg-1 (nodes): what gets in to eni-1: there is and not declared: 192.0.2.0/24 on "
            "TCP/80; declared and not there: 10.0.0.0/8 on TCP/443"
        )
    ]


def test_of_a_network_acl() -> None:
    """The order of the entries counts, not their text."""
    values = {
        "id": "acl-1", "vpc_id": "vpc-1", "subnet_ids": ["subnet-1"],
        "ingress": [numbered(90, "deny", cidr_block="10.9.0.0/16"), numbered(100)], "egress": [numbered(100)],
    }  # fmt: skip
    entries = (entry(90, "0.0.0.0/0"), entry(100, "10.9.0.0/16", deny=True), entry(100, "0.0.0.0/0", out=True))
    text = json.dumps(state(("aws_network_acl.main", values))) + "\n---\n"
    (line,) = messages("FW-17", text + amazon(group("sg-1", allow(443, "10.0.0.0/8")), entries))
    assert line.startswith(
        "medium network acl acl-1: what gets in to eni-1: there is and not declared: 10.9.0.0/16 on "
    )


def test_of_a_group_of_azure() -> None:
    """A network security group in two places is one finding, in terms of what is behind it."""
    (live_group, *others) = samples.twice()
    rules = [
        {
            "name": "web", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
            "source_port_range": "*", "source_address_prefix": "203.0.113.0/24", "destination_address_prefix": "*",
            "destination_port_range": "80-90",
        },
        {
            "name": "no", "priority": 200, "direction": "Inbound", "access": "Deny", "protocol": "*",
            "source_port_range": "*", "source_address_prefix": "10.0.1.5", "destination_address_prefix": "*",
            "destination_port_range": "*",
        },
    ]  # fmt: skip
    values = {"id": live_group["id"], "name": "nsg", "security_rule": rules}
    documents = [state(("azurerm_network_security_group.nsg", values)), live_group, *others]
    (line,) = messages("FW-17", POD + "".join(f"{json.dumps(each)}\n---\n" for each in documents))
    assert line == (
        "high network security group nsg: what gets in to a and 1 more: there is and not declared: b on TCP/80-90, "
        "0.0.0.0/0, ::/0 except 10.0.0.0/24, 10.0.1.0/30, 10.0.1.4/32 and 15 more on TCP/80-90"
    )


@pytest.mark.parametrize(
    "clean",
    [
        declared(inline("tcp", 22, None, "203.0.113.0/25", "203.0.113.128/25")) + live(allow(22, OFFICE)),
        declared(inline("tcp", 22, None, OFFICE), identifier="sg-9") + live(allow(22, "0.0.0.0/0")),
        declared(inline("tcp", 22, None, OFFICE)) + POD,
        live(allow(22, "0.0.0.0/0")),
        json.dumps(plan(written("aws_security_group.nodes", {"name": "nodes", "ingress": [], "egress": []})))
        + "\n---\n"
        + live(allow(22, "0.0.0.0/0")),
        declared(inline("tcp", 22, None, OFFICE))
        + live(
            allow(22, OFFICE),
            "IpProtocol: tcp, FromPort: 30080, ToPort: 30080, IpRanges: [{CidrIp: 10.0.0.0/8, "
            "Description: elbv2.k8s.aws/targetGroupBinding=shared}]",
        ),
    ],
    ids=["the same", "another group", "declared alone", "live alone", "not made yet", "of a controller"],
)
def test_clean(clean: str) -> None:
    """The same traffic, what cannot be compared, and what controllers write is no finding."""
    assert messages("FW-17", clean) == []


def test_what_is_declared_counts_once() -> None:
    """A group that is there and declared is one group, with the rules that are declared: none is doubled."""
    text = declared(inline("tcp", 22, None, OFFICE)) + live(allow(22, OFFICE))
    assert messages("FW-08", text) == []
