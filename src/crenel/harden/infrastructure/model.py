"""What firewalls of the infrastructure are to let through: groups of machines, and who may open what to whom.

Everything that no `Opening` names is to be closed. Answers to what is open always pass.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.network.traffic import Match


class Sort(enum.Enum):
    """What the members of a group are."""

    NODES = "nodes"
    CONTROL_PLANE = "control plane"
    BALANCER = "load balancer"


@dataclass(frozen=True, slots=True)
class Member:
    """One interface. `name` is what its platform calls it, `node` the node that it is of, `subnet` where it is."""

    name: str
    addresses: AddressSet
    node: str = ""
    subnet: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Interfaces that get the same rules. `name` is of lower-case letters, digits and dashes, and unique.

    `ranges` are where those will be that join it later, such as the subnets of nodes that are scaled; without them
    only `members` are spoken of where a platform needs addresses.
    """

    name: str
    sort: Sort
    members: tuple[Member, ...] = ()
    ranges: AddressSet = AddressSet()

    @property
    def addresses(self) -> AddressSet:
        """Those that its members have now."""
        return union(each.addresses for each in self.members)


@dataclass(frozen=True, slots=True)
class End:
    """The other end of what is opened: members of groups, by their names, and addresses."""

    groups: frozenset[str] = frozenset()
    addresses: AddressSet = AddressSet()


@dataclass(frozen=True, slots=True)
class Opening:
    """What a group may be sent (`Direction.INGRESS`) or may send. `traffic` None is everything; ports are numbers.

    `why` is one line that says what needs it, and what shows that.
    """

    group: str
    direction: Direction
    end: End
    traffic: tuple[Match, ...] | None
    why: str


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet, by the id that its platform knows it by. `shared` names interfaces in it that are in no group."""

    name: str
    addresses: AddressSet
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The intent for one cluster.

    `network` is the id of the virtual network, empty where that is not known. `pods` are the addresses of pods, which
    only the firewalls of hosts have to do with. `notes` say what the intent leaves open or closed, and why.
    """

    groups: Sequence[Group] = ()
    openings: Sequence[Opening] = ()
    subnets: Sequence[Subnet] = ()
    network: str = ""
    pods: AddressSet = AddressSet()
    notes: Sequence[str] = ()
    _named: dict[str, Group] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._named.update((each.name, each) for each in self.groups)

    def group(self, name: str) -> Group:
        """A group by its name.

        Raises:
            KeyError: there is none.
        """
        return self._named[name]

    def of(self, group: str, direction: Direction) -> list[Opening]:
        """What is opened to, or by, a group."""
        return [each for each in self.openings if each.group == group and each.direction is direction]

    def addresses_of(self, end: End) -> AddressSet:
        """An end as addresses: of groups where their members are and will be."""
        named = (self.group(each) for each in end.groups)
        return end.addresses | union(each.ranges | each.addresses for each in named)


def union(parts: Iterable[AddressSet]) -> AddressSet:
    """All addresses of some sets."""
    return reduce(AddressSet.__or__, parts, AddressSet())
