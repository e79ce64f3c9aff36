"""Finds the endpoints that observed rows speak of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from crenel.dialects.model import Model
from crenel.dialects.service import resolve
from crenel.flows.observed import ELSEWHERE, INTERNET, Observed
from crenel.network.addresses import FAMILIES, Family, parse_address
from crenel.network.endpoints import Kind
from crenel.network.traffic import PORTED, Match
from crenel.questions import places
from crenel.questions.directory import Directory
from crenel.questions.places import PlaceError


def match_of(row: Observed) -> Match:
    """The traffic of a row."""
    if row.port is None or row.protocol not in PORTED:
        return Match(row.protocol)
    return Match(row.protocol, (row.port, row.port))


class Ends:
    """The endpoints of one model, by what rows call them; each name is looked up once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.directory = Directory(model)
        self._known: dict[str, tuple[int, ...]] = {}
        self._starts: dict[Family, list[tuple[int, int]]] = {}
        for family in FAMILIES:
            found = [
                (first, index)
                for index, endpoint in model.network.endpoints.items()
                if endpoint.kind is Kind.BLOCK and endpoint.addresses is not None
                for first, _ in endpoint.addresses.ranges(family)
            ]
            self._starts[family] = sorted(found)

    def block(self, text: str) -> int | None:
        """The block outside that an address lies in; None for what is no address, or one of the cluster's."""
        try:
            family, value = parse_address(text)
        except ValueError:
            return None
        if (family, value) in self.directory.by_address or (family, value) in self.directory.services_at:
            return None
        starts = self._starts[family]
        return starts[bisect_right(starts, (value, 1 << 62)) - 1][1] if starts else None

    def outside(self) -> Iterator[tuple[int, str]]:
        """The blocks that have addresses outside of the cluster, each with one of its CIDRs there."""
        inside = self.model.assembly.blueprint.inside
        for index, endpoint in self.model.network.endpoints.items():
            if endpoint.kind is Kind.BLOCK and endpoint.addresses is not None and (rest := endpoint.addresses - inside):
                yield index, rest.cidrs()[0]

    def sources(self, text: str) -> tuple[int, ...]:
        """The endpoints of a source; none where the input does not have it."""
        return self._found(text)

    def targets(self, row: Observed) -> dict[int, tuple[Match, ...]]:
        """The endpoints of a row's target, each with the traffic that gets there: of a Service all its backends."""
        traffic = (match_of(row),)
        if "/svc/" not in row.target:
            return dict.fromkeys(self._found(row.target), traffic)
        try:
            service = places.target(row.target, self.directory).service
        except PlaceError:
            return {}
        if service is None:
            return {}
        network = self.model.network
        found = resolve(service, traffic, self.model.scope, self.model.given.decoded, network)
        return {each.endpoint: each.traffic for each in found.backends if each.endpoint is not None}

    def _found(self, text: str) -> tuple[int, ...]:
        if (known := self._known.get(text)) is None:
            known = self._known[text] = self._looked_up(text)
        return known

    def _looked_up(self, text: str) -> tuple[int, ...]:
        if text in (ELSEWHERE, INTERNET):
            return tuple(index for index, _ in self.outside())
        if (block := self.block(text)) is not None:
            return (block,)
        try:
            return places.source(text, self.directory).members
        except PlaceError:
            return ()
