"""How reports write paths from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.traffic import protocol_name
from crenel.output.words import count
from crenel.questions.exposure.closing import Setting
from crenel.questions.exposure.paths import Path, State
from crenel.questions.exposure.report import Exposure

_CIDRS = 3
"""How many ranges of sources are written in a table."""


@dataclass(frozen=True, slots=True)
class Row:
    """One path, or the same one in both families."""

    paths: tuple[Path, ...]
    closing: Setting | None

    @property
    def state(self) -> State:
        """The state of all of them."""
        return self.paths[0].state

    @property
    def lacking(self) -> list[str]:
        """What the input does not say."""
        return list(dict.fromkeys(text for path in self.paths for text in path.lacking))


def rows(report: Exposure, wanted: Sequence[State]) -> list[Row]:
    """The paths in some states, what is open first; two that differ in nothing but the family are one row."""
    grouped: dict[tuple[object, ...], list[tuple[Path, Setting | None]]] = {}
    for path, closing in zip(report.paths, report.closings, strict=True):
        if path.state in wanted:
            key = (path.state, way_in(path), path.request, destination(path), path.seen_as, _sources(path))
            grouped.setdefault(key, []).append((path, closing))
    found = [Row(tuple(path for path, _ in pairs), pairs[0][1]) for pairs in grouped.values()]
    return sorted(found, key=lambda row: list(State).index(row.state))


def way_in(path: Path) -> str:
    """What opens a path, with its port."""
    entry = path.entry
    title = f"{entry.title} at {entry.address}" if entry.address else entry.title
    return f"{entry.kind.value} {title}:{entry.port_text}/{protocol_name(entry.protocol)}"


def destination(path: Path) -> str:
    """What it leads to."""
    return f"{path.target}:{path.target_port}"


def sources(row: Row) -> str:
    """Who gets through, in few words."""
    texts = dict.fromkeys(_sources(path) for path in row.paths)
    families = "" if len(row.paths) > 1 else f" (IPv{row.paths[0].family})"
    return ", ".join(texts) + families


def _sources(path: Path) -> str:
    reached = path.sources or path.possible
    if not reached:
        return "nobody"
    everyone = INTERNET.only(path.family)
    if everyone.size() - (reached & everyone).size() <= everyone.size() // 64:
        return "anywhere"
    return _short(reached)


def _short(addresses: AddressSet) -> str:
    cidrs = addresses.cidrs()
    more = f" and {len(cidrs) - _CIDRS} more" if len(cidrs) > _CIDRS else ""
    return ", ".join(cidrs[:_CIDRS]) + more


def conclusion(report: Exposure) -> str:
    """How many are in which state, in one line."""
    numbers = {state: report.count(state) for state in State}
    if not report.paths:
        return "nothing in the input leads in from outside"
    verb = {number: "is" if number == 1 else "are" for number in numbers.values()}
    return (
        f"{count(numbers[State.OPEN], 'path')} from outside {verb[numbers[State.OPEN]]} open, "
        f"{numbers[State.POSSIBLE]} may be, {numbers[State.CLOSED]} {verb[numbers[State.CLOSED]]} closed"
    )
