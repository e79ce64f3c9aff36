"""What the model says of single packets, for whoever asks about many of them between the same ends."""

from __future__ import annotations

from dataclasses import dataclass

from crenel.network.addresses import Family
from crenel.network.evaluate import Cell
from crenel.network.locality import LOCAL
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.network.rules import Direction
from crenel.network.traffic import PORTED, Match


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the model says: `allowed` None where it does not know.

    `denied_by` are the directions in which a denied packet is, or may be, denied: one of them is enough, and which one
    comes first may depend on what the model does not know.
    """

    allowed: bool | None
    denied_by: tuple[Direction, ...] = ()


ALLOWED = Expectation(True)


class Oracle:
    """Asks the solver for each subject once, and looks single packets up in what it said."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._views: dict[Family, View] = {
            family: view for family in (4, 6) for view in network.views if view.family in (None, family)
        }
        self._solved: dict[tuple[Family, Direction, int], list[Cell]] = {}
        self._masks: dict[tuple[int, int], int] = {}

    def expect(self, family: Family, source: int, destination: int, protocol: int, port: int) -> Expectation:
        """What holds for the first packet of a connection between two endpoints; `port` counts where there are ports.

        A source in the network of the destination's own node is `crenel.network.locality.LOCAL`.
        """
        found = {
            Direction.EGRESS: self.end(family, Direction.EGRESS, source, destination, protocol, port),
            Direction.INGRESS: self.end(family, Direction.INGRESS, destination, source, protocol, port),
        }
        if False in found.values():
            return Expectation(False, tuple(direction for direction, allowed in found.items() if not allowed))
        return Expectation(None) if None in found.values() else ALLOWED

    def end(
        self, family: Family, direction: Direction, subject: int, other: int, protocol: int, port: int
    ) -> bool | None:
        """The same for one end alone: whether what guards the subject lets it through; None where it is not known."""
        may, may_not = self._end(family, direction, subject, other, self._traffic(protocol, port))
        return None if may and may_not else may

    def _end(self, family: Family, direction: Direction, subject: int, other: int, traffic: int) -> tuple[bool, bool]:
        """Whether one end may allow, and may deny, some traffic with another endpoint."""
        if subject == LOCAL:
            return True, False
        key = (family, direction, subject)
        if (cells := self._solved.get(key)) is None:
            cells = self._solved[key] = self._network.end(self._views[family], direction, subject)
        for cell in cells:
            if cell.traffic & traffic:
                return bool(cell.allowed >> other & 1), bool(cell.denied >> other & 1)
        raise AssertionError("every packet is in some cell")

    def _traffic(self, protocol: int, port: int) -> int:
        key = (protocol, port)
        if (mask := self._masks.get(key)) is None:
            match = Match(protocol, (port, port)) if protocol in PORTED else Match(protocol)
            mask = self._masks[key] = self._network.table.mask(match)
        return mask
