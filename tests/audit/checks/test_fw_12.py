"""FW-12: security groups that guard nothing."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.walls import POD, allow, amazon, group

OLD = group("sg-2", allow(22, "0.0.0.0/0"), name="old")
NSG = """- name: old
  id: /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/old
  type: Microsoft.Network/networkSecurityGroups
  securityRules: []
  defaultSecurityRules:
    - {name: DenyAllInBound, priority: 65500, direction: Inbound, access: Deny, protocol: "*", sourceAddressPrefix: "*",
       sourcePortRange: "*", destinationAddressPrefix: "*", destinationPortRange: "*"}
"""


def test_real_command(tmp_path: Path) -> None:
    """The group is named at its line."""
    assert command("FW-12", amazon(group("sg-1") + OLD), tmp_path) == [
        "21 low security group sg-2 (old): nothing in the input carries it, and it guards nothing"
    ]


def test_a_group_of_azure() -> None:
    """Azure itself names what a group is attached to; where it names nothing there is nothing."""
    assert messages("FW-12", POD + NSG) == [
        "low network security group old: nothing in the input carries it, and it guards nothing"
    ]
    subnet = (
        "  subnets: [{id: /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a}]\n"
    )
    assert messages("FW-12", POD + NSG + subnet) == []
    assert messages("FW-12", POD + NSG.partition("  defaultSecurityRules")[0]) == [], "not all that Azure prints"


def test_clean() -> None:
    """Groups that are carried are no findings, and without the interfaces nobody knows."""
    assert messages("FW-12", amazon(group("sg-1"))) == []
    without = amazon(group("sg-1") + OLD)
    start, end = without.index("NetworkInterfaces:"), without.index("Subnets:")
    assert messages("FW-12", without[:start] + without[end:]) == []
