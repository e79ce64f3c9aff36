"""How the reports of the lab say things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crenel.lab.probing.observations import Fate
from crenel.lab.probing.probes import Probe, Route
from crenel.lab.probing.verdict import Report, Result
from crenel.network.traffic import PORTED, protocol_name


@dataclass(frozen=True, slots=True)
class Row:
    """The probes of one way and protocol, counted."""

    route: str
    protocol: str
    probes: int
    allowed: int
    denied: int
    disagreements: int


HEADER = ("ROUTE", "PROTOCOL", "PROBES", "ALLOWED", "DENIED", "DISAGREE")


def rows(report: Report) -> list[Row]:
    """The table of agreement: a row for each way and protocol, in the order of their first probes."""
    grouped: dict[tuple[str, int], list[Result]] = {}
    for result in report.results:
        grouped.setdefault((result.probe.route.value, result.probe.protocol), []).append(result)
    return [
        Row(
            route,
            protocol_name(protocol),
            len(results),
            sum(each.kernel is Fate.ARRIVED for each in results),
            sum(each.kernel is Fate.DROPPED for each in results),
            sum(bool(each.why) for each in results),
        )
        for (route, protocol), results in sorted(grouped.items(), key=lambda each: _order(each[0]))
    ]


def _order(key: tuple[str, int]) -> tuple[int, bool, int]:
    return [each.value for each in Route].index(key[0]), key[1] not in PORTED, key[1]


def cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    numbers = (row.probes, row.allowed, row.denied, row.disagreements)
    return (row.route, row.protocol, *(f"{number:,}" for number in numbers))


def drops(report: Report) -> list[tuple[str, int]]:
    """How many packets each policy had a part in dropping, the most first."""
    found: Counter[str] = Counter()
    for result in report.results:
        if result.kernel is Fate.DROPPED:
            found.update(result.policies)
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def kernel_words(result: Result) -> str:
    """What the kernel did."""
    if result.kernel is Fate.LOST:
        return "nothing was seen"
    return f"denied by {', '.join(result.policies)}" if result.policies else result.kernel.value


def model_words(result: Result) -> str:
    """What the model says."""
    return "allowed" if result.model else "denied"


def target(probe: Probe) -> str:
    """Whom a probe is for, with port and protocol."""
    name = protocol_name(probe.protocol)
    where = f"[{probe.destination}]" if ":" in probe.destination and "/" not in probe.destination else probe.destination
    return f"{where}:{probe.port}/{name}" if probe.protocol in PORTED else f"{probe.destination} {name}"


def packet(result: Result) -> str:
    """The packet, and where it was going when it was translated."""
    probe, met = result.probe, result.candidate
    sent = f"IPv{probe.source.family} {probe.source.address} to {probe.address}"
    return f"{sent}, translated to {met.address} port {met.port}" if met and not probe.direct else sent


def conclusion(report: Report) -> str:
    """The whole run in one line."""
    wrong, count = len(report.disagreements), len(report.results)
    if wrong:
        return f"kernel and model disagree on {wrong:,} of {count:,} probes"
    return f"kernel and model agree on all {count:,} probes"


def remarks(report: Report) -> list[str]:
    """What the reader of the table has to know beside it."""
    found = list(report.notes)
    if report.undecided:
        found.append(
            f"{report.undecided:,} probes were not sent, because the model does not know what should become of them"
        )
    if report.unprobed:
        found.append(f"nobody outside can have an address in {listed(report.unprobed)}: not probed")
    return found


def listed(texts: Sequence[str], most: int = 8) -> str:
    """Some texts, and how many more there are."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def pairs(results: Iterable[Result]) -> dict[tuple[str, str, str], list[Result]]:
    """Results by (way, source, destination)."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        probe = result.probe
        found.setdefault((probe.route.value, probe.source.name, probe.destination), []).append(result)
    return found
