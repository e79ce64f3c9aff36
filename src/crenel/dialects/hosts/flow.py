"""Takes the first packets of connections through all base chains that they meet, in the order of the kernel.

The base chains of one hook are met by ascending priority, of several with the same one the youngest first
(nf_hook_entries_grow); they are listed from the oldest on. Those that translate addresses are met together, at the one
priority that translation has at a hook, whatever they say themselves (nf_nat_register_fn). After ``prerouting`` the
destination, which may have been replaced there, tells whether a packet is for the host or goes on to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from crenel.dialects.hosts.boxes import Box, Seen
from crenel.dialects.hosts.matching import Where
from crenel.dialects.hosts.regions import ANYWHERE, Region
from crenel.dialects.hosts.ruleset import Assign, Chain, Hook, Rule, Table, Translate
from crenel.dialects.hosts.site import Site, Way
from crenel.dialects.hosts.walk import Entry, Walk
from crenel.dialects.hosts.words import NO_MARK, UNKNOWN, Register
from crenel.provenance import Problem, Severity

_TRANSLATION = {Hook.PREROUTING: -100, Hook.OUTPUT: -100, Hook.INPUT: 100, Hook.POSTROUTING: 100}
"""NF_IP_PRI_NAT_DST and NF_IP_PRI_NAT_SRC (linux/netfilter_ipv4.h)."""
_TRANSLATED = (0, _TRANSLATION[Hook.PREROUTING])
"""Where in the order of chains destinations are translated."""


@dataclass(frozen=True, slots=True)
class Met:
    """A base chain on a way, with the list that it comes to."""

    table: Table
    chain: Chain
    entries: tuple[Entry, ...]

    @property
    def layer(self) -> str:
        """How reports name it."""
        if self.table.layer == "iptables":
            return f"host iptables {self.chain.name} ({self.table.name})"
        assert self.chain.hook is not None
        return f"host nftables {self.chain.hook.value} (priority {self.chain.priority})"

    @property
    def order(self) -> tuple[int, int, int, int]:
        """Its place among all base chains of all hosts."""
        return order(self.chain)


def order(chain: Chain) -> tuple[int, int, int, int]:
    """Sorts base chains into the order in which packets meet them."""
    assert chain.hook is not None
    own = _TRANSLATION.get(chain.hook, chain.priority) if chain.nat else chain.priority
    return list(Hook).index(chain.hook), own, int(chain.nat), chain.priority


@dataclass(frozen=True, slots=True)
class _Trail:
    """The base chains met so far, by first packets or by replies."""

    met: list[Met]
    reply: bool


class Flow:
    """All tables of one host, in the order in which they were made."""

    def __init__(self, tables: Iterable[Table], site: Site) -> None:
        self._site = site
        self.problems: list[Problem] = []
        self.translations: list[Box] = []
        """What was sent to the host itself and goes to others, as it is after translation."""
        self._along: dict[tuple[Way, bool], list[Met]] = {}
        self._chains: dict[Hook, list[tuple[Table, Chain]]] = {hook: [] for hook in Hook}
        for table in tables:
            for chain in table.chains.values():
                if chain.hook is not None:
                    self._chains[chain.hook].append((table, chain))
        for met in self._chains.values():
            met.reverse()
            met.sort(key=lambda each: order(each[1]))

    @property
    def hides_clients(self) -> bool:
        """Whether any chain may replace the source of packets on their way out."""
        chains = (chain for _, chain in self._chains[Hook.POSTROUTING])
        return any(isinstance(step, Translate) for chain in chains for rule in chain.rules for step in rule.steps)

    def along(self, way: Way, reply: bool = False) -> list[Met]:
        """The base chains on one way, with what they do to first packets, or to replies, that set out on it.

        Of a translated connection the replies are not followed: they are taken for those of one that is not.
        """
        key = way, reply
        if key not in self._along:
            found = self._along[key] = []
            boxes = [self._start(way, reply)]
            self._go(way, boxes, _Trail(found, reply))
        return self._along[key]

    def _go(self, way: Way, boxes: list[Box], trail: _Trail) -> None:
        if way is Way.SERVICES:
            self._hook(way, Hook.PREROUTING, boxes, trail)
        elif way.from_host:
            self._outwards(way, boxes, trail)
        else:
            self._inwards(way, boxes, trail)

    def _start(self, way: Way, reply: bool) -> Box:
        own = self._site.addresses or ANYWHERE
        region = Region(own if way.from_host else ANYWHERE, own if way.to_host else ANYWHERE)
        connection = UNKNOWN if reply and self._marks_connections() else NO_MARK
        return Box(region, Seen(to_host=way.to_host, connection=connection))

    def _marks_connections(self) -> bool:
        """Whether any rule may set the mark of a connection."""
        chains = {id(table): table for met in self._chains.values() for table, _ in met}.values()
        rules = (rule for table in chains for chain in table.chains.values() for rule in chain.rules)
        return any(
            isinstance(step, Assign) and step.register is Register.CONNECTION_MARK
            for rule in rules
            for step in rule.steps
        )

    def _outwards(self, way: Way, boxes: list[Box], trail: _Trail) -> None:
        """Out of the host; what is for itself, or is by then, comes in again by ``lo``."""
        boxes = self._hook(way, Hook.OUTPUT, boxes, trail)
        boxes = list(self._hook(way, Hook.POSTROUTING, boxes, trail))
        again = list(_routed(boxes, to_host=True))
        again = self._hook(Way.SELF, Hook.PREROUTING, again, trail)
        self._hook(Way.SELF, Hook.INPUT, again, trail)

    def _inwards(self, way: Way, boxes: list[Box], trail: _Trail) -> None:
        """Into the host or through it, as the destination is once it may have been replaced."""
        boxes = self._hook(way, Hook.PREROUTING, boxes, trail)
        inwards, onwards = list(_routed(boxes, to_host=True)), list(_routed(boxes, to_host=False))
        if way is Way.IN and not trail.reply:
            self.translations = onwards
        self._hook(way, Hook.INPUT, inwards, trail)
        onwards = self._hook(way, Hook.FORWARD, onwards, trail)
        self._hook(way, Hook.POSTROUTING, onwards, trail)

    def _hook(self, way: Way, hook: Hook, boxes: list[Box], trail: _Trail) -> list[Box]:
        for table, chain in self._chains[hook]:
            if not boxes or (way is Way.SERVICES and order(chain) >= _TRANSLATED):
                break
            again = way is Way.SELF and hook in (Hook.PREROUTING, Hook.INPUT)
            if chain.nat and (trail.reply or again):
                continue  # the first packet alone is translated, once
            where = Where(way, hook, chain.priority, self._site, trail.reply)
            walk = Walk(table, where, _Complaint(self.problems, table, chain))
            boxes = walk.base(chain, boxes)
            trail.met.append(Met(table, chain, tuple(walk.entries)))
        return boxes


@dataclass(frozen=True, slots=True)
class _Complaint:
    problems: list[Problem]
    table: Table
    chain: Chain

    def __call__(self, message: str, rule: Rule) -> None:
        """Note a problem, once."""
        title = f"table {self.table.name}, chain {self.chain.name}"
        problem = Problem(message, self.table.origin, rule.field, title, Severity.NOTICE)
        if problem not in self.problems:
            self.problems.append(problem)


def _routed(boxes: Iterable[Box], to_host: bool) -> Iterator[Box]:
    """The packets that surely or possibly go to the host, or on to others."""
    for box in boxes:
        if box.seen.to_host is to_host:
            yield box
        elif box.seen.to_host is None:
            doubted = box.if_("for the host itself" if to_host else "for another than the host")
            yield replace(doubted, seen=replace(box.seen, to_host=to_host))
