"""One policy as one chain: each of its rules becomes as many nft rules as it has kinds of peers, families and ports.

A rule's peers are a union and its ports are a union, so every pair of the two is a rule with the same verdict, and the
first match among them decides as the rule itself would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crenel.enforce.names import identifier
from crenel.enforce.ruleset import (
    AddressIn,
    Matching,
    NamedPortIn,
    OfProtocol,
    PortIn,
    PortIs,
    Rule,
    Side,
    Verdict,
)
from crenel.enforce.sets import SetBook
from crenel.network.addresses import FAMILIES, Family
from crenel.network.rules import Action, Direction, Peers
from crenel.network.rules import Rule as NeutralRule
from crenel.network.traffic import LAST_PORT, PORTED, Match

_PEER = {Direction.EGRESS: Side.DESTINATION, Direction.INGRESS: Side.SOURCE}


@dataclass(frozen=True, slots=True)
class _Alternative:
    """One part of a union; `family` None is both."""

    family: Family | None
    matches: tuple[Matching, ...]


class RuleCompiler:
    """Compiles rules against the sets of one table. `pods` are all endpoints that are not in a node's network."""

    def __init__(self, book: SetBook, pods: int) -> None:
        self._book = book
        self._pods = pods

    def compile(
        self, rule: NeutralRule, direction: Direction, role: str, verdict: Verdict, counter: str, comment: str
    ) -> Iterator[Rule]:
        """The nft rules of one rule. `role` is unique to it and names the sets that it is the first to need."""
        parts = list(self._traffic(rule.traffic, role))
        for peer in self._peers(rule.peers, rule.action, direction, role, comment):
            for traffic in parts:
                if peer.family is None or traffic.family in (None, peer.family):
                    yield Rule((*peer.matches, *traffic.matches), verdict, counter)

    def _peers(
        self, peers: Peers, action: Action, direction: Direction, role: str, comment: str
    ) -> Iterator[_Alternative]:
        if peers.everyone:
            yield _Alternative(None, ())
            return
        side = _PEER[direction]
        mask = peers.endpoints | (peers.possible if action is Action.DENY else 0)
        for family in FAMILIES:
            if mask and (name := self._book.of_endpoints(mask, family, role, comment)):
                yield _Alternative(family, (AddressIn(side, family, name),))
            if peers.addresses is not None and (name := self._book.of_blocks(peers.addresses, family, role, comment)):
                outside = self._outside(side, family) if peers.outside_only else ()
                yield _Alternative(family, (AddressIn(side, family, name), *outside))
            if peers.names:
                yield _Alternative(family, (AddressIn(side, family, self._book.of_names(peers.names, family, role)),))

    def _outside(self, side: Side, family: Family) -> tuple[Matching, ...]:
        name = self._book.of_endpoints(self._pods, family, "pods", "every pod with a network of its own")
        return (AddressIn(side, family, name, inverted=True),)

    def _traffic(self, matches: tuple[Match, ...] | None, role: str) -> Iterator[_Alternative]:
        if matches is None:
            yield _Alternative(None, ())
            return
        for match in matches:
            if match.name is not None:
                for family in FAMILIES:
                    if name := self._book.of_named_port(match, family):
                        yield _Alternative(family, (NamedPortIn(family, name),))
            elif match.protocol is not None and match.protocol not in PORTED:
                yield _Alternative(None, (OfProtocol(match.protocol),))
        numbered = [match for match in matches if match.name is None and match.protocol in PORTED]
        if len(numbered) > 1:
            yield _Alternative(None, (PortIn(self._book.of_ports(_merged(numbered), role)),))
        for match in numbered if len(numbered) == 1 else ():
            yield _Alternative(None, (_single(match),))


def _single(match: Match) -> Matching:
    assert match.protocol is not None
    return OfProtocol(match.protocol) if match.ports is None else PortIs(match.protocol, match.ports)


def _merged(matches: list[Match]) -> list[Match]:
    """The same ports as disjoint ranges, as an interval set wants them."""
    merged: list[Match] = []
    for match in sorted(matches, key=lambda each: (each.protocol or 0, each.ports or (0, LAST_PORT))):
        low, high = match.ports or (0, LAST_PORT)
        before = merged[-1] if merged else None
        if before is not None and before.protocol == match.protocol and before.ports and low <= before.ports[1] + 1:
            merged[-1] = Match(match.protocol, (before.ports[0], max(high, before.ports[1])))
        else:
            merged.append(Match(match.protocol, (low, high)))
    return merged


def chain_name(direction: Direction, title: str) -> str:
    """The chain of one policy for one direction, from the title that reports give it."""
    kind, _, name = title.partition(" ")
    return identifier(direction.value, kind, name)
