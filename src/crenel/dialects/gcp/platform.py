"""What Google Cloud itself allows and blocks, before all rules and after them.

Sources: "VPC firewall rules", "Implied rules", "Always blocked traffic", "Always allowed traffic".
"""

from __future__ import annotations

from crenel.dialects.gcp.records import Estate
from crenel.dialects.gcp.rules import API
from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.network.traffic import ICMP, ICMPV6, SCTP, TCP, UDP, Match

METADATA = AddressSet.of("169.254.169.254", "fd20:ce::254")
"""The metadata server, which answers DNS, DHCP and NTP too."""
_CARRIED = tuple(map(Match, (TCP, UDP, ICMP, ICMPV6, SCTP, 4, 47, 50, 51)))
_MAIL = (Match(TCP, (25, 25)),)


def always(direction: Direction, everyone: frozenset[str], estate: Estate) -> Tier:
    """What no rule changes.

    Mail to outside is blocked for most projects, and protocols other than some are not carried to and from external
    addresses; which addresses are outside is known but for those of networks of one's own.
    """
    own = AddressSet()
    for subnet in estate.subnets.values():
        own |= subnet.ranges
    outside = Peer(addresses=INTERNET - own)
    doubt = "blocked by the platform on its way to or from an external address"
    rules = [FilterRule(Action.NEXT, outside, _CARRIED, name="carried")]
    if direction is Direction.EGRESS:
        metadata = FilterRule(Action.ALLOW, Peer(addresses=METADATA), name="metadata server")
        mail = FilterRule(Action.DENY, outside, _MAIL, "mail to outside, which is blocked for most projects")
        rules = [metadata, mail, *rules]
    rules.append(FilterRule(Action.DENY, outside, None, doubt))
    return _tier("gcp platform", "Google Cloud's own", direction, everyone, *rules)


def implied(direction: Direction, everyone: frozenset[str]) -> Tier:
    """What holds when nothing else has matched: nothing comes in, everything goes out."""
    action = Action.ALLOW if direction is Direction.EGRESS else Action.DENY
    title = f"implied {'allow' if action is Action.ALLOW else 'deny'} {direction.value}"
    return _tier("gcp implied rules", title, direction, everyone, FilterRule(action, ANYONE))


def _tier(layer: str, title: str, direction: Direction, everyone: frozenset[str], *rules: FilterRule) -> Tier:
    return Tier(layer, direction, ((Filter(title, everyone, rules, api=API),),))
