"""Reads ``ipset save``: ipset(8), and what its sets mean in a rule of iptables (``--match-set NAME src,dst``).

Of a set with several dimensions each has a flag of the rule: whether it is the source's or the destination's.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from crenel.dialects.hosts.kinds import WITH_PORTS, Kinds, protocols
from crenel.dialects.hosts.ruleset import AddressIn, AnyOf, Condition, Device, Doubt, IpSet, KindIn, Side, WordIn
from crenel.dialects.hosts.values import PROTOCOLS, Unreadable, port, span
from crenel.dialects.hosts.words import Register
from crenel.network.addresses import AddressSet
from crenel.network.traffic import PORTED, TCP
from crenel.provenance import Origin, Problem, Severity

_CREATE = re.compile(r"^create \S+ (?:hash|bitmap|list):", re.MULTILINE)


def recognises(text: str) -> bool:
    """Whether a text is what ``ipset save`` prints."""
    return _CREATE.search(text[:4096]) is not None


def read(text: str, origin: Origin) -> tuple[dict[str, IpSet], list[Problem]]:
    """The sets of a text by name, and the lines that are not understood."""
    kinds: dict[str, tuple[tuple[str, ...], bool]] = {}
    elements: dict[str, list[tuple[str, ...]]] = {}
    exceptions: dict[str, list[tuple[str, ...]]] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = _words(line)
        if len(words) >= 3 and words[0] == "create":
            kind, _, dimensions = words[2].partition(":")
            kinds[words[1]] = (("set",) if kind == "list" else tuple(dimensions.split(","))), "timeout" in words[3:]
        elif len(words) >= 3 and words[0] == "add" and words[1] in kinds:
            where = exceptions if "nomatch" in words[3:] else elements
            where.setdefault(words[1], []).append(tuple(words[2].split(",")))
        elif words and not words[0].startswith("#"):
            problems.append(Problem("not a line of ipset save", origin, (number, "line"), severity=Severity.WARNING))
    found = {
        name: IpSet(dimensions, tuple(elements.get(name, ())), tuple(exceptions.get(name, ())), changing)
        for name, (dimensions, changing) in kinds.items()
    }
    return found, problems


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def membership(name: str, sets: Mapping[str, IpSet], flags: Sequence[str], inverted: bool) -> Condition:
    """The condition of being in a set.

    Raises:
        Unreadable: an element or a flag is of no known sort.
    """
    known = sets.get(name)
    if known is None:
        return Doubt(f"{'not ' if inverted else ''}in ipset {name}, which is not in the input")
    sides = [_side(flag) for flag in flags]
    if known.dimensions == ("set",):
        inner = tuple((membership(each[0], sets, flags, False),) for each in known.elements if each[0] != name)
        return AnyOf(inner, inverted)
    if len(sides) < len(known.dimensions):
        raise Unreadable(f"ipset {name} has {len(known.dimensions)} dimensions")
    listed = AnyOf(tuple(_alternatives(known, known.elements, sides)))
    without = AnyOf(tuple(_alternatives(known, known.exceptions, sides)), inverted=True)
    inside: tuple[Condition, ...] = (listed, without) if known.exceptions else (listed,)
    if not known.changing:
        return AnyOf((inside,), inverted) if known.exceptions else AnyOf(listed.alternatives, inverted)
    doubt = Doubt(f"{'not ' if inverted else ''}one that ipset {name} has by then")
    outside = (AnyOf((inside,), inverted=True), doubt)
    return AnyOf((outside,)) if inverted else AnyOf((inside, outside))


def _side(flag: str) -> Side:
    if flag not in ("src", "dst"):
        raise Unreadable(f"flag {flag}")
    return Side.SOURCE if flag == "src" else Side.DESTINATION


def _alternatives(
    known: IpSet, elements: Sequence[tuple[str, ...]], sides: Sequence[Side]
) -> Iterator[tuple[Condition, ...]]:
    """One conjunction per element; addresses that come with the same other parts are taken together."""
    joined = next((place for place, each in enumerate(known.dimensions) if each in ("ip", "net")), None)
    groups: dict[tuple[str, ...], list[str]] = {}
    for element in elements:
        if len(element) != len(known.dimensions):
            raise Unreadable(",".join(element))
        others = tuple("" if place == joined else part for place, part in enumerate(element))
        groups.setdefault(others, []).append(element[joined] if joined is not None else "")
    for others, gathered in groups.items():
        yield tuple(
            AddressIn(side, _addresses(gathered)) if place == joined else _part(dimension, part, side)
            for place, (dimension, part, side) in enumerate(zip(known.dimensions, others, sides, strict=False))
        )


def _addresses(texts: Sequence[str]) -> AddressSet:
    plain = [text for text in texts if "-" not in text]
    try:
        found = AddressSet.of(*plain)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    for text in texts:
        low, dash, high = text.partition("-")
        if dash:
            found |= span(low, high, 6 if ":" in low else 4)
    return found


def _part(dimension: str, text: str, side: Side) -> Condition:
    if dimension in ("ip", "net"):
        return AddressIn(side, _addresses([text]))
    if dimension == "port":
        return _port(text, side)
    if dimension == "iface":
        return Device(side, frozenset({text.removeprefix("physdev:")}))
    if dimension == "mark":
        number = int(text, 0)
        return WordIn(Register.MARK, 0xFFFF_FFFF, ((number, number),))
    return Doubt(f"with {dimension} {text}")


def _port(text: str, side: Side) -> Condition:
    """``tcp:80``, ``udp:53-60``, ``80`` (of a bitmap, any protocol with ports), ``icmp:echo-request``, ``47:0``."""
    name, colon, value = text.rpartition(":")
    number = PROTOCOLS.get(name.lower(), int(name) if name.isdecimal() else TCP) if colon else None
    if number is not None and number not in PORTED:
        exact = value == "0"
        return KindIn(protocols(number)) if exact else AnyOf(((KindIn(protocols(number)), Doubt(f"of type {value}")),))
    low, _, high = value.partition("-")
    ports = (port(low), port(high or low))
    if side is Side.SOURCE:
        scope = WITH_PORTS if number is None else protocols(number)
        return AnyOf(((KindIn(scope), Doubt(f"from source port {value}")),))
    own = PORTED if number is None else (number,)
    return KindIn(Kinds.of(((each, each) for each in own), [ports]))
