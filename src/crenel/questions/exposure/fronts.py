"""A load balancer as far as it is known, and what stands behind it takes for its address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import Balancer, Listening
from crenel.network.traffic import Match
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.paths import Layer, Reach, past_all, past_any
from crenel.questions.exposure.trip import FIREWALL


@dataclass(frozen=True, slots=True)
class Front:
    """A load balancer: neither it nor its listener need be in the input.

    `sends_from` is where it connects from to what is behind it, where that is known of all of its kind.
    """

    balancer: Balancer | None = None
    listening: Listening | None = None
    title: str = "the load balancer"
    sends_from: AddressSet = AddressSet()

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.balancer.name if self.balancer is not None else self.title

    @property
    def keeps_client(self) -> bool | None:
        """Whether what is behind it sees clients."""
        return self.listening.keeps_client if self.listening is not None else None

    def interfaces(self, ground: Ground) -> list[str]:
        """The names of its interfaces in the input."""
        return ground.interfaces_of(self.balancer.name) if self.balancer is not None else []

    def addresses(self, ground: Ground) -> AddressSet:
        """The addresses that its interfaces have inside, as far as they are known one by one."""
        return _union(ground.interfaces[each].addresses for each in self.interfaces(ground))

    def around(self, ground: Ground) -> AddressSet:
        """Ranges that its addresses inside lie in."""
        ranges = _union(ground.interfaces[each].ranges for each in self.interfaces(ground))
        return ranges or self.sends_from


def _union(parts: Iterable[AddressSet]) -> AddressSet:
    return reduce(AddressSet.__or__, parts, AddressSet())


def from_front(ground: Ground, front: Front, interface: str, where: str, family: Family, match: Match) -> Layer | None:
    """The firewalls at an interface, for connections of a load balancer; None where nothing tells its addresses.

    Any of its own interfaces is enough; of ranges that its address lies in, all have to get through.
    """
    names = front.interfaces(ground)
    if names:
        sources, join, text = [ground.wire.index(each) for each in names], past_any, names[0]
    else:
        blocks = ground.blocks(front.sends_from.only(family)) if front.sends_from else []
        sources, join, text = blocks, _all, str(front.sends_from)
    if not sources:
        return None
    reaches = [ground.between(each, interface, family, match) for each in sources]
    reach, lacks = join(reaches), ""
    if reach.possible and not reach.sure:
        partly = join is _all and any(each.sure for each in reaches)
        lacks = f"where in {text} {front.name} is" if partly else f"what the filters at {interface} do with it"
    return Layer(
        FIREWALL, where, reach, f"at {interface}, from {text}", lacks,
        lambda: ground.firewall_steps(sources[0], interface, family, match),
    )  # fmt: skip


def _all(reaches: Iterable[Reach]) -> Reach:
    """Sure where all are, possible where any is."""
    known = list(reaches)
    return Reach(past_all(known).sure, past_any(known).possible)
