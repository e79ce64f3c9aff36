"""What neither security groups nor network ACLs filter: services of the platform.

Source: VPC user guide, "Infrastructure security in Amazon VPC" and "Network ACLs": traffic to and from the Route 53
Resolver (the base of the network's range plus two), DHCP, instance and task metadata, licence activation, time, and
the reserved addresses of the router. "Subnet CIDR blocks": the first four addresses of a subnet are reserved, and the
resolver's is so in every range of the network.
"""

from __future__ import annotations

from collections import defaultdict

from crenel.dialects.aws.records import Estate
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import FilterRule, Peer
from crenel.network.rules import Action, Direction
from crenel.network.traffic import TCP, UDP, Match

_LOCAL = AddressSet.of(
    "169.254.0.0/16", "fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::123", "fd00:ec2::240", "fd00:ec2::250",
    "fd00:ec2::251", "fd00:ec2::23",
)  # fmt: skip
"""Services at link-local and unique local addresses."""
_NAME = "services of the platform, which are not filtered"
_RESERVED = 4
_QUERIES = (Match(UDP, (53, 53)), Match(TCP, (53, 53)))
_ANSWERS = (Match(UDP, (1024, 65535)), Match(TCP, (1024, 65535)))
_PRIVATE = AddressSet.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15")
"""What networks take their ranges from ("VPC CIDR blocks")."""


class Services:
    """Where they are, in each network of an estate."""

    def __init__(self, estate: Estate) -> None:
        ranges: dict[str, AddressSet] = defaultdict(AddressSet)
        for vpc in estate.vpcs.values():
            ranges[vpc.id] |= vpc.addresses
        for table in estate.tables.values():
            for route in table.routes:
                if route.target == "local":
                    ranges[table.network] |= route.addresses
        self._resolved = {network for network, found in ranges.items() if found.v4}
        self._reserved: dict[str, AddressSet] = {network: _first_of(found) for network, found in ranges.items()}
        for subnet in estate.subnets.values():
            known = self._reserved.get(subnet.network, AddressSet())
            self._reserved[subnet.network] = known | _first_of(subnet.addresses)

    def rules(self, networks: set[str], direction: Direction) -> list[FilterRule]:
        """Rules that pass them on, for interfaces in some networks.

        Where the range of a network is not in the input, any private address may be that of its resolver.
        """
        free = _LOCAL
        for network in networks:
            free |= self._reserved.get(network, AddressSet())
        rules = [FilterRule(Action.NEXT, Peer(addresses=free), name=_NAME)]
        if not networks <= self._resolved:
            asked = _QUERIES if direction is Direction.EGRESS else _ANSWERS
            peer, only = Peer(addresses=_PRIVATE), "the resolver of its network, whose range is not in the input"
            rules.append(FilterRule(Action.NEXT, peer, asked, only, name=_NAME))
        return rules


def _first_of(ranges: AddressSet) -> AddressSet:
    """The first four addresses of each range of IPv4."""
    found = AddressSet()
    for first, last in ranges.ranges(4):
        found |= AddressSet.from_range(4, first, min(first + _RESERVED - 1, last))
    return found
