"""Values of nft's JSON: numbers, addresses, ports, names of protocols, each alone or as ranges and prefixes.

Source: libnftables-json(5), "EXPRESSIONS". What a value means depends on what it is compared with: every function here
reads one sort, and raises `Unreadable` for what is none.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from crenel.network.addresses import AddressSet, Family, parse_address
from crenel.network.traffic import LAST_PORT, Ports


class Unreadable(Exception):  # noqa: N818 - it is named for what is wrong with the value
    """A value that is not of the sort that is asked for."""


PROTOCOLS = {
    "ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ipencap": 4, "ipip": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41,
    "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "icmpv6": 58, "ipv6-nonxt": 59, "ospf": 89, "pim": 103,
    "comp": 108, "vrrp": 112, "sctp": 132, "mh": 135, "udplite": 136,
}  # fmt: skip
"""Names of IP protocols that nft and iptables print (IANA, /etc/protocols)."""


def number(value: Any, names: Mapping[str, int]) -> int:
    """A number, in any notation, or the name of one."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and 0 <= value <= 0xFFFF_FFFF:
        return value
    if isinstance(value, str):
        if value in names:
            return names[value]
        try:
            found = int(value, 0)
        except ValueError:
            raise Unreadable(value) from None
        if 0 <= found <= 0xFFFF_FFFF:
            return found
    raise Unreadable(repr(value))


def bounds(value: Any, names: Mapping[str, int], last: int = 0xFFFF_FFFF) -> tuple[int, int]:
    """A number or a range of numbers."""
    if value == "*":
        return 0, last
    if isinstance(value, dict) and "range" in value:
        low, high = _pair(value["range"])
        first, final = number(low, names), number(high, names)
        if first > final:
            raise Unreadable(repr(value))
        return first, min(final, last)
    if isinstance(value, dict) and "prefix" in value:
        return _prefixed(value["prefix"], names, last)
    found = number(value, names)
    return found, found


def _prefixed(value: Any, names: Mapping[str, int], last: int) -> tuple[int, int]:
    """A number of which only the first bits count."""
    width = last.bit_length()
    length = value.get("len") if isinstance(value, dict) else None
    if not isinstance(length, int) or not 0 <= length <= width:
        raise Unreadable(repr(value))
    base = number(value.get("addr"), names) >> (width - length) << (width - length)
    return base, base | (1 << (width - length)) - 1


def _pair(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise Unreadable(repr(value))
    return value[0], value[1]


def ports(value: Any) -> Ports:
    """A port by number or by the name of its service, or a range."""
    if isinstance(value, dict):
        low, high = bounds(value, {}, LAST_PORT) if "prefix" in value else _port_range(value)
        return low, high
    if value == "*":
        return 0, LAST_PORT
    found = port(value)
    return found, found


def _port_range(value: Mapping[str, Any]) -> Ports:
    low, high = _pair(value.get("range"))
    first, last = port(low), port(high)
    if first > last:
        raise Unreadable(repr(value))
    return first, last


@lru_cache(maxsize=4096)
def service(name: str) -> int:
    """The port of a service by name, as this machine's services(5) has it."""
    try:
        return socket.getservbyname(name)
    except OSError:
        raise Unreadable(f"no service is known as {name!r}") from None


def port(value: Any) -> int:
    """One port."""
    if isinstance(value, str) and not value.isdecimal():
        return service(value)
    found = number(value, {})
    if found > LAST_PORT:
        raise Unreadable(repr(value))
    return found


def addresses(values: Iterable[Any], family: Family) -> AddressSet:
    """Addresses, prefixes and ranges of one family."""
    texts: list[str] = []
    found = AddressSet()
    for value in values:
        if value == "*":
            found |= AddressSet.everything(family)
        elif isinstance(value, dict) and "range" in value:
            low, high = _pair(value["range"])
            found |= span(str(low), str(high), family)
        elif isinstance(value, dict) and isinstance(value.get("prefix"), dict):
            texts.append(f"{value['prefix'].get('addr')}/{value['prefix'].get('len')}")
        elif isinstance(value, str):
            texts.append(value)
        else:
            raise Unreadable(repr(value))
    return (found | _of(tuple(texts))).only(family)


def _of(texts: tuple[str, ...]) -> AddressSet:
    try:
        return AddressSet.of(*texts)
    except ValueError as error:
        raise Unreadable(str(error)) from None


def span(low: str, high: str, family: Family) -> AddressSet:
    """The addresses from one to another."""
    try:
        (one, first), (other, last) = parse_address(low), parse_address(high)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    if one != family or other != family or first > last:
        raise Unreadable(f"{low}-{high}")
    return AddressSet.from_range(family, first, last)
