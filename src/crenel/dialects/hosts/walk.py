"""What becomes of packets in one base chain: its rules, and those of the chains that it jumps to, as one list.

The list is ordered and its first match decides, as the chain does. Jumps are inlined, with the packets that reach them
as the context of what is inlined. What a rule sends back (``return``, ``goto``) is taken out of the context of what
follows. What a rule decides is not: it stands before that in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from crenel.dialects.hosts.boxes import LIMIT, Box, Seen, without
from crenel.dialects.hosts.matching import Where, restricted
from crenel.dialects.hosts.regions import ANYWHERE, Region
from crenel.dialects.hosts.ruleset import (
    Assign,
    Chain,
    Deny,
    Dispatch,
    Jump,
    Perhaps,
    Return,
    Rule,
    Side,
    Table,
    Translate,
    Untrack,
    Verdict,
)
from crenel.dialects.hosts.words import Formula, Register, Word
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.rules import Action
from crenel.network.traffic import LAST_PORT

VISITS = 200_000
"""How many rules are looked at for one base chain, those of a chain anew for each jump to it."""
DEPTH = 32
"""How deep jumps are followed; the kernel allows 16 (NFT_JUMP_STACK_SIZE)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list: what becomes of some packets, if all of `doubts` holds."""

    region: Region
    action: Action
    rule: Rule
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class Walk:
    """The walk through one base chain. `complain` is told what is wrong with the rules."""

    table: Table
    where: Where
    complain: Callable[[str, Rule], None]
    entries: list[Entry] = field(default_factory=list)
    exits: list[Box] = field(default_factory=list)
    """What has left the chain changed."""
    overflow: bool = False
    _exact: bool = False
    """Whether the base chain changes packets, so that it matters exactly which of them leave it where."""
    _visits: int = 0
    _active: list[str] = field(default_factory=list)
    _changing: dict[str, bool] = field(default_factory=dict)

    def base(self, chain: Chain, boxes: list[Box]) -> list[Box]:
        """Take packets through the base chain. Returns those that go on to the next one, and what they are then."""
        mine, others = self._taken(chain, boxes)
        self._exact = self._changes(chain.name)
        left = self._chain(chain, mine)
        for box in mine if left else ():  # the policy is for what came back as well, so for all but what is decided
            list(self._decided(Rule((), f"policy of chain {chain.name}", chain.field), chain.policy, [box]))
        if self.overflow:
            whole = Rule((), f"chain {chain.name}", chain.field)
            self.entries = [Entry(box.region, Action.MAY_DECIDE, whole) for box in mine]
            return boxes
        return [*others, *_settled(mine, [*self.exits, *left])] if self._exact else boxes

    def _taken(self, chain: Chain, boxes: list[Box]) -> tuple[list[Box], list[Box]]:
        """The packets that the chain is entered by, and those that pass it by."""
        mine: list[Box] = []
        others: list[Box] = []
        for box in boxes:
            if chain.nat and (box.seen.untracked or _is_translated(box.seen, self.where)):
                others.append(box)
                continue
            inside = restricted(box, self.table.families)
            if inside.region:
                mine.append(inside)
            foreign = restricted(box, tuple(each for each in FAMILIES if each not in self.table.families))
            if inside is not box and foreign.region:
                others.append(foreign)
        return mine, others

    def _chain(self, chain: Chain, boxes: list[Box]) -> list[Box]:
        """Take packets through a chain. Returns those that come out at its end or by a return."""
        out: list[Box] = []
        current = boxes
        before = len(self.exits)
        self._active.append(chain.name)
        for rule in chain.rules:
            if not current or self.overflow:
                break
            current = [box for each in current for box in self._rule(rule, each, out)]
            self._visits += len(current) + 1
            if len(current) > LIMIT or self._visits > VISITS:
                self._give_up(rule)
        self._active.pop()
        came = out + current
        return _settled(boxes, came, self.exits[before:]) if self._exact else came

    def _rule(self, rule: Rule, box: Box, out: list[Box]) -> list[Box]:
        """Apply one rule to one box. Returns what goes on to the next rule; what goes back is added to `out`."""
        matched = [box]
        changed = False
        for step in rule.steps:
            if changed and not isinstance(step, Verdict | Assign | Untrack):
                return self._too_many(rule, box)
            if isinstance(step, Dispatch):
                return self._dispatch(rule, step, box, matched, out)
            if isinstance(step, Verdict):
                return self._verdict(rule, step, box, matched, out)
            if isinstance(step, Assign | Untrack):
                if isinstance(step, Untrack) and any(each.doubts != box.doubts for each in matched):
                    return self._too_many(rule, box)
                matched = [part for each in matched for part in self._assign(each, step, each.doubts == box.doubts)]
            else:
                matched = [part for each in matched for part in self.where.meet(each, (step,))]
            if not matched:
                return self._too_many(rule, box) if changed else [box]
            changed = changed or isinstance(step, Assign | Untrack)
        return self._amended(rule, box, matched) if changed else [box]

    def _assign(self, box: Box, step: Assign | Untrack, sure: bool) -> Iterator[Box]:
        """A box after a change. Where there is no connection nft ends a rule that reads its mark, and none is set."""
        if isinstance(step, Assign) and not self.where.has_connection(box.seen):
            reads = step.formula is not None and any(each is Register.CONNECTION_MARK for each, _ in step.formula.parts)
            if reads or step.register is Register.CONNECTION_MARK:
                if not (reads and self.table.layer == "nftables"):
                    yield box
                return
        yield _assigned(box, step, self.where, sure)

    def _amended(self, rule: Rule, box: Box, matched: list[Box]) -> list[Box]:
        """A box of which some parts were changed. Those under a doubt have lost what the change may have touched."""
        plain = [replace(part, doubts=box.doubts) for part in matched]
        rest = without(box, plain, "")
        return self._too_many(rule, box) if rest is None else [*rest, *plain]

    def _too_many(self, rule: Rule, box: Box) -> list[Box]:
        self._give_up(rule)
        return [box]

    def _give_up(self, rule: Rule) -> None:
        if not self.overflow:
            self.complain("the rules from here on are too many, or too entangled, to be followed", rule)
        self.overflow = True

    def _dispatch(self, rule: Rule, step: Dispatch, box: Box, matched: list[Box], out: list[Box]) -> list[Box]:
        current = [box]
        for conditions, verdict in step.cases:
            parts = [part for each in matched for part in self.where.meet(each, conditions)]
            if parts:
                current = [each for one in current for each in self._case(rule, verdict, one, parts, out)]
        return current

    def _case(self, rule: Rule, verdict: Verdict, box: Box, parts: list[Box], out: list[Box]) -> list[Box]:
        inside = [replace(each, region=each.region & box.region) for each in parts]
        inside = [each for each in inside if each.region]
        return self._verdict(rule, verdict, box, inside, out) if inside else [box]

    def _verdict(self, rule: Rule, verdict: Verdict, box: Box, matched: list[Box], out: list[Box]) -> list[Box]:
        match verdict:
            case Return():
                out += matched
                return self._rest(rule, box, matched)
            case Jump():
                return self._jump(rule, verdict, box, matched, out)
            case _:
                final = list(self._decided(rule, verdict, matched))
                if self._exact and not isinstance(verdict, Deny):
                    self.exits += final
                    return self._rest(rule, box, matched)
                whole = any(part.region == box.region and part.doubts == box.doubts for part in matched)
                return [] if whole else [box]

    def _rest(self, rule: Rule, box: Box, matched: list[Box]) -> list[Box]:
        rest = without(box, matched, f"not matched by {rule.name}")
        return self._too_many(rule, box) if rest is None else rest

    def _decided(self, rule: Rule, verdict: Verdict, matched: list[Box]) -> Iterator[Box]:
        """Write down what a verdict does with packets, and yield them as they leave the chain."""
        for box in matched:
            if isinstance(verdict, Deny | Perhaps):
                doubts = (*box.doubts, verdict.what) if isinstance(verdict, Perhaps) else box.doubts
                self.entries.append(Entry(box.region, Action.DENY, rule, doubts))
            if isinstance(verdict, Deny):
                continue
            self.entries.append(Entry(box.region, Action.NEXT, rule, box.doubts))
            yield from _translated(box, verdict, self.where) if isinstance(verdict, Translate) else (box,)

    def _jump(self, rule: Rule, verdict: Jump, box: Box, matched: list[Box], out: list[Box]) -> list[Box]:
        target = self.table.chains.get(verdict.chain)
        if target is None or target.name in self._active or len(self._active) > DEPTH:
            wrong = "is not in the input" if target is None else "leads back to itself, or too deep"
            self.complain(f"chain {verdict.chain} {wrong}", rule)
            return self._verdict(rule, Perhaps(f"denied by chain {verdict.chain}"), box, matched, out)
        before = len(self.exits)
        came = self._chain(target, matched)
        if not verdict.returns:
            out += came
            return self._rest(rule, box, matched)
        if self._exact:
            return self._back(rule, box, matched, came, len(self.exits) > before)
        whole = any(part.region == box.region and part.doubts == box.doubts for part in matched)
        return [] if whole and not came else [box]

    def _back(self, rule: Rule, box: Box, matched: list[Box], came: list[Box], some_left: bool) -> list[Box]:
        """A box of which parts went through another chain and `came` back, unless `some_left` for good.

        Of parts that went there only possibly the marks are blurred, if all of them came back; if some may have left
        there is a doubt about the rest.
        """
        sure = [part for part in matched if part.doubts == box.doubts]
        if some_left or len(sure) == len(matched):
            return [*self._rest(rule, box, matched), *came]
        rest = without(box, sure, "")
        if rest is None:
            return self._too_many(rule, box)
        back = [each for each in came if any(each.region & part.region for part in sure)]
        return [*(_blurred(each, came) for each in rest), *back]

    def _changes(self, name: str) -> bool:
        """Whether a chain, or one that it jumps to, changes packets."""
        if name not in self._changing:
            self._changing[name] = False
            chain = self.table.chains.get(name)
            self._changing[name] = chain is not None and any(map(self._alters, chain.rules))
        return self._changing[name]

    def _alters(self, rule: Rule) -> bool:
        verdicts = [case[1] for step in rule.steps if isinstance(step, Dispatch) for case in step.cases]
        steps = [*rule.steps, *verdicts]
        return any(
            isinstance(step, Assign | Untrack | Translate) or (isinstance(step, Jump) and self._changes(step.chain))
            for step in steps
        )


def _settled(before: list[Box], after: list[Box], gone: Sequence[Box] = ()) -> list[Box]:
    """What packets are after a chain, in few pieces: those that it changed, and all others as they were before.

    Those that are `gone` have left for good. What was denied is among the others; its denials stand before whatever
    decides about them later.
    """
    if any(one.region & other.region for one, other in combinations(before, 2)):
        return after
    found: list[Box] = []
    for box in before:
        changed = [each for each in after if each.seen != box.seen and each.region & box.region]
        left = [each for each in gone if each.region & box.region]
        rest = without(box, [*changed, *left], "not changed on its way")
        if rest is None:
            return after
        found += [*rest, *changed]
    return found


def _is_translated(seen: Seen, where: Where) -> bool:
    """Whether the end that translating chains of a hook replace was replaced already."""
    if where.hook.value in ("prerouting", "output"):
        return seen.destination is not None or seen.ports is not None
    return seen.source is not None


def _assigned(box: Box, step: Assign | Untrack, where: Where, sure: bool) -> Box:
    seen = box.seen
    if isinstance(step, Untrack):
        return replace(box, seen=replace(seen, untracked=True))
    old = where.word(seen, step.register)
    if step.formula is None:
        new = old.blurred(step.bits)
    elif sure:
        new = _computed(step.formula, seen, where)
    else:
        new = old.blurred(0xFFFF_FFFF)
    if step.register is Register.MARK:
        return replace(box, seen=replace(seen, mark=new))
    return replace(box, seen=replace(seen, connection=new))


def _computed(formula: Formula, seen: Seen, where: Where) -> Word:
    word = Word(formula.number)
    for register, kept in formula.parts:
        word ^= where.word(seen, register).masked(kept)
    return word


def _blurred(box: Box, others: list[Box]) -> Box:
    """A box that may have become what any of some others is: of its marks only what all agree on stays known."""
    mark, connection = box.seen.mark, box.seen.connection
    for other in others:
        mark = mark.blurred(_difference(mark, other.seen.mark))
        connection = connection.blurred(_difference(connection, other.seen.connection))
    return replace(box, seen=replace(box.seen, mark=mark, connection=connection))


def _difference(left: Word, right: Word) -> int:
    return (left.value ^ right.value) | ~right.known & 0xFFFF_FFFF


def _translated(box: Box, verdict: Translate, where: Where) -> Iterator[Box]:
    """What packets are after translation."""
    if not verdict.plain:
        unknown = replace(box.seen, source=ANYWHERE)
        if verdict.side is Side.DESTINATION:
            unknown = replace(box.seen, destination=ANYWHERE, ports=(0, LAST_PORT), to_host=None)
        yield replace(box, seen=unknown)
        return
    own = where.site.addresses or ANYWHERE
    addresses = own if verdict.local else verdict.addresses
    if addresses is not None and not verdict.local:
        box = restricted(box, addresses.families())
    if verdict.side is Side.SOURCE:
        seen = replace(box.seen, source=addresses if addresses is not None else box.seen.source)
    else:
        seen = replace(box.seen, destination=addresses or box.seen.destination, ports=verdict.ports or box.seen.ports)
        if verdict.local:
            seen = replace(seen, to_host=True)
        elif addresses is not None:
            seen = replace(seen, to_host=_is_own(addresses, where))
    if box.region:
        yield replace(box, seen=seen)


def _is_own(addresses: AddressSet, where: Where) -> bool | None:
    """Whether addresses are the host's: None where that is not known, or some are."""
    own = where.site.addresses
    if own is None:
        return None
    if addresses <= own:
        return True
    return None if addresses & own else False
