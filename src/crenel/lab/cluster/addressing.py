"""Addresses that nobody has yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from crenel.network.addresses import Family

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

PODS = ("10.244.0.0/16", "fd00:10:244::/56")
NODES = ("172.18.0.0/16", "fd00:172:18::/64")
SERVICES = ("10.96.0.0/16", "fd00:10:96::/112")
BALANCERS = ("172.19.0.0/16", "fd00:172:19::/64")
"""Where addresses come from when the input does not say; the first three are what kind and kubeadm use."""


class ExhaustedError(ValueError):
    """A range has no address left."""


class Allocator:
    """Hands out addresses of ranges, each once; those that are taken already are left out."""

    def __init__(self, taken: Iterable[Address] = ()) -> None:
        self._taken = set(taken)
        self._next: dict[Network, int] = {}

    def take(self, address: Address) -> bool:
        """Take one certain address. False when somebody has it."""
        if address in self._taken:
            return False
        self._taken.add(address)
        return True

    def one(self, ranges: Sequence[Network]) -> Address:
        """The next free address of the first range that has one. The lowest two are left to network and gateway.

        Raises:
            ExhaustedError: none has.
        """
        for each in ranges:
            offset = self._next.get(each, 2 if each.num_addresses > 4 else 0)
            last = each.num_addresses - (1 if each.version == 4 and each.num_addresses > 4 else 0)
            while offset < last:
                found = each[offset]
                offset += 1
                if self.take(found):
                    self._next[each] = offset
                    return found
            self._next[each] = offset
        raise ExhaustedError(f"no address is left in {', '.join(map(str, ranges)) or 'no range'}")


def networks(texts: Iterable[str], family: Family) -> list[Network]:
    """Those of some CIDRs that are of a family."""
    found = [ip_network(text, strict=False) for text in texts]
    return [each for each in found if each.version == family]


def of_family(texts: Iterable[str], family: Family) -> list[str]:
    """Those of some addresses that are of a family, as they are usually written."""
    found = [ip_address(text) for text in texts]
    return [str(each) for each in found if each.version == family]
