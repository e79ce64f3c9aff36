"""Rulesets with one mistake each: every mutant of a catalogue, in the same order in every run.

A mutant is what a compiler with a bug, or a person with an editor, might have made of the rules. The kernel takes each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from crenel.enforce.ruleset import (
    Accept,
    Addresses,
    AddressIn,
    AnySet,
    Chain,
    Dispatch,
    Drop,
    Goto,
    Jump,
    LocalOrigin,
    Matching,
    NamedPortIn,
    NamedPorts,
    OfProtocol,
    PortIn,
    PortIs,
    PortSet,
    Rule,
    Ruleset,
    Side,
    Verdict,
    VerdictMap,
)
from crenel.enforce.text import rule_text
from crenel.network.addresses import LAST, Family, Range, address_text, parse_address
from crenel.network.traffic import LAST_PORT, PORTED, TCP, Ports

Strangers: TypeAlias = Mapping[Family, Sequence[int]]
"""Addresses that a set may come to have by mistake."""

Rules: TypeAlias = tuple[Rule, ...]
Kind = TypeVar("Kind", bound=AnySet)

STRAYS: Mapping[Family, Sequence[int]] = {
    4: (parse_address("198.51.100.200")[1],),
    6: (parse_address("2001:db8:1:1::1")[1],),
}
"""Addresses in the middle of a block, which no host of a twin has."""

STRAY_PORT = 31000
"""A port that nothing speaks of."""

OTHER_SIDE = {Side.SOURCE: Side.DESTINATION, Side.DESTINATION: Side.SOURCE}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed ruleset. `kind` is what is wrong, `what` where."""

    kind: str
    what: str
    ruleset: Ruleset


def mutants(ruleset: Ruleset, strangers: Strangers) -> Iterator[Mutant]:
    """Every mutant of a ruleset."""
    for name in sorted(ruleset.chains):
        for kind, what, rules in _of_rules(ruleset, ruleset.chains[name]):
            changed = {**ruleset.chains, name: replace(ruleset.chains[name], rules=rules)}
            yield Mutant(kind, f"{name}: {what}", replace(ruleset, chains=changed))
    for name in sorted(ruleset.sets):
        for kind, what, one in _of_set(ruleset, ruleset.sets[name], strangers):
            yield Mutant(kind, f"{name}: {what}", replace(ruleset, sets={**ruleset.sets, name: one}))


# Rules


def _of_rules(ruleset: Ruleset, chain: Chain) -> Iterator[tuple[str, str, Rules]]:
    rules = chain.rules
    for place, rule in enumerate(rules):
        text = rule_text(rule, ruleset.log_group)
        yield _removal(rule), text, (*rules[:place], *rules[place + 1 :])
        if ported := _with_ports_alone(rule):
            yield "all traffic becomes all ports", text, (*rules[:place], *ported, *rules[place + 1 :])
        following = rules[place + 1 : place + 2]
        if following and following[0] != rule:
            yield "two rules swapped", text, (*rules[:place], *following, rule, *rules[place + 2 :])
        if holed := _with_hole(rule):
            yield "hole in a range of ports", text, (*rules[:place], *holed, *rules[place + 1 :])
        for kind, changed in (*_verdicts(ruleset, chain, rule), *_matchings(ruleset, rule)):
            what = f"{text} -> {rule_text(changed, ruleset.log_group)}"
            yield kind, what, (*rules[:place], changed, *rules[place + 1 :])


def _removal(rule: Rule) -> str:
    if any(isinstance(each, LocalOrigin) for each in rule.matches):
        return "local origin removed"
    if isinstance(rule.verdict, Jump):
        return "policy removed from a profile"
    if isinstance(rule.verdict, Drop) and not rule.matches:
        return "isolation removed"
    return "rule removed"


def _verdicts(ruleset: Ruleset, chain: Chain, rule: Rule) -> Iterator[tuple[str, Rule]]:
    denial = Drop(_denial(ruleset, chain))
    found: dict[str, Verdict] = {}
    match rule.verdict:
        case Accept():
            found = {"accept becomes drop": denial}
        case Drop():
            found = {"drop becomes accept": Accept()}
        case Goto():
            found = {"goto becomes accept": Accept(), "goto becomes drop": denial}
    yield from ((kind, replace(rule, verdict=verdict)) for kind, verdict in found.items())


def _with_ports_alone(rule: Rule) -> Rules:
    """A rule for all traffic as rules for all ports; what has no ports is forgotten."""
    if any(not isinstance(each, AddressIn) for each in rule.matches) or isinstance(rule.verdict, (Jump, Dispatch)):
        return ()
    return tuple(replace(rule, matches=(*rule.matches, OfProtocol(each))) for each in PORTED)


def _with_hole(rule: Rule) -> Rules:
    """A rule for a range of ports as two rules that leave out one in the middle."""
    for place, matching in enumerate(rule.matches):
        if isinstance(matching, PortIs):
            return tuple(
                replace(
                    rule, matches=(*rule.matches[:place], PortIs(matching.protocol, part), *rule.matches[place + 1 :])
                )
                for parts in _holed(matching.ports)
                for part in parts
            )
    return ()


def _denial(ruleset: Ruleset, chain: Chain) -> str:
    """A denial of a chain's direction; one that no policy has where there is none."""
    direction = "ingress" if "ingress" in chain.name.split("/")[:2] else "egress"
    known = sorted(ruleset.denials.items())
    same = [name for name, each in known if each.direction is not None and each.direction.value == direction]
    return same[0] if same else next(name for name, each in known if each.direction is None)


def _matchings(ruleset: Ruleset, rule: Rule) -> Iterator[tuple[str, Rule]]:
    for place, matching in enumerate(rule.matches):
        before, after = rule.matches[:place], rule.matches[place + 1 :]
        forgotten = "local origin is everything" if isinstance(matching, LocalOrigin) else "match forgotten"
        yield forgotten, replace(rule, matches=(*before, *after))
        for kind, changed in _changed(ruleset, matching):
            yield kind, replace(rule, matches=(*before, changed, *after))


def _changed(ruleset: Ruleset, matching: Matching) -> Iterator[tuple[str, Matching]]:
    match matching:
        case AddressIn(side=side, family=family, name=name, inverted=inverted):
            yield "addresses inverted", replace(matching, inverted=not inverted)
            yield "sides swapped", replace(matching, side=OTHER_SIDE[side])
            for other in _others(ruleset, name, Addresses, lambda each: each.family == family):
                yield "another set of addresses", replace(matching, name=other)
        case OfProtocol(protocol=protocol):
            yield from (("another protocol", OfProtocol(each)) for each in PORTED if each != protocol)
        case PortIs(protocol=protocol, ports=ports):
            yield from (("another protocol", PortIs(each, ports)) for each in PORTED if each != protocol)
            yield from (("port off by one", PortIs(protocol, each)) for each in _shifted_ports(ports))
            yield "ports forgotten", OfProtocol(protocol)
        case PortIn(name=name):
            for other in _others(ruleset, name, PortSet, lambda _: True):
                yield "another set of ports", PortIn(other)
        case NamedPortIn(family=family, name=name):
            for other in _others(ruleset, name, NamedPorts, lambda each: each.family == family):
                yield "another named port", NamedPortIn(family, other)


def _others(ruleset: Ruleset, name: str, kind: type[Kind], fits: Callable[[Kind], bool]) -> list[str]:
    return [
        other for other, each in sorted(ruleset.sets.items()) if other != name and isinstance(each, kind) and fits(each)
    ]


def _shifted_ports(ports: Ports) -> Iterator[Ports]:
    """The same range with one end, or a single port as a whole, one further or one less."""
    first, last = ports
    moved = [(first - 1, last - 1), (first + 1, last + 1)] if first == last else []
    for low, high in [*moved, (first - 1, last), (first + 1, last), (first, last - 1), (first, last + 1)]:
        if 0 <= low <= high <= LAST_PORT:
            yield low, high


# Sets


def _of_set(ruleset: Ruleset, one: AnySet, strangers: Strangers) -> Iterator[tuple[str, str, AnySet]]:
    match one:
        case Addresses(interval=False):
            yield from _of_addresses(one, strangers)
        case Addresses():
            yield from _of_ranges(one)
        case PortSet():
            yield from _of_ports(one)
        case NamedPorts():
            yield from _of_named_ports(one)
        case VerdictMap():
            yield from _of_verdicts(ruleset, one)


def _of_addresses(one: Addresses, strangers: Strangers) -> Iterator[tuple[str, str, AnySet]]:
    elements = sorted(each for each in one.elements if isinstance(each, int))
    for each in elements:
        yield "address removed", address_text(one.family, each), replace(one, elements=frozenset(elements) - {each})
    for each in sorted(set(strangers[one.family]) - set(elements)):
        yield "address added", address_text(one.family, each), replace(one, elements=frozenset(elements) | {each})
    for each in STRAYS[one.family]:
        yield "stray address added", address_text(one.family, each), replace(one, elements=frozenset(elements) | {each})


def _of_ranges(one: Addresses) -> Iterator[tuple[str, str, AnySet]]:
    ranges = sorted(each for each in one.elements if isinstance(each, tuple))
    most = LAST[one.family]
    for place, (first, last) in enumerate(ranges):
        others = [*ranges[:place], *ranges[place + 1 :]]
        yield "range removed", _span(one, (first, last)), _with_ranges(one, others)
        for changed in ((first - 1, last), (first + 1, last), (first, last - 1), (first, last + 1)):
            if 0 <= changed[0] <= changed[1] <= most:
                what = f"{_span(one, (first, last))} -> {_span(one, changed)}"
                yield "range off by one", what, _with_ranges(one, [*others, changed])
        if last - first > 4:
            middle = (first + last) // 2
            what = f"{_span(one, (first, last))} without {address_text(one.family, middle)}"
            yield (
                "hole in a range of addresses",
                what,
                _with_ranges(one, [*others, (first, middle - 1), (middle + 1, last)]),
            )
        if place + 1 < len(ranges):
            merged = first, ranges[place + 1][1]
            yield "exception dropped", _span(one, merged), _with_ranges(one, [*others, merged])
    yield "widened to everything", _span(one, (0, most)), _with_ranges(one, [(0, most)])


def _with_ranges(one: Addresses, ranges: Iterable[Range]) -> Addresses:
    """A set with other ranges; nft takes none that overlap."""
    merged: list[Range] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return replace(one, elements=frozenset(merged))


def _span(one: Addresses, span: Range) -> str:
    return "-".join(address_text(one.family, value) for value in span)


def _of_ports(one: PortSet) -> Iterator[tuple[str, str, AnySet]]:
    for protocol, ports in sorted(one.elements):
        others = one.elements - {(protocol, ports)}
        yield "port removed", f"{protocol} {ports}", replace(one, elements=others)
        changes = [("port off by one", (protocol, each)) for each in _shifted_ports(ports)]
        changes += [("another protocol", (each, ports)) for each in PORTED if each != protocol]
        for kind, changed in changes:
            if not any(_overlap(changed, other) for other in others):
                yield kind, f"{protocol} {ports} -> {changed}", replace(one, elements=others | {changed})
        for parts in _holed(ports):
            changed_parts = {(protocol, part) for part in parts}
            yield (
                "hole in a range of ports",
                f"{protocol} {ports} -> {parts}",
                replace(one, elements=others | changed_parts),
            )
    stray = (TCP, (STRAY_PORT, STRAY_PORT))
    yield "stray port added", f"{stray}", replace(one, elements=one.elements | {stray})


def _holed(ports: Ports) -> Iterator[tuple[Ports, Ports]]:
    """A range without a port in its middle."""
    first, last = ports
    if last - first > 3:
        middle = (first + last) // 2
        yield (first, middle - 1), (middle + 1, last)


def _overlap(one: tuple[int, Ports], other: tuple[int, Ports]) -> bool:
    return one[0] == other[0] and one[1][0] <= other[1][1] and other[1][0] <= one[1][1]


def _of_named_ports(one: NamedPorts) -> Iterator[tuple[str, str, AnySet]]:
    for element in sorted(one.elements):
        address, protocol, port = element
        others = one.elements - {element}
        what = f"{address_text(one.family, address)} {protocol} {port}"
        yield "named port removed", what, replace(one, elements=others)
        changes = [(address, protocol, port - 1), (address, protocol, port + 1)]
        changes += [(address, each, port) for each in PORTED if each != protocol]
        for changed in changes:
            yield "named port is another", f"{what} -> {changed[1:]}", replace(one, elements=others | {changed})
        stray = (address, protocol, STRAY_PORT)
        yield "stray port added", f"{what} and {STRAY_PORT}", replace(one, elements=one.elements | {stray})


def _of_verdicts(ruleset: Ruleset, one: VerdictMap) -> Iterator[tuple[str, str, AnySet]]:
    family = "/".join(min(chain for _, chain in one.elements).split("/")[:3])
    profiles = [name for name in sorted(ruleset.chains) if name.startswith(f"{family}/")]
    for address, chain in sorted(one.elements):
        others = one.elements - {(address, chain)}
        what = f"{address_text(one.family, address)} {chain}"
        yield "subject removed", what, replace(one, elements=others)
        for other in profiles:
            if other != chain:
                yield "another profile", f"{what} -> {other}", replace(one, elements=others | {(address, other)})
