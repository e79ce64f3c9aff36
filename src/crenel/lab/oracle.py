"""What the model says of single packets: the expectation that every probe is held against."""

from __future__ import annotations

from dataclasses import dataclass

from crenel.network.addresses import Family
from crenel.network.evaluate import Cell
from crenel.network.locality import LOCAL
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.network.rules import Direction
from crenel.network.traffic import Match


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the model says: `allowed` None where it does not know. `denied_by` are the directions that deny."""

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
        """What holds for the first packet of a connection between two endpoints.

        A source in the network of the destination's own node is `crenel.network.locality.LOCAL`.
        """
        traffic = self._traffic(protocol, port)
        denied = []
        unsure = False
        for direction, subject, other in (
            (Direction.EGRESS, source, destination),
            (Direction.INGRESS, destination, source),
        ):
            may, may_not = self._end(family, direction, subject, other, traffic)
            if not may:
                denied.append(direction)
            unsure = unsure or (may and may_not)
        if denied:
            return Expectation(False, tuple(denied))
        return Expectation(None) if unsure else ALLOWED

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
            mask = self._masks[key] = self._network.table.mask(Match(protocol, (port, port)))
        return mask
