"""What happens to many packets, and to which of them something else happens when a ruleset changes.

Each packet's judgements are kept with the chains and sets that had a say in them, so that a changed ruleset is asked
again only about the packets that what is changed could matter to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address

from crenel.enforce.ruleset import Ruleset
from crenel.lab.probing.probes import Party
from enforce.interpreter import ACCEPTED, Packet, decide
from enforce.paths import Hop, path


@dataclass(frozen=True, slots=True)
class Journey:
    """One packet and the judgements on its way."""

    packet: Packet
    hops: tuple[Hop, ...]


def journey(source: Party, target: Party, protocol: int, port: int) -> Journey:
    """A packet between two ends."""
    packet = Packet(
        source.family, int(ip_address(source.address)), int(ip_address(target.address)), protocol, port
    )  # fmt: skip
    return Journey(packet, path(source, target))


def outcome(judgements: Iterable[str]) -> str:
    """What becomes of a packet: the first denial that it meets."""
    return next((each for each in judgements if each != ACCEPTED), ACCEPTED)


def judged(rulesets: Mapping[str, Ruleset], made: Journey, hop: Hop, touched: set[str] | None = None) -> str:
    """One judgement."""
    return decide(rulesets[hop.node], replace(made.packet, local=hop.local), hop.direction, touched)


def passes(rulesets: Mapping[str, Ruleset], made: Journey) -> bool:
    """Whether a packet arrives."""
    return outcome(judged(rulesets, made, hop) for hop in made.hops) == ACCEPTED


def difference(original: Ruleset, mutant: Ruleset) -> Iterator[str]:
    """The names of the chains and sets that are not the same, as the interpreter tells of them."""
    yield from (f"chain {name}" for name, each in original.chains.items() if each is not mutant.chains.get(name))
    yield from (f"set {name}" for name, each in original.sets.items() if each is not mutant.sets.get(name))


class Census:
    """Journeys under rulesets."""

    def __init__(self, rulesets: Mapping[str, Ruleset], journeys: Iterable[Journey]) -> None:
        self.rulesets = rulesets
        self.journeys = list(journeys)
        self.outcomes: list[str] = []
        self._judgements: list[list[str]] = []
        self._concerned: dict[tuple[str, str], set[int]] = defaultdict(set)
        for number, made in enumerate(self.journeys):
            judgements = []
            for hop in made.hops:
                touched: set[str] = set()
                judgements.append(judged(rulesets, made, hop, touched))
                for name in touched:
                    self._concerned[hop.node, name].add(number)
            self._judgements.append(judgements)
            self.outcomes.append(outcome(judgements))

    def changed(self, node: str, mutant: Ruleset) -> dict[int, str]:
        """The journeys that end otherwise when a node has another ruleset: their numbers, with how they end then."""
        concerned: set[int] = set()
        for name in difference(self.rulesets[node], mutant):
            concerned |= self._concerned.get((node, name), set())
        found = {}
        for number in sorted(concerned):
            made = self.journeys[number]
            rulesets = {**self.rulesets, node: mutant}
            after = outcome(
                judged(rulesets, made, hop) if hop.node == node else before
                for hop, before in zip(made.hops, self._judgements[number], strict=True)
            )
            if after != self.outcomes[number]:
                found[number] = after
        return found

    def fates(self, changed: Mapping[int, str]) -> list[int]:
        """Those of some changed journeys that pass now and did not before, or the other way round."""
        return [number for number, after in changed.items() if (after == ACCEPTED) != (self.passes(number))]

    def passes(self, number: int) -> bool:
        """Whether a packet arrives under the original rulesets."""
        return self.outcomes[number] == ACCEPTED
