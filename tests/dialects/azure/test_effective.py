"""Effective security rules: what ``az network nic list-effective-nsg`` prints."""

from __future__ import annotations

import json
from typing import Any

from dialects.azure import samples
from dialects.azure.asking import A, D, U, machines, outcome, read
from dialects.azure.samples import configuration, identifier, network, nic, refer, rule, subnet

OUT = "8.8.8.8"


def effective(name: str, priority: int, direction: str, access: str = "Allow", **more: Any) -> dict[str, Any]:
    """One rule as it is printed there."""
    return {
        "access": access, "destinationAddressPrefix": "0.0.0.0/0", "destinationAddressPrefixes": ["0.0.0.0/0"],
        "destinationPortRange": "0-65535", "destinationPortRanges": ["0-65535"], "direction": direction,
        "expandedDestinationAddressPrefix": None, "expandedSourceAddressPrefix": None, "name": name,
        "priority": priority, "protocol": "All", "sourceAddressPrefix": "0.0.0.0/0",
        "sourceAddressPrefixes": ["0.0.0.0/0"], "sourcePortRange": "0-65535", "sourcePortRanges": ["0-65535"], **more,
    }  # fmt: skip


def tagged(which: str, tag: str, *expanded: str) -> dict[str, Any]:
    """An end that is a tag."""
    return {
        f"{which}AddressPrefix": tag, f"{which}AddressPrefixes": [tag],
        f"expanded{which.capitalize()}AddressPrefix": list(expanded),
    }  # fmt: skip


SPACE = ("10.0.0.0/16", "10.9.0.0/16", "168.63.129.16/32")
RULES = [
    effective(
        "securityRules/https",
        100,
        "Inbound",
        protocol="Tcp",
        destinationPortRange="443-443",
        destinationPortRanges=["443-443"],
        **tagged("source", "Internet", "1.0.0.0/8", "8.0.0.0/7"),
    ),
    effective("securityRules/storage", 110, "Inbound", **tagged("source", "Storage", "20.60.0.0/16")),
    effective(
        "defaultSecurityRules/AllowVnetInBound",
        65000,
        "Inbound",
        **tagged("source", "VirtualNetwork", *SPACE),
        **tagged("destination", "VirtualNetwork", *SPACE),
    ),
    effective("defaultSecurityRules/DenyAllInBound", 65500, "Inbound", "Deny"),
    effective(
        "defaultSecurityRules/AllowInternetOutBound",
        65001,
        "Outbound",
        **tagged("destination", "Internet", "1.0.0.0/8", "8.0.0.0/7"),
    ),
    effective("defaultSecurityRules/DenyAllOutBound", 65500, "Outbound", "Deny"),
]


def printed(rules: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The whole output for one group at a subnet."""
    return {
        "nextLink": None,
        "value": [
            {
                "association": {
                    "networkManager": None,
                    "subnet": refer(f"{samples.VNET}/subnets/s"),
                    "networkInterface": None,
                },
                "effectiveSecurityRules": rules,
                "networkSecurityGroup": refer(identifier("networkSecurityGroups", "nsg")),
                **more,
            }
        ],
    }


MACHINE = nic("a", configuration("ipconfig1", "10.0.1.4", "s"))


def test_they_are_the_rules_of_the_group() -> None:
    """Without the group itself in the input its effective rules are applied, tags as Azure expanded them."""
    documents = [printed(RULES), MACHINE]
    assert outcome(documents, OUT, "a") is A
    assert outcome(documents, "77.7.7.7", "a") is D, "not among what Internet was expanded to"
    assert outcome(documents, "20.60.1.1", "a", "TCP/80") is A
    assert outcome(documents, "10.9.1.1", "a", "UDP/53") is A
    assert outcome(documents, "a", OUT) is A
    assert outcome(documents, "a", "77.7.7.7") is D
    assert read(*documents).problems == []


def test_they_tell_what_virtualnetwork_is() -> None:
    """With the group in the input its own rules count, and the tag is what the map or the expansion says."""
    own = samples.group("nsg", rule("x", 100, source="VirtualNetwork"), rule("no", 200, access="Deny", ports="*"))
    mapped = printed([], tagMap={"VirtualNetwork": ["10.0.0.0/16", "192.168.0.0/16"]})
    text = printed([], tagMap=json.dumps({"VirtualNetwork": ["10.0.0.0/16", "192.168.0.0/16"]}))
    for document in (mapped, text):
        assert outcome([own, document, MACHINE], "192.168.1.1", "a") is A
        assert outcome([own, document, MACHINE], "10.9.1.1", "a") is D
    assert outcome([own, printed(RULES), MACHINE], "10.9.1.1", "a") is A


def test_an_interface_that_only_they_name() -> None:
    """The interface of the command need not be in the input: it has some address."""
    document = printed(RULES)
    document["value"][0]["association"] = {"networkInterface": refer(identifier("networkInterfaces", "eth"))}
    assert [each.name for each in machines(read(document))] == ["eth"]
    assert outcome([document], OUT, "eth", "TCP/22") is D
    assert outcome([document], OUT, "eth") is U, "whether its subnet has a group is not known"


def test_zero_prefixes_may_have_been_stars() -> None:
    """0.0.0.0/0 is printed for ``*`` too, so that IPv6 may be meant."""
    wide = [effective("securityRules/any", 100, "Inbound", protocol="Tcp"), *RULES[1:]]
    dual = nic("a", configuration("ipconfig1", "10.0.1.4", "s"), configuration("six", "fd00:1::4", "s"))
    documents = [printed(wide), dual]
    assert outcome(documents, OUT, "a", "TCP/22") is A
    assert outcome(documents, "2606:4700::1", "a", "TCP/22") is U


def test_security_admin_rules_come_first() -> None:
    """They deny before any group, let through past all groups, or leave it to them."""
    base = [network(subnet("s", "10.0.1.0/24", group="nsg")), samples.group("nsg", rule("x", 100)), MACHINE]

    def admin(*rules: dict[str, Any]) -> dict[str, Any]:
        document = printed(list(rules))
        document["value"][0]["association"]["networkManager"] = refer(identifier("networkManagers", "m"))
        return document

    ssh: dict[str, Any] = {"protocol": "Tcp", "destinationPortRange": "22-22", "destinationPortRanges": ["22-22"]}
    web: dict[str, Any] = {"protocol": "Tcp", "destinationPortRange": "443-443", "destinationPortRanges": ["443-443"]}
    assert outcome([*base, admin(effective("deny", 1, "Inbound", "Deny", **web))], OUT, "a") is D
    assert outcome([*base, admin(effective("always", 1, "Inbound", "AlwaysAllow", **ssh))], OUT, "a", "TCP/22") is A
    assert outcome([*base, admin(effective("allow", 1, "Inbound", **ssh))], OUT, "a", "TCP/22") is D
    assert "no security admin rules" not in "\n".join(read(*base, admin()).assumptions)
