"""What the naive reference says about a point, in the words of the library."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from properties.points import Point
from properties.strategies import Scenario
from reference import Cluster, combined, families, verdict
from reference.ends import find_pod, possible_ends


class Expected:
    """The reference, ready for one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.cluster = Cluster.of(scenario.population.objects)

    def meanings(self, point: Point) -> Iterator[tuple[str, str, int]]:
        """Every pair of pods or addresses that a point is about, in each address family they share.

        Where a workload is asked about itself or one of its pods, two different pods are meant.
        """
        sources, destinations = self._members(point.source), self._members(point.destination)
        alone = len(sources) == len(destinations) == 1
        for one in sources:
            for other in destinations:
                if alone or not self._same(one, other):
                    yield from ((one, other, family) for family in families(self.cluster, one, other))

    def _same(self, one: str, other: str) -> bool:
        """Whether two ends are the same pod, by name or by address."""
        return find_pod(self.cluster, one) is find_pod(self.cluster, other) is not None or one == other

    def _members(self, end: str) -> list[str]:
        return self.scenario.population.endpoints.get(end, [end])

    def borrowed(self, end: str) -> bool:
        """Whether an end is the address of a pod or node, which a list of connections calls by name."""
        if "/" in end or end.startswith("dns:"):
            return False
        address = ip_address(end)
        return self.cluster.pod_at(address) is not None or self.cluster.node_at(address) is not None

    def local(self, one: str, other: str) -> bool:
        """Whether a node, or a pod in its network, may be the very node that the other end or a replica of it runs on.

        A list of connections tells of a pod's own node apart from the nodes by name.
        """
        nodes = {end.runs_on for end in possible_ends(self.cluster, one, 4, []) if end.node is not None}
        alike = [members for members in self.scenario.population.endpoints.values() if other in members]
        replicas = {other, *(each for members in alike for each in members)}
        return any(end.runs_on in nodes for each in replicas for end in possible_ends(self.cluster, each, 4, []))

    def verdict(self, one: str, other: str, point: Point, family: int) -> str:
        """The verdict on one pair."""
        return verdict(self.cluster, self.scenario.policies, one, other, point.protocol, point.port, family=family)

    def answers(self, point: Point) -> list[str]:
        """The verdicts on all pairs."""
        return [self.verdict(one, other, point, family) for one, other, family in self.meanings(point)]

    def outcome(self, point: Point) -> str:
        """The verdict on all of it: "partial" where some pairs are allowed and others denied."""
        return combined(self.answers(point))
