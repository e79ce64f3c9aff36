"""Addresses outside of a cluster that mean something: private ones, those of a cloud's metadata, and nobody's."""

from __future__ import annotations

from crenel.network.addresses import INTERNET, AddressSet

PRIVATE = AddressSet.of(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7",
    "fe80::/10", "::1/128",
)  # fmt: skip
"""Addresses that the internet does not route (RFC 1918, 6598, 3927, 4193, 4291)."""

METADATA = AddressSet.of("169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200")
"""Where clouds hand out credentials: AWS, Azure, Google Cloud, OpenStack, Oracle; IPv6 of AWS and of Google Cloud; of
Alibaba Cloud. No security group or network ACL of AWS filters the first (VPC user guide, "Control traffic")."""

NOWHERE = AddressSet.of("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/8", "fe80::/10", "ff00::/8")
"""What is no destination outside: this host, loopback, multicast, reserved; IPv4 in IPv6, link-local."""

PLATFORM = AddressSet.of("168.63.129.16")
"""Azure's own services, which talk to machines from within: a public address that is none of the internet's (Azure,
"What is IP address 168.63.129.16?")."""


def internet(inside: AddressSet) -> AddressSet:
    """What is meant by the internet, seen from a cluster with some ranges of its own."""
    return INTERNET - inside - METADATA - PLATFORM
