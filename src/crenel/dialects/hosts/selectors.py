"""What a rule of nft may look at, and how a set of values of it becomes a condition of the model.

Source: nft(8), "PRIMARY EXPRESSIONS" and "PAYLOAD EXPRESSIONS". A payload of a protocol is only there in packets of
that protocol, so a comparison with it, even an inverted one, implies the protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from crenel.dialects.hosts.kinds import ALL, WITH_PORTS, Kinds, protocols
from crenel.dialects.hosts.ruleset import (
    AddressIn,
    AddressType,
    AnyOf,
    Condition,
    Device,
    Doubt,
    KindIn,
    Never,
    Shares,
    Side,
    WordIn,
)
from crenel.dialects.hosts.values import PROTOCOLS, Unreadable, addresses, bounds, number, ports
from crenel.dialects.hosts.words import FLAGS, STATES, STATUSES, Register
from crenel.network.addresses import AddressSet, Family
from crenel.network.traffic import LAST_PORT, PORTED, SCTP, TCP, UDP

FULL = 0xFFFF_FFFF


class Selector(Protocol):
    """Something that a packet has. `last` is the highest number that it can be, 0 where it is no number."""

    @property
    def last(self) -> int:
        """The highest number that it can be."""

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The conditions under which it is any of some values or, `inverted`, exists and is none of them.

        Raises:
            Unreadable: a value is not of its sort.
        """


@dataclass(frozen=True, slots=True)
class Address:
    """An address of one family."""

    side: Side
    family: Family
    last: int = 0

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The address is in a set."""
        found = addresses(values, self.family)
        return (AddressIn(self.side, AddressSet.everything(self.family) - found if inverted else found),)


@dataclass(frozen=True, slots=True)
class Port:
    """The destination port; `protocol` None is ``th``: whatever lies where TCP has its port."""

    protocol: int | None
    sent: bool = False
    last: int = LAST_PORT

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The port is in a set."""
        asked = [ports(value) for value in values]
        if self.protocol is not None and self.protocol not in PORTED:
            return (KindIn(protocols(self.protocol)), Doubt(f"to port {_listed(asked, inverted)}"))
        own = range(self.protocol, self.protocol + 1) if self.protocol is not None else PORTED
        scope = protocols(*own)
        found = Kinds.of(((each, each) for each in own), asked) if asked else scope - scope
        exact = KindIn(scope - found if inverted else found, self.sent)
        if self.protocol is not None:
            return (exact,)
        doubt = Doubt(f"of another protocol, with such bytes where TCP has its port: {_listed(asked, inverted)}")
        return (AnyOf(((exact,), (KindIn(ALL - WITH_PORTS), doubt))),)


@dataclass(frozen=True, slots=True)
class ProtocolOf:
    """The protocol above IP, in packets of some families."""

    families: tuple[Family, ...] = (4, 6)
    last: int = 255

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The protocol is in a set."""
        found = Kinds.of(bounds(value, PROTOCOLS, 255) for value in values)
        condition = KindIn(ALL - found if inverted else found)
        return (*of_families(*self.families), condition) if len(self.families) == 1 else (condition,)


@dataclass(frozen=True, slots=True)
class FamilyOf:
    """The family, as any of the fields that tell it."""

    names: Mapping[str, int] = field(hash=False)
    last: int = 0

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The family is in a set."""
        given = {number(value, self.names) for value in values}
        found: list[Family] = [each for each in (4, 6) if (each in given) is not inverted]
        return of_families(*found)


@dataclass(frozen=True, slots=True)
class DeviceOf:
    """The name of a device, which may end in ``*``. Of devices by number only 0 is known, which is none."""

    side: Side
    numbered: bool = False
    last: int = 0

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The device is in a set."""
        names = [str(value) for value in values]
        if self.numbered:
            names = ["" if name == "0" else name for name in names]
            if any(name.isdecimal() for name in names):
                return (Doubt(f"by device {', '.join(names)}"),)
        return (Device(self.side, frozenset(names), inverted),)


@dataclass(frozen=True, slots=True)
class WordOf:
    """A register behind a mask. `needed` is what must hold for the register to exist."""

    register: Register
    names: Mapping[str, int] = field(hash=False)
    mask: int = FULL
    needed: tuple[Condition, ...] = ()
    last: int = FULL

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The masked register is in a set."""
        ranges = tuple(self._bounds(value) for value in values)
        return (*self.needed, WordIn(self.register, self.mask, ranges, inverted))

    def shares(self, value: Any, inverted: bool) -> tuple[Condition, ...]:
        """The masked register has any of some bits, or none of them."""
        return (*self.needed, Shares(self.register, bits(value, self.names) & self.mask, inverted))

    def _bounds(self, value: Any) -> tuple[int, int]:
        if isinstance(value, dict) and ("range" in value or "prefix" in value):
            return bounds(value, self.names)
        found = bits(value, self.names)
        return found, found


@dataclass(frozen=True, slots=True)
class TypeOf:
    """What the routing table says of an address."""

    side: Side
    last: int = 0

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The type is in a set."""
        return (AddressType(self.side, frozenset(map(str, values)), inverted),)


@dataclass(frozen=True, slots=True)
class Routed:
    """Whether there is a route (``fib ... oif``). To where packets come from there is one: see `Site.devices`."""

    last: int = 0

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """There is one, or none."""
        if all(isinstance(value, bool) for value in values):
            return () if any(values) is not inverted else (Never(),)
        return (Doubt("routed by such a device"),)


@dataclass(frozen=True, slots=True)
class Undecided:
    """What the model does not know of a packet. `needed` is what must hold for it to exist."""

    what: str
    needed: tuple[Condition, ...] = ()
    last: int = FULL

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """It is in a set, perhaps."""
        listed = ", ".join(map(_text, values))
        return (*self.needed, Doubt(f"{self.what} {'other than ' if inverted else ''}{listed}"))


def of_families(*families: Family) -> tuple[Condition, ...]:
    """The packet is of one of some families."""
    return (AddressIn(Side.SOURCE, AddressSet.everything(*families)),)


def bits(value: Any, names: Mapping[str, int]) -> int:
    """A number, or several joined by ``|``."""
    if isinstance(value, dict) and isinstance(value.get("|"), list):
        value = value["|"]
    if isinstance(value, list):
        found = 0
        for each in value:
            found |= bits(each, names)
        return found
    return number(value, names)


def _text(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("range"), list):
        return "-".join(map(str, value["range"]))
    if isinstance(value, dict) and isinstance(value.get("prefix"), dict):
        return f"{value['prefix'].get('addr')}/{value['prefix'].get('len')}"
    return str(value)[:60]


def _listed(asked: Iterable[tuple[int, int]], inverted: bool) -> str:
    text = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in asked)
    return f"other than {text}" if inverted else text


@dataclass(frozen=True, slots=True)
class SourcePort:
    """The port that the client chose, which the model does not know, unless the set has all ports or none."""

    protocol: int | None
    last: int = LAST_PORT

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The port is in a set."""
        asked = [ports(value) for value in values]
        needed = () if self.protocol is None else (KindIn(protocols(self.protocol)),)
        if (0, LAST_PORT) in asked and self.protocol is not None:
            return (*needed, Never()) if inverted else needed
        return (*needed, Doubt(f"from source port {_listed(asked, inverted)}"))


_SIDES = {"saddr": Side.SOURCE, "daddr": Side.DESTINATION}
_WITH_PORTS = {"tcp": TCP, "udp": UDP, "sctp": SCTP, "dccp": 33, "udplite": 136, "th": None}
_IS_TCP = (KindIn(protocols(TCP)),)
_ETHER = {"ip": 4, "ip6": 6, "0x0800": 4, "0x86dd": 6, "arp": 0, "vlan": 0, "8021q": 0, "8021ad": 0}


def payload(value: Mapping[str, Any]) -> Selector:
    """``payload``: a field of a header."""
    protocol, name = str(value.get("protocol", "raw")), str(value.get("field", "bytes"))
    if protocol in ("ip", "ip6"):
        return _ip(4 if protocol == "ip" else 6, name)
    if protocol in _WITH_PORTS and name in ("dport", "sport"):
        which = _WITH_PORTS[protocol]
        return Port(which) if name == "dport" else SourcePort(which)
    if (protocol, name) == ("tcp", "flags"):
        return WordOf(Register.FLAGS, FLAGS, 0xFF, _IS_TCP)
    if (protocol, name) == ("ether", "type"):
        return FamilyOf(_ETHER)
    return Undecided(f"of {protocol} {name}", _carried(protocol))


def _carried(protocol: str) -> tuple[Condition, ...]:
    """That a packet is of a protocol, by the name that nft has for its head."""
    if protocol in ("icmp", "icmpv6"):
        return (*of_families(4 if protocol == "icmp" else 6), KindIn(protocols(PROTOCOLS[protocol])))
    return (KindIn(protocols(PROTOCOLS[protocol])),) if protocol in PROTOCOLS else ()


def _ip(family: Family, name: str) -> Selector:
    if name in _SIDES:
        return Address(_SIDES[name], family)
    if name in ("protocol", "nexthdr"):
        return ProtocolOf((family,))
    if name == "frag-off":
        return WordOf(Register.FRAGMENT, {}, 0xFFFF, of_families(family))
    return Undecided(f"of {'ip' if family == 4 else 'ip6'} {name}", of_families(family))


_META: dict[str, Selector] = {
    "l4proto": ProtocolOf(),
    "nfproto": FamilyOf({"ipv4": 4, "ipv6": 6, "2": 4, "10": 6}),
    "protocol": FamilyOf(_ETHER),
    "iifname": DeviceOf(Side.SOURCE),
    "oifname": DeviceOf(Side.DESTINATION),
    "iif": DeviceOf(Side.SOURCE, numbered=True),
    "oif": DeviceOf(Side.DESTINATION, numbered=True),
    "mark": WordOf(Register.MARK, {}),
}


def meta(value: Mapping[str, Any]) -> Selector:
    """``meta``: what the kernel knows of a packet."""
    key = str(value.get("key"))
    return _META.get(key) or Undecided(f"of {key}")


_CONNECTION: dict[str, Selector] = {
    "state": WordOf(Register.STATE, STATES),
    "status": WordOf(Register.STATUS, STATUSES),
    "mark": WordOf(Register.CONNECTION_MARK, {}),
    "direction": WordOf(Register.DIRECTION, {"original": 0, "reply": 1}),
    "protocol": ProtocolOf(),
}


def connection(value: Mapping[str, Any]) -> Selector:
    """``ct``: the connection. Its original direction is that of the client's packets, as they were sent."""
    key = str(value.get("key"))
    if key in _CONNECTION:
        return _CONNECTION[key]
    if key == "proto-dst" and value.get("dir") == "original":
        return Port(None, sent=True)
    return Undecided(f"of connection {key}")


def route(value: Mapping[str, Any]) -> Selector:
    """``fib``: what the routing table says."""
    flags = value.get("flags")
    flags = set(flags) if isinstance(flags, list) and all(isinstance(each, str) for each in flags) else {flags}
    if value.get("result") == "type" and "iif" not in flags and "oif" not in flags:
        sides = [side for name, side in _SIDES.items() if name in flags]
        if len(sides) == 1:
            return TypeOf(sides[0])
    if value.get("result") in ("oif", "oifname") and "saddr" in flags:
        return Routed()
    return Undecided(f"of fib {value.get('result')}")


_READERS = {"payload": payload, "meta": meta, "ct": connection, "fib": route}


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Several things at once. Values are lists, one value for each."""

    parts: tuple[Selector, ...]
    last: int = 0

    def among(self, values: Sequence[Any], inverted: bool) -> tuple[Condition, ...]:
        """The tuple is in a set. Addresses that come with the same other values are taken together."""
        among = AnyOf(tuple(self._each(values)), inverted)
        return (*implied(self), among) if inverted else (among,)

    def _each(self, values: Sequence[Any]) -> Iterable[tuple[Condition, ...]]:
        joined = next((place for place, part in enumerate(self.parts) if isinstance(part, Address)), None)
        groups: dict[str, tuple[list[Any], list[Any]]] = {}
        for value in values:
            elements = value.get("concat") if isinstance(value, dict) else None
            if value == "*":
                elements = ["*"] * len(self.parts)
            if not isinstance(elements, list) or len(elements) != len(self.parts):
                raise Unreadable(repr(value))
            others = [each for place, each in enumerate(elements) if place != joined]
            known = groups.setdefault(repr(others), (elements, []))
            if joined is not None:
                known[1].append(elements[joined])
        for elements, gathered in groups.values():
            yield tuple(
                condition
                for place, (part, one) in enumerate(zip(self.parts, elements, strict=True))
                for condition in part.among(gathered if place == joined else [one], False)
            )


def implied(part: Selector) -> tuple[Condition, ...]:
    """What must hold for something to exist in a packet at all."""
    match part:
        case Address():
            return of_families(part.family)
        case Port() | SourcePort():
            return () if part.protocol is None else (KindIn(protocols(part.protocol)),)
        case WordOf() | Undecided():
            return part.needed
        case ProtocolOf():
            return of_families(*part.families)
        case Concatenation():
            return tuple(condition for each in part.parts for condition in implied(each))
        case _:
            return ()


def selector(expression: Any) -> Selector:
    """Read the left side of a comparison, or the key of a map."""
    if isinstance(expression, dict) and len(expression) == 1:
        ((kind, value),) = expression.items()
        if kind == "concat" and isinstance(value, list):
            return Concatenation(tuple(map(selector, value)))
        if kind == "&" and isinstance(value, list) and len(value) == 2:
            return _masked(selector(value[0]), value[1])
        if kind in _READERS and isinstance(value, dict):
            return _READERS[kind](value)
        return Undecided(f"of {kind}")
    return Undecided(f"of {_text(expression)}")


def _masked(inner: Selector, mask: Any) -> Selector:
    if isinstance(inner, WordOf):
        return WordOf(inner.register, inner.names, inner.mask & bits(mask, inner.names), inner.needed)
    return Undecided("of such masked bits", inner.needed if isinstance(inner, Undecided) else ())
