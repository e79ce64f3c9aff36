"""One connection over the wire: what firewalls of the infrastructure do to its first packet, and to its reply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.network.traffic import Match
from crenel.network.wire import Wire
from crenel.questions.explain import Passage, passage
from crenel.questions.verdict import Outcome, Step


@dataclass(frozen=True, slots=True)
class Crossing:
    """A connection of one family between two endpoints of a wire.

    `reply` is what stateless tiers do to the answer: it is asked about all ports that clients may choose, so it is
    `PARTIAL` where only some of them get one.
    """

    family: Family
    request: Passage
    reply: Passage

    @property
    def outcome(self) -> Outcome:
        """What holds for the connection: it needs both packets."""
        both = {self.request.outcome, self.reply.outcome}
        return next(each for each in _WORST_FIRST if each in both)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of both packets, those of the request first."""
        return (*self.request.steps, *self.reply.steps)


_WORST_FIRST = (Outcome.DENIED, Outcome.UNKNOWN, Outcome.PARTIAL, Outcome.ALLOWED)


def crossing(wire: Wire, family: Family, source: int, destination: int, asked: tuple[Match, ...]) -> Crossing:
    """Ask about one pair of endpoints: interfaces by `Wire.index`, or blocks of addresses (`block_of`)."""
    traffic = wire.forth.table.sum(asked)
    back = wire.back.table.sum(wire.replies(asked))
    return Crossing(
        family,
        passage(wire.forth, _view(wire.forth, family), source, destination, traffic),
        passage(wire.back, _view(wire.back, family), destination, source, back),
    )


def block_of(network: Network, address: str) -> int:
    """The index of the block that an address lies in.

    Raises:
        ValueError: it is no address.
    """
    return network.blocks_within(AddressSet.of(address))[0]


def crossings(wire: Wire, source: int, destination: int, asked: tuple[Match, ...]) -> Iterator[Crossing]:
    """One for each family that both ends may have."""
    ends = wire.forth.endpoints[source], wire.forth.endpoints[destination]
    for family in FAMILIES:
        if all(family in end.families for end in ends):
            yield crossing(wire, family, source, destination, asked)


def _view(network: Network, family: Family) -> View:
    return next(view for view in network.views if view.family in (None, family))
