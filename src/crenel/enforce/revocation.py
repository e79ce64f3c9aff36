"""Which established connections are no longer allowed, once the rules have changed.

A connection that exists is not judged again by the rules, and deleting its conntrack entry does not end it: the next
packet of the other direction brings it back. So the entry is marked, and marked ones are refused before what is
established is accepted. The solver is asked about each of them as about a new connection: its source as it is seen
behind source NAT, its destination as it is behind destination NAT.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from crenel.enforce.hooks import Marks
from crenel.enforce.site import Site
from crenel.kernel.conntrack import Conntrack, Flow
from crenel.kernel.namespaces import Namespace
from crenel.network.addresses import AddressSet, Family
from crenel.network.endpoints import Kind
from crenel.network.locality import LOCAL
from crenel.network.network import Network
from crenel.network.oracle import Oracle
from crenel.network.rules import Direction

_ICMP = (1, 58)


Connection: TypeAlias = tuple[int, int, int, int, int, int]
"""Family, protocol, and both ends behind destination NAT: the same on every node that sees it."""


@dataclass(frozen=True, slots=True)
class Review:
    """What came of reviewing the connections of a node, or of several."""

    revoked: frozenset[Connection] = frozenset()
    restored: frozenset[Connection] = frozenset()

    def __or__(self, other: Review) -> Review:
        return Review(self.revoked | other.revoked, self.restored | other.restored)


class Reviewer:
    """Reviews the connections of one node under a network."""

    def __init__(self, network: Network, site: Site, node_addresses: AddressSet, marks: Marks | None = None) -> None:
        self._oracle = Oracle(network)
        self._marks = marks or Marks()
        self._node = node_addresses
        self._local = {
            (family, value): pod.endpoint
            for pod in site.pods
            for family in pod.addresses.families()
            for low, high in pod.addresses.ranges(family)
            for value in range(low, high + 1)
        }
        self._known = dict(_addressed(network))
        self._blocks = sorted(
            (family, low, high, index)
            for index, endpoint in network.endpoints.items()
            if endpoint.kind is Kind.BLOCK and endpoint.addresses is not None
            for family in endpoint.families
            for low, high in endpoint.addresses.ranges(family)
        )

    def review(self, namespace: Namespace) -> Review:
        """Mark what is no longer allowed, and take the mark from what is allowed again."""
        bit = self._marks.revoked
        with Conntrack(namespace) as table:
            changes = [(flow, bit if denied else 0, bit) for flow, denied in self._changed(table.flows())]
            table.set_marks(changes)
        return Review(
            frozenset(_connection(flow) for flow, value, _ in changes if value),
            frozenset(_connection(flow) for flow, value, _ in changes if not value),
        )

    def _changed(self, flows: Iterable[Flow]) -> Iterator[tuple[Flow, bool]]:
        """The flows whose mark does not say what holds, and whether they are denied. What is over carries nothing."""
        for flow in (flow for flow in flows if not flow.over):
            denied = self.denies(flow)
            if denied != bool(flow.mark & self._marks.revoked):
                yield flow, denied

    def denies(self, flow: Flow) -> bool:
        """Whether either end that this node guards certainly denies a flow."""
        family: Family = 4 if flow.family == 4 else 6
        source, target = (family, flow.source), (family, flow.reply_source)
        port = 0 if flow.protocol in _ICMP else flow.reply_sport
        leaving, arriving = self._local.get(source), self._local.get(target)
        if leaving is not None:
            other = self._endpoint(*target)
            if self._oracle.end(family, Direction.EGRESS, leaving, other, flow.protocol, port) is False:
                return True
        if arriving is None:
            return False
        other = self._seen_from(flow, family)
        return self._oracle.end(family, Direction.INGRESS, arriving, other, flow.protocol, port) is False

    def _seen_from(self, flow: Flow, family: Family) -> int:
        """The source as the pod sees it; one that reaches itself through a Service is itself."""
        if self._node.contains(family, flow.source):
            return LOCAL
        itself = flow.source == flow.reply_source
        return self._endpoint(family, flow.source if itself else flow.reply_destination)

    def _endpoint(self, family: Family, value: int) -> int:
        known = self._known.get((family, value))
        if known is not None:
            return known
        for block_family, low, high, index in self._blocks:
            if block_family == family and low <= value <= high:
                return index
        raise AssertionError("blocks cover every address")


def _connection(flow: Flow) -> Connection:
    return flow.family, flow.protocol, flow.source, flow.sport, flow.reply_source, flow.reply_sport


def _addressed(network: Network) -> Iterator[tuple[tuple[Family, int], int]]:
    """Pods and nodes by address. A pod in a node's network is that node: no address tells them apart."""
    for index, endpoint in network.endpoints.items():
        if endpoint.kind is Kind.NODE or (endpoint.kind is Kind.WORKLOAD and not endpoint.hosted):
            addresses = endpoint.addresses or AddressSet()
            for family in addresses.families():
                for low, high in addresses.ranges(family):
                    yield from (((family, value), index) for value in range(low, high + 1))
