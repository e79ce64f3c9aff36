"""Stateless tiers as they meet the replies of a connection, seen from the connection.

The reply leaves the destination, so what a tier says of packets outwards there guards the way in to it, and the other
way round. It goes to a port that the client chose: a rule that speaks of some of those ports matches possibly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crenel.network.conditions import InputLacks
from crenel.network.firewalls import Tier
from crenel.network.rules import Policy, Rule, Stage
from crenel.network.traffic import PORTED, Match
from crenel.network.wire import CLIENT_PORTS, Seats, stage


def reply_stage(tier: Tier, seats: Seats, point: int) -> Stage:
    """Lower one tier, whose rules have no subjects of their own, for the replies of connections."""
    forth = stage(tier, seats, point)
    ranks = tuple(tuple(_turned(policy) for policy in rank) for rank in forth.ranks)
    return replace(forth, direction=tier.direction.other, ranks=ranks, replies=True)


def _turned(policy: Policy) -> Policy:
    return replace(policy, rules=tuple(part for rule in policy.rules for part in _parts(rule)))


def _parts(rule: Rule) -> Iterator[Rule]:
    """The rule for all traffic whose replies it surely speaks of, and those for traffic with some that it does."""
    if rule.traffic is None:
        yield rule
        return
    whole = [whole_ for match in rule.traffic if (whole_ := _whole(match)) is not None]
    if whole:
        yield replace(rule, traffic=tuple(dict.fromkeys(whole)))
    for match in rule.traffic:
        if match.ports is not None and _whole(match) is None and _met(match.ports):
            low, high = max(match.ports[0], CLIENT_PORTS[0]), min(match.ports[1], CLIENT_PORTS[1])
            doubt = InputLacks(
                f"whether the client sends from a port of {low}-{high}",
                f"the client sends from a port outside of {low}-{high}",
            )
            peers = rule.peers if rule.peers.doubt is not None else replace(rule.peers, doubt=doubt)
            yield replace(rule, traffic=(Match(match.protocol),), peers=peers)


def _whole(match: Match) -> Match | None:
    """All of the traffic whose replies are in some, if the client may not choose otherwise."""
    if match.ports is None:
        return match
    covers = match.ports[0] <= CLIENT_PORTS[0] and match.ports[1] >= CLIENT_PORTS[1]
    return Match(match.protocol) if covers or match.protocol not in PORTED else None


def _met(ports: tuple[int, int]) -> bool:
    return ports[0] <= CLIENT_PORTS[1] and ports[1] >= CLIENT_PORTS[0]
