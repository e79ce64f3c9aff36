"""Protocols and ports of rules as traffic.

Sources: "VPC firewall rules", "Protocols and destination ports"; Compute Engine API, "firewalls" (``allowed[]``) and
"firewallPolicies" (``layer4Configs[]``): a protocol is one of some names or a number of IANA, ports go with TCP, UDP
and SCTP alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crenel.dialects.gcp.records import Service
from crenel.network.traffic import ICMP, ICMPV6, LAST_PORT, PORTED, SCTP, TCP, UDP, Match, Ports

_PROTOCOLS = {
    "tcp": TCP, "udp": UDP, "icmp": ICMP, "esp": 50, "ah": 51, "ipip": 4, "sctp": SCTP, "icmpv6": ICMPV6, "gre": 47,
}  # fmt: skip
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a rule says of traffic: `matches` None is all. `wrong` is what cannot be read, in words."""

    matches: tuple[Match, ...] | None
    wrong: tuple[str, ...] = ()


def traffic(services: Iterable[Service]) -> Traffic:
    """All traffic that any of some entries means."""
    matches: dict[Match, None] = {}
    wrong: list[str] = []
    everything = False
    for each in services:
        number = protocol(each.protocol)
        if each.protocol.lower() == _ALL:
            everything = True
        elif number is None:
            wrong.append(f"protocol {each.protocol!r} is not known")
        elif each.ports and number not in PORTED:
            wrong.append(f"{each.protocol} has no ports")
        else:
            found, unreadable = _ports(each.ports)
            matches.update(dict.fromkeys(Match(number, one) for one in found))
            wrong += [f"port {text!r} cannot be read" for text in unreadable]
    return Traffic(None if everything else tuple(matches), tuple(wrong))


def protocol(text: str) -> int | None:
    """The number of a protocol; None for what is none."""
    if text.lower() in _PROTOCOLS:
        return _PROTOCOLS[text.lower()]
    decimal = text.isdecimal() and text.isascii() and len(text) < 4
    return int(text) if decimal and int(text) < 256 else None


def _ports(texts: tuple[str, ...]) -> tuple[list[Ports | None], list[str]]:
    if not texts:
        return [None], []
    found: list[Ports | None] = []
    wrong = []
    for text in texts:
        if (read := ports(text)) is None:
            wrong.append(text)
        elif read[1]:
            found.append((max(read[0], 1), read[1]))
    return found, wrong


def ports(text: str) -> Ports | None:
    """``80`` or ``8000-9000``; None for what is neither."""
    low, dash, high = text.strip().partition("-")
    if not all(part.isdecimal() and part.isascii() and len(part) < 6 for part in (low, high if dash else low)):
        return None
    first, last = int(low), int(high if dash else low)
    return (first, last) if first <= last <= LAST_PORT else None
