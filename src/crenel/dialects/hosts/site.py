"""What the caller may know of a host beside its rules, and the ways that packets take through it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from crenel.network.addresses import AddressSet


@dataclass(frozen=True, slots=True)
class Site:
    """One host. What is not given is not known, and rules that ask for it match possibly.

    `addresses` are the host's own. `devices` has by the name of a device the addresses that are reached through it and
    that packets which come in by it are from, as reverse path filters see to (RFC 3704); ``lo`` needs not be named.
    """

    addresses: AddressSet | None = None
    devices: Mapping[str, AddressSet] = field(default_factory=dict)


class Way(enum.Enum):
    """A way through a host's hooks (nft(8), ADDRESS FAMILIES)."""

    IN = "in"
    """To the host itself."""
    OUT = "out"
    """From the host itself, to others."""
    THROUGH = "through"
    """Neither from it nor to it: from pods and to pods."""
    SERVICES = "services"
    """To the host, but only as far as to where the cluster translates node ports, which do not go on to it."""
    SELF = "self"
    """From the host to itself, by device ``lo``: out first, then in."""

    @property
    def from_host(self) -> bool:
        """Whether packets are the host's own."""
        return self in (Way.OUT, Way.SELF)

    @property
    def to_host(self) -> bool:
        """Whether packets are sent to the host."""
        return self in (Way.IN, Way.SELF, Way.SERVICES)
