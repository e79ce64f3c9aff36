"""A naive evaluator of security groups: one packet at a time, straight from Neutron's text.

It shares nothing with the package. Sources: Neutron API v2.0 "Security groups", neutron.common.ovn.acl. It knows the
shapes that `samples` makes and whatever is sure; it is not asked about anything else.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

_NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "sctp": 132, "gre": 47}


class Packet(NamedTuple):
    """A packet; ports are 0 for a protocol without."""

    source: str
    destination: str
    protocol: int
    port: int


def passes(groups: list[dict[str, Any]], ports: list[dict[str, Any]], packet: Packet, *, reply: bool = False) -> bool:
    """Whether a packet gets from its source to its destination. Of a reply only stateless ports take notice."""
    for direction, address in (("egress", packet.source), ("ingress", packet.destination)):
        port = _port(ports, address)
        if port is None or not port["port_security_enabled"]:
            continue
        mine = [group for group in groups if group["id"] in port["security_groups"]]
        if reply and all(group["stateful"] for group in mine):
            continue
        if not any(
            _matches(rule, direction, packet, ports) for group in mine for rule in group["security_group_rules"]
        ):
            return False
    return True


def _port(ports: list[dict[str, Any]], address: str) -> dict[str, Any] | None:
    for port in ports:
        if any(ip_address(each["ip_address"]) == ip_address(address) for each in port["fixed_ips"]):
            return port
    return None


def _matches(rule: dict[str, Any], direction: str, packet: Packet, ports: list[dict[str, Any]]) -> bool:
    remote = ip_address(packet.source if direction == "ingress" else packet.destination)
    if rule["direction"] != direction or rule["ethertype"] != f"IPv{remote.version}":
        return False
    if rule["protocol"] is not None:
        number = _NUMBERS[rule["protocol"]]
        if number == 1 and remote.version == 6:
            number = 58
        if number != packet.protocol:
            return False
        if number in (6, 17, 132):
            first, last = rule["port_range_min"], rule["port_range_max"]
            if first is not None and not first <= packet.port <= last:
                return False
    if rule["remote_ip_prefix"]:
        return remote in ip_network(rule["remote_ip_prefix"])
    if rule["remote_group_id"]:
        return any(
            remote in ip_network(text)
            for port in ports
            if rule["remote_group_id"] in port["security_groups"]
            for text in [
                *(each["ip_address"] for each in port["fixed_ips"]),
                *(each["ip_address"] for each in port["allowed_address_pairs"]),
            ]
            if ip_network(text).version == remote.version
        )
    return True
