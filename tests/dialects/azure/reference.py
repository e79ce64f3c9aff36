"""A naive evaluator of network security groups: one packet at a time, straight from the vendor's text.

It shares nothing with the package. Sources: "Azure network security groups overview", "How network security groups
filter network traffic", "Virtual network service tags", "Application security groups". It knows the shapes that
`samples` makes and whatever is sure; it is not asked about anything else.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

_NOT_ROUTED = [
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3", "fc00::/7", "fe80::/10", "ff00::/8",
    )
]  # fmt: skip
_DEFAULTS = [
    ("Inbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("Inbound", 65001, "Allow", "AzureLoadBalancer", "*"),
    ("Inbound", 65500, "Deny", "*", "*"),
    ("Outbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("Outbound", 65001, "Allow", "*", "Internet"),
    ("Outbound", 65500, "Deny", "*", "*"),
]
_NAMES = {6: "tcp", 17: "udp", 1: "icmp", 50: "esp", 51: "ah"}


class Packet(NamedTuple):
    """The first packet of a connection; `port` is 0 for a protocol without ports."""

    source: str
    destination: str
    protocol: int
    port: int


class World(NamedTuple):
    """An estate as `samples` writes it: groups, the network, interfaces."""

    groups: list[dict[str, Any]]
    network: dict[str, Any]
    nics: list[dict[str, Any]]


def passes(world: World, packet: Packet) -> bool:
    """Whether a packet gets from its source to its destination: out of the one's interface, into the other's."""
    sender, receiver = _nic(world, packet.source), _nic(world, packet.destination)
    if sender is not None and not _free(packet):
        for group in (_nic_group(world, sender), _subnet_group(world, sender, packet.source)):
            if group is not None and not _allows(world, group, "Outbound", packet):
                return False
    if receiver is not None:
        for group in (_subnet_group(world, receiver, packet.destination), _nic_group(world, receiver)):
            if group is not None and not _allows(world, group, "Inbound", packet):
                return False
    return True


def _free(packet: Packet) -> bool:
    return packet.destination in ("168.63.129.16", "169.254.169.254")


def _nic(world: World, address: str) -> dict[str, Any] | None:
    for nic in world.nics:
        if any(ip_address(each["privateIPAddress"]) == ip_address(address) for each in nic["ipConfigurations"]):
            return nic
    return None


def _nic_group(world: World, nic: dict[str, Any]) -> dict[str, Any] | None:
    wanted = nic.get("networkSecurityGroup", {}).get("id")
    return next((group for group in world.groups if group["id"] == wanted), None)


def _subnet_group(world: World, nic: dict[str, Any], address: str) -> dict[str, Any] | None:
    own = next(
        each for each in nic["ipConfigurations"] if ip_address(each["privateIPAddress"]) == ip_address(address)
    )  # fmt: skip
    subnet = next(each for each in world.network["subnets"] if each["id"] == own["subnet"]["id"])
    wanted = subnet.get("networkSecurityGroup", {}).get("id")
    return next((group for group in world.groups if group["id"] == wanted), None)


def _allows(world: World, group: dict[str, Any], direction: str, packet: Packet) -> bool:
    rules = [rule for rule in group["securityRules"] if rule["direction"] == direction]
    for rule in sorted(rules, key=lambda each: int(each["priority"])):
        if _matches(world, rule, packet):
            return bool(rule["access"] == "Allow" and packet.protocol in _NAMES)
    for way, _, access, source, destination in _DEFAULTS:
        if (
            way == direction
            and _in_tag(world, source, packet.source)
            and _in_tag(world, destination, packet.destination)
        ):
            return access == "Allow" and packet.protocol in _NAMES
    raise AssertionError("the last default rule matches everything")


def _matches(world: World, rule: dict[str, Any], packet: Packet) -> bool:
    protocol = rule["protocol"].lower()
    if protocol != "*" and protocol != _NAMES.get(packet.protocol):
        return False
    if rule["access"] == "Allow" and packet.protocol not in _NAMES:
        return False
    ports = rule.get("destinationPortRanges") or [rule["destinationPortRange"]]
    if packet.protocol in (6, 17) and not any(_in_range(text, packet.port) for text in ports):
        return False
    return _end(world, rule, "source", packet.source) and _end(world, rule, "destination", packet.destination)


def _in_range(text: str, port: int) -> bool:
    if text == "*":
        return True
    low, _, high = text.partition("-")
    return int(low) <= port <= int(high or low)


def _end(world: World, rule: dict[str, Any], which: str, address: str) -> bool:
    if groups := rule.get(f"{which}ApplicationSecurityGroups"):
        nic = _nic(world, address)
        mine = [
            each["id"]
            for one in (nic["ipConfigurations"] if nic else [])
            for each in one.get("applicationSecurityGroups", [])
        ]
        return any(group["id"] in mine for group in groups)
    listed = rule.get(f"{which}AddressPrefixes") or [rule[f"{which}AddressPrefix"]]
    return any(_in_tag(world, text, address) for text in listed)


def _in_tag(world: World, text: str, written: str) -> bool:
    address = ip_address(written)
    if text == "*":
        return True
    if text == "VirtualNetwork":
        return _in_network(world, address)
    if text == "Internet":
        routed = not any(address in network for network in _NOT_ROUTED if network.version == address.version)
        return routed and not _in_network(world, address)
    if text == "AzureLoadBalancer":
        return written == "168.63.129.16"
    network = ip_network(text)
    return network.version == address.version and address in network


def _in_network(world: World, address: IPv4Address | IPv6Address) -> bool:
    spaces = [ip_network(text) for text in world.network["addressSpace"]["addressPrefixes"]]
    own = any(space.version == address.version and address in space for space in spaces)
    return own or str(address) == "168.63.129.16"
