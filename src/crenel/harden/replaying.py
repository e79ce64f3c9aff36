"""Replays observed traffic against the result of a hardening: what it would not let through any more.

Connections are asked of the solver, as `crenel.questions.observing.preview` does. Who came from outside may be cut off
by a change of a Service or a proxy as well: then no way in leads to the pods that they came to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from crenel.audit.exposed import way
from crenel.dialects.entries import EntryKind
from crenel.flows.observed import Observations, Observed, Verdict
from crenel.harden.whole import Whole
from crenel.library import Network
from crenel.network.addresses import INTERNET, AddressSet
from crenel.questions.exposure.paths import Path, State
from crenel.questions.observing.ends import Ends
from crenel.questions.observing.preview import Broken, Preview
from crenel.questions.verdict import Outcome

_NODE = "node/"


def replay(before: Network, whole: Whole, observed: Observations) -> Preview:
    """What of observed traffic the result would not let through; `before` is the network that was hardened."""
    found = whole.after.preview(observed)
    if whole.plan is None or not whole.plan.made:
        return found
    known = {each.observed for each in found.broken}
    shut = [each for each in _Ways(before, whole.after).shut(observed.rows) if each.observed not in known]
    doubtful = {each.observed for each in found.uncertain} & {each.observed for each in shut}
    return replace(
        found,
        broken=(*found.broken, *shut),
        uncertain=tuple(each for each in found.uncertain if each.observed not in doubtful),
        kept=found.kept - len(shut) + len(doubtful),
    )


class _Ways:
    """The ways in from outside, before and after."""

    def __init__(self, before: Network, after: Network) -> None:
        self._before, self._after = before, after
        self._ends = Ends(before.layered)

    @cached_property
    def _paths(self) -> Sequence[Path]:
        return [each for each in self._before.exposure().paths if each.state is not State.CLOSED]

    @cached_property
    def _left(self) -> Sequence[Path]:
        return self._after.exposure().paths

    def shut(self, rows: Iterable[Observed]) -> Iterator[Broken]:
        """Those who came by a way in of the former, and have none of the latter."""
        for row in rows:
            if row.verdict is Verdict.DROPPED or row.port is None or self._ends.block(row.source) is None:
                continue
            came = self._taken(self._paths, row)
            if came and not self._taken(self._left, row):
                ways = ", ".join(sorted({way(each) for each in came}))
                yield Broken(row, Outcome.DENIED, (f"the way in is closed: {ways}",), ())

    def _taken(self, paths: Sequence[Path], row: Observed) -> list[Path]:
        """The paths that a row may have come by: of clients that are not of the internet, all that lead there."""
        address = AddressSet.of(row.source)
        anywhere = not address <= INTERNET
        return [
            path
            for path in paths
            if path.protocol == row.protocol and self._to(path, row) and (anywhere or address <= path.possible)
        ]

    def _to(self, path: Path, row: Observed) -> bool:
        """Whether a path leads to where a row does: to pods, or to a port of all nodes."""
        if row.target.startswith(_NODE):
            return path.entry.kind is EntryKind.NODE_PORT and path.port == row.port
        return path.target_port == row.port and path.target in self._names(row)

    def _names(self, row: Observed) -> set[str]:
        endpoints = self._before.layered.network.endpoints
        return {endpoints[index].name for index in self._ends.targets(row)}
