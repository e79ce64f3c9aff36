"""From the lists of base chains to tiers of the model: a filter per base chain, in a tier with those of other hosts.

A rule of the model speaks of the other end (`FilterRule.peer`), of the address at the guarded end
(`FilterRule.subject`) and of the traffic. ``accept`` hands on to the next base chain, and so to the next tier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crenel.dialects.hosts.flow import Met
from crenel.dialects.hosts.kinds import WITH_PORTS, Kinds
from crenel.dialects.hosts.regions import ANYWHERE, both
from crenel.dialects.hosts.walk import Entry
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Peer
from crenel.network.rules import Action, Direction
from crenel.network.traffic import PORTED, Match
from crenel.network.wire import CLIENT_PORTS

API = "host firewall"
_DOUBTS = 4
"""How many conditions of a rule are named."""


class Lowering:
    """Lowers the base chains of one host, whose own interface is `host` and whose `own` addresses may be known."""

    def __init__(self, host: str, own: AddressSet | None) -> None:
        self._host = Peer(interfaces=frozenset({host}), addresses=own)
        self._title = host
        self._traffic: dict[Kinds, tuple[Match, ...] | None] = {}

    def filter(self, met: Met, guarded: str, direction: Direction, itself: bool, reply: bool) -> Filter | None:
        """The filter of one base chain for one interface; None where it stops nothing.

        With `itself` it is about packets from the host to itself, otherwise about all others: the two take other ways.
        Of what stops a `reply` that is left out which stops replies to some ports of clients only: these choose others.
        """
        ingress = direction is Direction.INGRESS
        entries = [each for each in _needed(met.entries) if not reply or _meets_clients(each)]
        listed = [self._rule(entry, ingress, itself) for entry in entries]
        rules = _until_the_last_denial(listed)
        if not rules:
            return None
        if not itself:
            rules.insert(0, self._between())
        return self._made(met, guarded, rules)

    def whole(self, met: Met, guarded: str, direction: Direction) -> Filter:
        """The filter of one base chain with all its rules, also those after the last that stops anything.

        It is about first packets that are not from the host to itself. What its policy decides has the chain's field.
        """
        rules = [self._rule(each, direction is Direction.INGRESS, itself=False) for each in _needed(met.entries)]
        return self._made(met, guarded, [self._between(), *rules])

    def _between(self) -> FilterRule:
        return FilterRule(Action.NEXT, self._host, name="between the host and itself or its own pods")

    def _made(self, met: Met, guarded: str, rules: Iterable[FilterRule]) -> Filter:
        title = f"{self._title} {met.table.layer} {met.table.name} {met.chain.name}"
        return Filter(title, frozenset({guarded}), tuple(rules), frozenset(), met.table.origin, API, met.chain.field)

    def _rule(self, entry: Entry, ingress: bool, itself: bool) -> FilterRule:
        region = entry.region
        families = tuple(family for family in FAMILIES if region.has(family))
        source, destination = (_peer(part, families) for part in (region.source, region.destination))
        subject, peer = (destination, source) if ingress else (source, destination)
        if itself:
            # What a host sends to one of its addresses bears that address at both ends.
            subject, peer = _peer(both(region.source, region.destination), families), self._host
        if region.kinds not in self._traffic:
            self._traffic[region.kinds] = region.kinds.matches()
        traffic = self._traffic[region.kinds]
        return FilterRule(entry.action, peer, traffic, _words(entry.doubts), entry.rule.field, entry.rule.name, subject)


_CLIENTS = [Kinds.of([(protocol, protocol)], [CLIENT_PORTS]) for protocol in PORTED]


def _meets_clients(entry: Entry) -> bool:
    """Whether an entry that stops replies does so whatever port the client has; others always do."""
    kinds = entry.region.kinds
    return entry.action is Action.NEXT or any(each <= kinds for each in _CLIENTS) or bool(kinds - WITH_PORTS)


def _words(doubts: tuple[str, ...]) -> str:
    more = len(doubts) - _DOUBTS
    return " and ".join(doubts[:_DOUBTS]) + (f" and as {more} more conditions ask for" if more > 0 else "")


def _needed(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries up to one that decides everything."""
    for entry in entries:
        yield entry
        region = entry.region
        ends = region.source, region.destination
        everywhere = all(end.covers(family) for end in ends for family in FAMILIES)
        if not entry.doubts and everywhere and region.kinds.matches() is None:
            return


def _until_the_last_denial(rules: list[FilterRule]) -> list[FilterRule]:
    """What comes after it only hands on, as the end of the list does."""
    for number in range(len(rules), 0, -1):
        if rules[number - 1].action is not Action.NEXT:
            return rules[:number]
    return []


def _peer(addresses: AddressSet, families: tuple[Family, ...]) -> Peer:
    if addresses is ANYWHERE and len(families) == len(FAMILIES):
        return ANYONE
    if addresses.families() != families:
        addresses = addresses.only(families[0])
    return ANYONE if all(map(addresses.covers, FAMILIES)) else Peer(addresses=addresses)
