"""Ports of machines that the internet gets to, by the rule that opens them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from crenel.audit.finding import Check, Finding, Persona, Severity, Witness
from crenel.audit.machines import Blamed, Machine
from crenel.audit.subject import Subject
from crenel.bits import members
from crenel.network.addresses import INTERNET, Family
from crenel.network.firewalls import UNKNOWN
from crenel.network.traffic import PORTED, Match, TrafficTable, protocol_name


class State(enum.IntEnum):
    """How far the internet gets, where firewalls surely let it through."""

    OPEN = 0
    """A route leads there."""
    UNTOLD = 1
    """Whether a route leads there is not known."""
    UNROUTED = 2
    """No route leads there."""


@dataclass(eq=False)
class Opening:
    """What one rule opens to the internet: `ports` of `machines`, alike in `state`."""

    blamed: Blamed
    state: State
    family: Family
    source: str
    machines: list[Machine] = field(default_factory=list)
    traffic: int = 0
    ports: tuple[Match, ...] = ()

    @property
    def words(self) -> str:
        """The machines in words."""
        return names(self.machines)


def names(machines: Sequence[Machine]) -> str:
    """Machines for people: ``node-1 and 2 more``."""
    more = len(machines) - 1
    return f"{machines[0].name}{f' and {more} more' if more else ''}"


def openings(
    subject: Subject, ports: Sequence[Match], chosen: Callable[[Machine], bool] = lambda _: True
) -> Iterator[Opening]:
    """What the internet gets to of some ports of the chosen machines, by the rules that open it.

    A rule for a few addresses opens nothing to the internet: at least half of it has to get through.
    """
    machines = subject.machines
    if not machines:
        return
    wanted = machines.mask(ports)
    found = Openings(subject)
    for machine in machines.all:
        for family in machine.families if chosen(machine) else ():
            for source, traffic in let_in(subject, machine, family, wanted):
                found.add(machine, family, source, traffic)
    yield from found.all(ports)


class Openings:
    """Openings in the making: one for each rule and state."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._found: dict[object, Opening] = {}

    def add(self, machine: Machine, family: Family, source: int, traffic: int) -> None:
        """Add what firewalls surely let in from a block of the internet."""
        machines = self._subject.machines
        state = _state(self._subject, machine, source, traffic)
        blamed = machines.blamed(source, machine.index, traffic, machine)
        opening = self._found.setdefault(
            (blamed.key, state), Opening(blamed, state, family, machines.text(source))
        )  # fmt: skip
        if machine not in opening.machines:
            opening.machines.append(machine)
        opening.traffic |= traffic

    def all(self, ports: Sequence[Match]) -> list[Opening]:
        """All of them, the widest open first, with the part of some ports that each opens."""
        table = self._subject.machines.network.table
        for opening in self._found.values():
            opening.ports = tuple(within(table, opening.traffic, ports))
        return sorted(self._found.values(), key=lambda each: each.state)


def let_in(subject: Subject, machine: Machine, family: Family, wanted: int) -> Iterator[tuple[int, int]]:
    """What firewalls surely let in from the internet: (a block of it, traffic that every rule treats alike)."""
    machines = subject.machines
    for sure, _, traffic in machines.let.into(machine.index).parts:
        met = sure & machines.internet[family]
        if traffic & wanted and machines.is_wide(met, family):
            yield machines.largest(met), traffic & wanted


def _state(subject: Subject, machine: Machine, source: int, traffic: int) -> State:
    if machine.interface is None:  # nothing but its own firewall is in the input
        return State.UNTOLD if machine.addresses & INTERNET else State.UNROUTED
    reached = subject.machines.reach.into(machine.index)
    if reached.sure(traffic) >> source & 1:
        return State.OPEN
    return State.UNTOLD if reached.possible(traffic) >> source & 1 else State.UNROUTED


def within(table: TrafficTable, traffic: int, ports: Sequence[Match]) -> Iterator[Match]:
    """The part of some ports that some traffic holds."""
    for match in ports:
        slots = [table.slots[bit] for bit in members(table.mask(match) & traffic & table.everything)]
        if match.ports is None or match.protocol not in PORTED:
            yield from (match,) if slots else ()
            continue
        low, high = match.ports
        runs: list[list[int]] = []
        for slot in sorted(slots, key=lambda each: each.first):
            first, last = max(slot.first, low), min(slot.last, high)
            if runs and runs[-1][1] + 1 == first:
                runs[-1][1] = last
            else:
                runs.append([first, last])
        yield from (Match(match.protocol, (first, last)) for first, last in runs)


def port_words(ports: Sequence[Match]) -> str:
    """Ports for people: ``TCP/22,3389 UDP/53``."""
    by_protocol: dict[str, list[str]] = {}
    for match in ports:
        texts = by_protocol.setdefault(protocol_name(match.protocol or 0), [])
        if match.ports is not None:
            first, last = match.ports
            texts.append(str(first) if first == last else f"{first}-{last}")
    return " ".join(f"{name}/{','.join(texts)}" if texts else name for name, texts in by_protocol.items())


def reported(
    check: Check,
    opening: Opening,
    what: str,
    severity: Severity,
    *,
    fix: str,
    remark: str = "",
    evidence: Sequence[str] = (),
    persona: Persona | None = None,
) -> Finding:
    """A finding about an opening: as bad as `severity` where a route leads there, less where none does, or may."""
    machine, ports = opening.machines[0], port_words(opening.ports)
    fact = machine.routes.get(opening.family, UNKNOWN)
    says = {
        State.OPEN: "",
        State.UNTOLD: "; lowered: whether the internet is routed there is not known",
        State.UNROUTED: f"; lowered: the internet is not routed there ({fact.why})"
        if fact.why
        else "; lowered: the internet is not routed there",
    }[opening.state]
    lowest = Persona.PEDANTIC if opening.state is State.UNROUTED else Persona.DEFAULT
    wanted = persona or check.persona
    return check.found(
        opening.blamed.thing,
        f"{opening.blamed.words} lets the internet to {what} ({ports}) of {opening.words}{remark}{says}",
        field=opening.blamed.field,
        severity=[severity, severity.lowered(), Severity.LOW][opening.state],
        witness=Witness(opening.source, machine.name, port_words(_one(opening.ports)), _certainty(opening.state))
        if opening.state is not State.UNROUTED
        else None,
        evidence=[*evidence, *(f"guards {each.name}" for each in opening.machines[1:])],
        fix=fix,
        persona=max(wanted, lowest),
    )


def _one(ports: Sequence[Match]) -> list[Match]:
    first = ports[0]
    return [first if first.ports is None else Match(first.protocol, (first.ports[0], first.ports[0]))]


def _certainty(state: State) -> str:
    return "sure" if state is State.OPEN else "possible"
