"""Protocols and ports of security group rules, as traffic.

Source: neutron_lib.constants.IP_PROTOCOL_MAP and neutron.db.securitygroups_db, which validates what rules may say:
ports for TCP, UDP, SCTP, DCCP and UDP-Lite, type and code in their place for ICMP, and nothing for other protocols.
"""

from __future__ import annotations

from crenel.dialects.openstack.records import GroupRule
from crenel.network.addresses import Family
from crenel.network.traffic import ICMP, ICMPV6, LAST_PORT, PORTED, Match

_NUMBERS = {
    "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "hopopt": 0, "icmp": 1, "igmp": 2, "ip": 0, "ipip": 4,
    "icmpv6": 58, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60,
    "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136, "vrrp": 112,
}  # fmt: skip
_PORTED_BESIDES = (33, 136)
"""DCCP and UDP-Lite, whose ports traffic does not tell apart."""


def traffic(rule: GroupRule) -> tuple[tuple[Match, ...] | None, str]:
    """What a rule speaks of; None for all. Returns it and what of it is not decided, in words."""
    if not rule.protocol:
        doubt = f"of {rule.strange}" if rule.strange else ""
        return None, doubt
    number = protocol_number(rule.protocol, rule.family)
    if number is None:
        return None, f"of the protocol {rule.protocol!r}"
    if number == 0:
        return None, "IP protocol 0, which some firewall drivers take for any"
    if number in (ICMP, ICMPV6):
        either = (Match(ICMP), Match(ICMPV6)) if rule.family is None else (Match(number),)
        return either, _icmp(rule)
    if rule.strange:
        return (Match(number),), f"of {rule.strange}"
    return _ported(rule, number)


def protocol_number(text: str, family: Family | None) -> int | None:
    """The number of a protocol given by name or number; ICMP is that of the family. None for none."""
    number = _NUMBERS.get(text)
    if number is None and text.isdecimal() and text.isascii() and len(text) < 4:
        number = int(text)
    if number is None or number > 255:
        return None
    return ICMPV6 if number == ICMP and family == 6 else number


def _icmp(rule: GroupRule) -> str:
    if rule.first is None and rule.last is None:
        return f"of {rule.strange}" if rule.strange else ""
    code = f" code {rule.last}" if rule.last is not None else ""
    return f"ICMP type {rule.first}{code}"


def _ported(rule: GroupRule, number: int) -> tuple[tuple[Match, ...], str]:
    if rule.first is None and rule.last is None:
        return (Match(number),), ""
    first = rule.first if rule.first is not None else 1
    last = rule.last if rule.last is not None else LAST_PORT
    if number not in PORTED:
        return (Match(number),), f"for the ports {first}-{last}" if number in _PORTED_BESIDES else ""
    first, last = max(first, 1), min(last, LAST_PORT)
    return ((Match(number, (first, last)),) if first <= last else ()), ""


def misplaced(rule: GroupRule) -> str:
    """What Neutron would reject of the ports of a rule, in words; empty where it is right."""
    number = protocol_number(rule.protocol, rule.family)
    if number in PORTED:
        first, last = rule.first, rule.last
        if first is not None and last is not None and first > last:
            return f"ports {first} to {last} are the wrong way round: the rule matches nothing"
        if any(each is not None and not 0 <= each <= LAST_PORT for each in (first, last)):
            return f"ports {first} to {last} are not all from 1 to {LAST_PORT}"
    elif rule.protocol and number is None:
        return f"unknown protocol {rule.protocol!r}: whether the rule matches is not known"
    return ""
