"""The ends of needs as sets of endpoints of one model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from crenel.bits import union
from crenel.dialects.model import Model
from crenel.harden.needs.ground import owner
from crenel.harden.needs.model import End, Everybody, Named, Need, Outside, Pods
from crenel.network.addresses import AddressSet
from crenel.network.endpoints import Kind
from crenel.network.network import Cuts
from crenel.network.traffic import Match


def address_cuts(needs: Iterable[Need]) -> Cuts:
    """Where a model has to be cut so that needs can be asked about."""
    addresses = {end.addresses for need in needs for end in (need.source, need.target) if isinstance(end, Outside)}
    traffic: set[Match] = {need.traffic for need in needs if need.traffic is not None}
    return Cuts(frozenset(each for each in addresses if each), frozenset(traffic))


class Masks:
    """Sets of endpoints by ends, each looked up once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._known: dict[End, int] = {}

    @cached_property
    def _owned(self) -> dict[Pods, int]:
        found: dict[Pods, list[int]] = defaultdict(list)
        for index, group in self._model.scope.groups.items():
            found[owner(group)].append(index)
        return {pods: union(indices) for pods, indices in found.items()}

    def of(self, end: End) -> int:
        """The endpoints that an end certainly means: of addresses the blocks and nodes, not pods that may be there."""
        if end not in self._known:
            self._known[end] = self._of(end)
        return self._known[end]

    def _of(self, end: End) -> int:
        network = self._model.network
        if isinstance(end, Pods):
            return self._owned.get(end, 0)
        if isinstance(end, Named):
            return 1 << network.admit_name(end.name)
        if isinstance(end, Everybody):
            return network.of_kind(Kind.WORKLOAD, Kind.NODE, Kind.BLOCK)
        return self.addresses(end.addresses)

    def addresses(self, wanted: AddressSet) -> int:
        """The blocks and nodes whose addresses are all in a set."""
        return union(
            index
            for index, each in self._model.network.endpoints.items()
            if each.kind in (Kind.BLOCK, Kind.NODE) and each.addresses is not None and each.addresses <= wanted
        )
