"""Which packets meet a condition: surely, or under a doubt. What is left over does surely not meet it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce

from crenel.dialects.hosts.boxes import Box, Seen, without
from crenel.dialects.hosts.regions import ANYWHERE, Region
from crenel.dialects.hosts.ruleset import (
    AddressIn,
    AddressType,
    AnyOf,
    Condition,
    Device,
    Doubt,
    Hook,
    KindIn,
    Never,
    Shares,
    Side,
    WordIn,
)
from crenel.dialects.hosts.site import Site, Way
from crenel.dialects.hosts.words import (
    FIRST_OF_TCP,
    OF_CONNECTION,
    REPLY_OF_TCP,
    STATES,
    STATUSES,
    WHOLE,
    Register,
    Word,
)
from crenel.network.addresses import FAMILIES, AddressSet, Family

CONNTRACK = -200
"""The priority at which connections begin to be tracked (NF_IP_PRI_CONNTRACK); before that every state is *invalid*."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a condition is asked: on which way, at which hook and priority, of which host.

    It is asked about the first packets of connections or, with `reply`, about those that answer them.
    """

    way: Way
    hook: Hook
    priority: int
    site: Site
    reply: bool = False
    memo: dict[frozenset[str], tuple[AddressSet, AddressSet]] = field(default_factory=dict, compare=False)
    """What is behind the devices that conditions name."""

    def meet(self, box: Box, conditions: Iterable[Condition]) -> list[Box]:
        """The parts of a box that meet all of some conditions."""
        found = [box]
        for condition in conditions:
            found = [part for each in found for part in self._one(each, condition)]
        return found

    def _one(self, box: Box, condition: Condition) -> Iterator[Box]:
        match condition:
            case AddressIn(side, addresses):
                yield from _located(box, side, addresses)
            case KindIn():
                yield from self._kinds(box, condition)
            case Device():
                yield from self._device(box, condition)
            case WordIn() | Shares():
                yield from self._word(box, condition)
            case AddressType():
                yield from self._type(box, condition)
            case AnyOf():
                yield from self._any(box, condition)
            case Doubt(what):
                yield box.if_(what)
            case Never():
                pass

    def _kinds(self, box: Box, condition: KindIn) -> Iterator[Box]:
        kinds, ports = condition.kinds, box.seen.ports
        if condition.sent and not self.has_connection(box.seen):
            return
        if condition.sent and (self.way is Way.THROUGH or self.reply):
            yield box.if_("of a connection to such a port, as the client sent it")
        elif ports is None or condition.sent:
            yield from _real(box.within(Region(kinds=kinds)))
        else:
            sure, possible = kinds.at(ports)
            yield from _real(box.within(Region(kinds=sure)))
            yield from _real(box.within(Region(kinds=possible - sure)).if_("translated to such a port"))

    def _device(self, box: Box, condition: Device) -> Iterator[Box]:
        arriving = condition.side is Side.SOURCE
        outwards = self.hook in (Hook.OUTPUT, Hook.POSTROUTING)
        absent = (self.way.from_host and outwards) if arriving else self.hook in (Hook.PREROUTING, Hook.INPUT)
        if absent or self.way is Way.SELF:
            own = "" if absent else "lo"
            if any(fits(own, name) for name in condition.names) is not condition.inverted:
                yield box
            return
        verb = "coming in by" if arriving else "going out by"
        doubt = f"{verb} {'another device than ' if condition.inverted else ''}{', '.join(sorted(condition.names))}"
        if not arriving and box.seen.to_host is not False:
            yield box.if_(doubt)
            return
        behind, elsewhere = self._behind(condition.names)
        sure = elsewhere if condition.inverted else behind
        yield from _located(box, condition.side, sure, arriving)
        unknown = ANYWHERE - behind - elsewhere
        yield from (each.if_(doubt) for each in _located(box, condition.side, unknown, arriving))

    def _behind(self, names: frozenset[str]) -> tuple[AddressSet, AddressSet]:
        if names not in self.memo:
            self.memo[names] = _behind(self.site, names)
        return self.memo[names]

    def _word(self, box: Box, condition: WordIn | Shares) -> Iterator[Box]:
        if condition.register in OF_CONNECTION and not self.has_connection(box.seen):
            return
        word = self.word(box.seen, condition.register)
        if isinstance(condition, Shares):
            holds = word.shares(condition.bits)
        else:
            holds = word.masked(condition.mask).within(condition.ranges)
        if holds is None:
            yield box.if_(f"of such a {condition.register.value}")
        elif holds is not condition.inverted:
            yield box

    def has_connection(self, seen: Seen) -> bool:
        """Whether the packet belongs to a connection yet. Of one that does not, nothing but the state can be asked."""
        early = self.hook in (Hook.PREROUTING, Hook.OUTPUT) and self.priority < CONNTRACK
        return not (early or seen.untracked)

    def word(self, seen: Seen, register: Register) -> Word:
        """What is known of a register."""
        known = {
            Register.MARK: seen.mark,
            Register.CONNECTION_MARK: seen.connection,
            Register.FLAGS: REPLY_OF_TCP if self.reply else FIRST_OF_TCP,
            Register.DIRECTION: Word(int(self.reply)),
            Register.FRAGMENT: WHOLE,
        }
        if register in known:
            return known[register]
        return self._state(seen) if register is Register.STATE else self._status(seen)

    def _state(self, seen: Seen) -> Word:
        if not self.has_connection(seen):
            return Word(STATES["untracked" if seen.untracked else "invalid"])
        return Word(STATES["established" if self.reply else "new"])

    def _status(self, seen: Seen) -> Word:
        if self.reply:
            return Word(STATUSES["seen-reply"], STATUSES["seen-reply"])
        translated = seen.destination is not None or seen.ports is not None
        status = Word(STATUSES["dnat"] if translated else 0)
        # Of what goes to pods a Service may have been translated before, which the host's own rules do not show.
        return status.blurred(STATUSES["dnat"] | STATUSES["snat"]) if self.way is Way.THROUGH else status

    def _type(self, box: Box, condition: AddressType) -> Iterator[Box]:
        if condition.side is Side.SOURCE:
            local = self.way.from_host if box.seen.source is None else None
        else:
            local = box.seen.to_host
        if local is None:
            yield box.if_(f"{condition.side.value} of type {', '.join(sorted(condition.types))}")
        elif (("local" if local else "unicast") in condition.types) is not condition.inverted:
            yield box

    def _any(self, box: Box, condition: AnyOf) -> Iterator[Box]:
        found = (part for each in condition.alternatives for part in self.meet(box, each))
        if not condition.inverted:
            yield from found
            return
        doubt = "outside of a set that is not known exactly"
        left = without(box, found, doubt)
        yield from [box.if_("outside of a set of many parts")] if left is None else left


def _real(box: Box) -> Iterator[Box]:
    if box.region:
        yield box


def _located(box: Box, side: Side, addresses: AddressSet, original: bool = False) -> Iterator[Box]:
    """The part of a box whose address on one side is in a set; `original` is the address that it came with."""
    seen = None if original else box.seen.at(side)
    if seen is None:
        source = side is Side.SOURCE
        yield from _real(box.within(Region(source=addresses) if source else Region(destination=addresses)))
        return
    for family in FAMILIES:
        here, wanted = seen.only(family), addresses.only(family)
        if not box.region.has(family) or not here & wanted:
            continue
        part = box.within(Region(AddressSet.everything(family), AddressSet.everything(family)))
        yield part if here <= wanted else part.if_(f"translated to a {side.value} in {wanted}")


def _behind(site: Site, names: frozenset[str]) -> tuple[AddressSet, AddressSet]:
    """The addresses that are surely behind devices of some names, and those that surely are not."""
    matched = {name for name in site.devices if any(fits(name, each) for each in names)}
    behind = _union(addresses for name, addresses in site.devices.items() if name in matched)
    if all(name in site.devices or name in ("lo", "") for name in names):
        return behind, ANYWHERE - behind
    return behind, _union(addresses for name, addresses in site.devices.items() if name not in matched) - behind


def _union(sets: Iterable[AddressSet]) -> AddressSet:
    return reduce(AddressSet.__or__, sets, AddressSet())


def fits(name: str, pattern: str) -> bool:
    """Whether a device's name is a pattern's, which may end in ``*``."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def restricted(box: Box, families: tuple[Family, ...]) -> Box:
    """The part of a box that is of some families."""
    if len(families) == len(FAMILIES):
        return box
    own = AddressSet.everything(*families)
    return replace(box, region=Region(box.region.source & own, box.region.destination & own, box.region.kinds))
