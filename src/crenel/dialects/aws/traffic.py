"""Protocols and ports as AWS writes them.

Sources: EC2 API, ``IpPermission`` (``-1`` is every protocol, and then all ports; for ICMP the two ports are type and
code, -1 for any; for protocols other than TCP, UDP and ICMP ports do not count) and ``NetworkAclEntry`` (the same, with
``PortRange`` for 6 and 17 alone and ``IcmpTypeCode`` for 1 and 58).
"""

from __future__ import annotations

from crenel.network.traffic import ICMP, ICMPV6, LAST_PORT, TCP, UDP, Match, protocol_number

_NAMES = {"icmpv6": ICMPV6, "icmp": ICMP, "tcp": TCP, "udp": UDP}


def traffic(protocol: str, low: int | None, high: int | None) -> tuple[tuple[Match, ...] | None, str]:
    """What a rule speaks of. Returns the matches, None for everything, and a condition that the model does not decide.

    Raises:
        ValueError: there is no such protocol, or its ports are impossible.
    """
    if protocol in ("-1", "all"):
        return None, ""
    if not protocol:
        raise ValueError("no protocol")
    number = _NAMES.get(protocol.lower()) or protocol_number(protocol)
    if number in (ICMP, ICMPV6):
        return (Match(number),), _messages(low, high)
    if number not in (TCP, UDP):
        return (Match(number),), ""
    if low is None or high is None:
        raise ValueError("no ports")
    if low == high == -1:
        return (Match(number),), ""
    if not 0 <= low <= high <= LAST_PORT:
        raise ValueError(f"impossible ports {low} to {high}")
    if high == 0:
        return (), ""
    return (Match(number, (max(low, 1), high)),), ""


def _messages(kind: int | None, code: int | None) -> str:
    """The messages of ICMP that are meant, in words; empty for all."""
    if kind in (None, -1):
        return ""
    return f"ICMP type {kind}" + ("" if code in (None, -1) else f" code {code}")
