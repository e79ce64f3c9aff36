"""How reports write traffic and the ends of a connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from crenel.network.traffic import LAST_PORT, NAMES, PORTED, Ports
from crenel.questions.parties import Party
from crenel.questions.verdict import Traffic

EVERY_PORT = f"1-{LAST_PORT}"
NO_PORTS = "*"
"""What stands for the ports of a protocol that has none."""
OTHER = "other"
"""All IP protocols that no rule names."""

EVERYTHING: Traffic = (
    *((NAMES[number], EVERY_PORT if number in PORTED else NO_PORTS) for number in NAMES),
    (OTHER, NO_PORTS),
)
"""All traffic of a network whose rules name no further protocol."""

SHORT = 48
"""How long the text of a party may become before names are left out of it."""


def clean(text: str) -> str:
    """Escape what would move a terminal's cursor or break a line; names and paths come from the input."""
    return text if text.isprintable() else "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


@lru_cache(maxsize=4096)
def explicit(traffic: Traffic) -> str:
    """Write traffic protocol by protocol: ``TCP/80,443 UDP/1-65535 ICMP``."""
    return " ".join(name if ports == NO_PORTS else f"{name}/{ports}" for name, ports in traffic) or "none"


@lru_cache(maxsize=4096)
def short_traffic(traffic: Traffic, everything: Traffic = EVERYTHING) -> str:
    """Write traffic in few words: ``all``, ``TCP UDP/53``, ``all except TCP/5432``.

    `everything` is all the traffic that the network tells apart.
    """
    plain = _plain(traffic)
    missing = _missing(traffic, everything)
    if not missing:
        return "all"
    exceptional = f"all except {_plain(missing)}"
    return exceptional if len(exceptional) < len(plain) else plain


def _plain(traffic: Traffic) -> str:
    return " ".join(name if ports in (NO_PORTS, EVERY_PORT) else f"{name}/{ports}" for name, ports in traffic) or "none"


def _missing(traffic: Traffic, everything: Traffic) -> Traffic:
    """What is in `everything` and not in `traffic`."""
    known = dict(traffic)
    missing = []
    for name, whole in everything:
        ports = known.get(name)
        if ports is None:
            missing.append((name, whole))
        elif ports not in (NO_PORTS, EVERY_PORT) and _is_numbered(ports) and (holes := _holes(ports)):
            missing.append((name, holes))
    return tuple(missing)


def _is_numbered(ports: str) -> bool:
    """Whether ports are numbers, not the name of one that the target does not have."""
    return not ports.strip("0123456789,-")


def _holes(ports: str) -> str:
    found: list[Ports] = []
    start = 1
    for first, last in _spans(ports):
        if first > start:
            found.append((start, first - 1))
        start = last + 1
    if start <= LAST_PORT:
        found.append((start, LAST_PORT))
    return _ports(found)


def _spans(ports: str) -> list[Ports]:
    """Read ``80,443-445`` into sorted, merged ranges."""
    merged: list[Ports] = []
    for first, last in sorted(_span(part) for part in ports.split(",")):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _span(part: str) -> Ports:
    first, _, last = part.partition("-")
    return int(first), int(last or first)


def _ports(spans: Iterable[Ports]) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


@lru_cache(maxsize=4096)
def tidied(traffic: Traffic) -> Traffic:
    """The same traffic with each protocol once and its ports in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, ports in traffic:
        found[name].append(ports)
    return tuple((name, NO_PORTS if NO_PORTS in ports else _joined(ports)) for name, ports in found.items())


def _joined(ports: Sequence[str]) -> str:
    """Ports in order; names that the target does not have are left as they were asked for."""
    text = ",".join(dict.fromkeys(ports))
    return _ports(_spans(text)) if _is_numbered(text) else text


def full_party(party: Party) -> str:
    """Write all of one side of a connection."""
    return clean(party.names[0] if party.single else str(party))


def short_party(party: Party) -> str:
    """Write one side of a connection, with a count in the place of the names that make it long."""
    if party.single:
        return clean(party.names[0])
    names = _counted(party.names)
    return clean(f"{names} except {_counted(party.exceptions)}" if party.exceptions else names)


def _counted(names: Sequence[str]) -> str:
    shown: list[str] = []
    room = SHORT
    for name in names:
        room -= len(name) + 2
        if shown and room < 0:
            return f"{', '.join(shown)} and {len(names) - len(shown)} more"
        shown.append(name)
    return ", ".join(shown)


def conditions_text(conditions: Sequence[str]) -> str:
    """Write what something depends on as one line."""
    return clean("; or ".join(conditions))


def count(number: int, noun: str) -> str:
    """Write a number of things: ``1 policy``, ``2 policies``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
