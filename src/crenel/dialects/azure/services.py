"""The protocols and ports of a security rule as traffic.

Protocols that a virtual network carries are TCP, UDP, ICMP, ESP and AH, all others it drops ("Azure Virtual Network
frequently asked questions", "What protocols can I use in virtual networks?"); any of these is what ``*`` stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crenel.dialects.azure.fields import Unresolved
from crenel.dialects.azure.records import SecurityRule
from crenel.network.traffic import ICMP, ICMPV6, LAST_PORT, TCP, UDP, Match, Ports

ESP, AH = 50, 51
CARRIED = (TCP, UDP, ICMP, ESP, AH)
_EVERY_PROTOCOL = ("*", "any", "all", "asterisk")
_PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "esp": ESP, "ah": AH, "icmpv6": ICMPV6}
_EVERY_PORT = (0, LAST_PORT)
_PORTLESS = "meant by a rule with ports, which its protocol lacks"
_DNS = 53


@dataclass(frozen=True, slots=True)
class Service:
    """Some traffic of a rule, and the condition under which it is meant, in words."""

    matches: tuple[Match, ...] | None
    only: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """What a rule says of protocols and ports. `unreadable` are texts that Azure would not take, with what they are."""

    found: tuple[Service, ...]
    unreadable: tuple[str, ...] = ()


def services(rule: SecurityRule) -> Services:
    """All traffic of a rule. One that allows any protocol allows those that are carried; one that denies, all."""
    ranges, doubts, wrong = _ports(rule)
    word = rule.protocol.strip().lower()
    number = _PROTOCOLS.get(word) or (int(word) if word.isdecimal() and len(word) < 4 and 0 < int(word) < 256 else None)
    if word in _EVERY_PROTOCOL:
        found = _of_any(ranges, doubts, allows=rule.access != "deny")
    elif number is not None:
        found = _of_one(number, ranges, doubts)
    else:
        found = [Service(None, f"of the protocol {rule.protocol or 'that it does not name'}")]
        if not isinstance(rule.protocol, Unresolved):
            wrong = [*wrong, f"protocol {rule.protocol!r} is not known"]
    return Services(tuple(each for each in found if each.matches != ()), tuple(wrong))


def _of_any(ranges: list[Ports], doubts: list[str], *, allows: bool) -> list[Service]:
    if _EVERY_PORT in ranges:
        return [Service(tuple(map(Match, CARRIED)) if allows else None)]
    others = Service((Match(ICMP), Match(ESP), Match(AH)), _PORTLESS)
    return [
        Service(_matches((TCP, UDP), ranges)),
        others,
        *(Service((Match(TCP), Match(UDP)), text) for text in doubts),
    ]


def _of_one(number: int, ranges: list[Ports], doubts: list[str]) -> list[Service]:
    if number not in (TCP, UDP):
        return [Service((Match(number),), "" if _EVERY_PORT in ranges else _PORTLESS)]
    return [Service(_matches((number,), ranges)), *(Service((Match(number),), text) for text in doubts)]


def _ports(rule: SecurityRule) -> tuple[list[Ports], list[str], list[str]]:
    """The ranges of destination ports, words for those that are not known, and what is wrong with some."""
    ranges, doubts, wrong = list[Ports](), list[str](), list[str]()
    for text in rule.ports:
        if isinstance(text, Unresolved):
            doubts.append(f"to a port in what {text} stands for")
        elif (known := port_range(text)) is not None:
            ranges.append(known)
        else:
            wrong.append(f"{text!r} is no port or range of ports")
            doubts.append(f"to a port in {text!r}")
    if not rule.ports:
        wrong.append("no destination port")
        doubts.append("to a port that the rule does not name")
    return ranges, doubts, wrong


def port_range(text: str) -> Ports | None:
    """A port, a range of them, or ``*``. Returns first and last; None for what is neither."""
    text = text.strip()
    if text == "*":
        return _EVERY_PORT
    ends = [part.strip() for part in text.split("-")]
    if len(ends) > 2 or not all(part.isdecimal() and len(part) <= 5 for part in ends):
        return None
    first, last = int(ends[0]), int(ends[-1])
    return (first, last) if first <= last <= LAST_PORT else None


def _matches(protocols: tuple[int, ...], ports: Iterable[Ports]) -> tuple[Match, ...]:
    clipped = [(max(first, 1), last) for first, last in ports if last >= 1]
    if (1, LAST_PORT) in clipped:
        return tuple(map(Match, protocols))
    return tuple(Match(protocol, each) for protocol in protocols for each in clipped)


def from_ports(rule: SecurityRule) -> str:
    """The condition on the port of the sender, in words; empty where there is none."""
    if not rule.source_ports or any(port_range(text) == _EVERY_PORT for text in rule.source_ports):
        return ""
    return f"from source port {', '.join(rule.source_ports)}"


def only_dns(matches: tuple[Match, ...] | None) -> tuple[Match, ...]:
    """The part of some traffic that is DNS."""
    dns = (Match(TCP, (_DNS, _DNS)), Match(UDP, (_DNS, _DNS)))
    return tuple(each for each in dns if any(_holds(match, each) for match in matches)) if matches is not None else dns


def _holds(match: Match, other: Match) -> bool:
    assert other.ports is not None
    ports = match.ports or _EVERY_PORT
    return match.protocol == other.protocol and ports[0] <= other.ports[0] <= ports[1]


def unsupported() -> Iterator[Match]:
    """What network security groups do not support ("What is IPv6 for Azure Virtual Network?", limitations)."""
    yield Match(ICMPV6)
