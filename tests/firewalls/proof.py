"""The kernel proof: packets between all ends of an infrastructure, and what the model foretells of each.

A probe that the model lets through has to be answered. One whose request it denies has to be logged and dropped on the
way there, by a tier that the model names; one whose reply it denies on the way back, which only who got the request can
have sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from crenel.enforce.ruleset import Denial, Ruleset
from crenel.lab.probing.observations import Fate, Observation
from crenel.lab.probing.probes import Probe
from crenel.lab.wire.router import Router
from crenel.network.firewalls import Infrastructure
from crenel.network.wire import wire
from firewalls.foretelling import ANSWERED, REFUSED, UNANSWERED, Expected, Foretelling, number


@dataclass(slots=True)
class Report:
    """The probes that were compared, by what became of them; those on which the two differ, a line each."""

    partial: int
    undecided: int
    compared: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Proof:
    """Everything that one router is asked. It may be asked again after its rules have changed."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.foretelling = Foretelling(router.wire, router.ends)
        self._stages = {
            (stage.direction, policy.title): stage.name
            for network in (router.wire.forth, router.wire.back)
            for stage in network.blueprint.stages
            for rank in stage.ranks
            for policy in rank
        }

    def run(self) -> Report:
        """Send everything, and compare.

        What goes the one way between two ends and what goes the other way do not meet: where ports are chosen, one
        could be taken for the answer to the other.
        """
        report = Report(self.foretelling.partial, self.foretelling.undecided)
        for upwards in (True, False):
            some = [(probe, expected) for probe, expected in self.foretelling.probes if _goes_up(probe) is upwards]
            seen = self.router.probe([probe for probe, _ in some])
            for (probe, expected), observed in zip(some, seen, strict=True):
                report.compared[expected.fate] += 1
                if why := self._differs(probe, expected, observed):
                    report.wrong.append(f"{_words(probe)}: {why}")
        return report

    def run_with(self, rulesets: Iterable[Ruleset]) -> Report:
        """The same with other rules in the place of some of those of the router, which it has again afterwards."""
        self.router.load(rulesets)
        try:
            return self.run()
        finally:
            self.router.load(self.router.rulesets.values())

    def _differs(self, probe: Probe, expected: Expected, seen: Observation) -> str:
        """How kernel and model differ; empty where they agree."""
        became = _became(probe, seen)
        if became != expected.fate:
            return f"it is {became}, the model says {expected.fate} {seen.log}"
        if expected.fate == ANSWERED:
            return ""
        denial = self.router.denials.get(seen.log)
        return f"dropped under {seen.log!r}" if denial is None else self._misattributed(denial, expected)

    def _misattributed(self, denial: Denial, expected: Expected) -> str:
        if denial.direction is None:
            return "dropped because its source is not the interface's own"
        named = {(denial.direction, self._stages[denial.direction, title]) for title in denial.policies}
        return "" if named & expected.droppers else f"dropped by {named}, the model names {set(expected.droppers)}"


def _became(probe: Probe, seen: Observation) -> str:
    if seen.fate is Fate.ARRIVED:
        return ANSWERED
    if seen.fate is Fate.DROPPED and seen.target is not None:
        return REFUSED if seen.target[0] == number(probe.address) else UNANSWERED
    return "lost"


def _goes_up(probe: Probe) -> bool:
    return number(probe.source.address) < number(probe.address)


def _words(probe: Probe) -> str:
    sender = f"{probe.source.title} ({probe.source.address}, port {probe.sport or 'any'})"
    return f"{sender} to {probe.destination} ({probe.address}), protocol {probe.protocol} port {probe.port}"


def prove(infrastructure: Infrastructure) -> Report:
    """Load an infrastructure into the kernel, send everything, and compare."""
    with Router(wire(infrastructure)) as router:
        return Proof(router).run()
