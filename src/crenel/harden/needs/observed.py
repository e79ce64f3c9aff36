"""Needs that were seen in traffic: rows of `crenel.flows`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crenel.flows.observed import ELSEWHERE, INTERNET, Observed, Verdict
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, End, Evidence, EvidenceKind, Named, Outside, Pods
from crenel.network.endpoints import Kind
from crenel.network.traffic import PORTED, Match
from crenel.questions import places
from crenel.questions.directory import Directory
from crenel.questions.places import Place, PlaceError


class Seen:
    """Reads rows against one model."""

    def __init__(self, ground: Ground, basket: Basket, outside: End) -> None:
        self._ground = ground
        self._basket = basket
        self._outside = outside
        self._directory = Directory(ground.model)

    def add(self, rows: Iterable[Observed]) -> None:
        """Add what went through; what was dropped already is no need."""
        for row in rows:
            if row.verdict is Verdict.DROPPED:
                continue
            text = f"seen {row.count} times" if row.count != 1 else "seen once"
            text += f", last at {row.last:%Y-%m-%d %H:%M}" if row.last is not None else ""
            try:
                ends = list(self._pairs(row))
            except PlaceError as error:
                self._basket.remark(row.target, f"{row.source} -> {row.target} was {text}: {error}")
                continue
            for source, target, match in ends:
                if isinstance(source, Pods) or isinstance(target, Pods):
                    self._basket.add(source, target, [match], Evidence(EvidenceKind.OBSERVED, text))

    def _pairs(self, row: Observed) -> Iterator[tuple[End, End, Match]]:
        ports = (row.port, row.port) if row.port and row.protocol in PORTED else None
        match = Match(row.protocol, ports)
        sources = list(self._ends(row.source))
        if row.domain and self._is_outside(row.target):
            yield from ((source, Named(row.domain), match) for source in sources)
            return
        place = self._place(row.target)
        if place is not None and place.service is not None:
            for target, traffic in self._ground.behind(place.service, (match,)):
                yield from ((source, target, traffic) for source in sources if traffic is not None)
            return
        for target in self._ends(row.target):
            yield from ((source, target, match) for source in sources)

    def _is_outside(self, text: str) -> bool:

        return text in (INTERNET, ELSEWHERE) or "/" not in text

    def _place(self, text: str) -> Place | None:

        if text in (INTERNET, ELSEWHERE):
            return None
        return places.target(f"[{text}]" if text.count(":") > 1 else text, self._directory)

    def _ends(self, text: str) -> Iterator[End]:
        place = self._place(text)
        if place is None:
            yield self._outside
            return
        if place.addresses is not None and not any(map(self._ground.is_workload, place.members)):
            yield Outside(place.addresses)
            return
        seen: set[End] = set()
        for index in place.members:
            endpoint = self._ground.model.network.endpoints[index]
            end: End | None = None
            if endpoint.kind is Kind.WORKLOAD:
                end = self._ground.of(index)
            elif endpoint.kind is Kind.NODE and endpoint.addresses is not None:
                end = Outside(endpoint.addresses, endpoint.name)
            if end is not None and end not in seen:
                seen.add(end)
                yield end
