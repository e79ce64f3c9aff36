"""What the naive reference says about a point, in the words of the library."""

from __future__ import annotations

from collections.abc import Iterator

from properties.points import Point
from properties.strategies import Scenario
from reference import Cluster, combined, families, verdict


class Expected:
    """The reference, ready for one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.cluster = Cluster.of(scenario.population.objects)

    def meanings(self, point: Point) -> Iterator[tuple[str, str, int]]:
        """Every pair of pods or addresses that a point is about, in each address family they share.

        A workload of several replicas, asked about itself, is asked about two different ones.
        """
        sources, destinations = self._members(point.source), self._members(point.destination)
        replicas = point.source == point.destination and len(sources) > 1
        for one in sources:
            for other in destinations:
                if not (replicas and one == other):
                    yield from ((one, other, family) for family in families(self.cluster, one, other))

    def _members(self, end: str) -> list[str]:
        return self.scenario.population.endpoints.get(end, [end])

    def verdict(self, one: str, other: str, point: Point, family: int) -> str:
        """The verdict on one pair."""
        return verdict(self.cluster, self.scenario.policies, one, other, point.protocol, point.port, family=family)

    def answers(self, point: Point) -> list[str]:
        """The verdicts on all pairs."""
        return [self.verdict(one, other, point, family) for one, other, family in self.meanings(point)]

    def outcome(self, point: Point) -> str:
        """The verdict on all of it: "partial" where some pairs are allowed and others denied."""
        return combined(self.answers(point))
