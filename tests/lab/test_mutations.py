"""The lab finds every mistake in compiled rules: each mutant of a catalogue is loaded, probed and judged.

What has to be found is decided by the naive interpreter of rulesets. Ordinary runs take a part of the catalogue, always
the same; with HYPOTHESIS_PROFILE=soak it is the whole of it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from crenel.enforce.ruleset import Ruleset
from crenel.lab.probing.observations import Fate
from crenel.lab.probing.verdict import Result
from crenel.network.addresses import AddressSet
from enforce.interpreter import ACCEPTED
from kernel.needs import needs_namespaces
from lab.bench import Bench, Setting
from lab.census import Census, Journey, difference, passes
from lab.cluster import MANIFESTS
from lab.grid import edges, grid, hosts
from lab.mutations import Mutant, mutants

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
MOST = 10**6 if SOAK else 24
"""How many mutants are looked at, about, beside the first of each kind."""


@pytest.fixture(scope="module")
def setting() -> Setting:
    """The cluster, planned."""
    return Setting.of(MANIFESTS)


@pytest.fixture(scope="module")
def census(setting: Setting) -> Census:
    """The probes of the agenda."""
    return setting.census(setting.agenda.probes)


@pytest.fixture(scope="module")
def catalogue(setting: Setting) -> list[tuple[str, Mutant]]:
    """Every mutant of every node."""
    strangers = setting.addresses()
    return [(node, each) for node, ruleset in setting.rulesets.items() for each in mutants(ruleset, strangers)]


def test_the_catalogue_is_rich(catalogue: list[tuple[str, Mutant]], setting: Setting) -> None:
    """There are thousands of mutants of dozens of kinds, and every one of them is another ruleset."""
    assert len(catalogue) > 2000
    assert len({mutant.kind for _, mutant in catalogue}) > 30
    for node, mutant in catalogue:
        assert any(difference(setting.rulesets[node], mutant.ruleset)), mutant.what


def test_the_model_decides_every_probe(setting: Setting, census: Census) -> None:
    """The cluster leaves nothing undecided, and the interpreted rules say of each probe what the model does."""
    assert (setting.agenda.undecided, setting.agenda.thinned) == (0, False)
    for number, probe in enumerate(setting.agenda.probes):
        assert census.passes(number) is probe.candidates[0].expected.allowed


@needs_namespaces
@pytest.mark.slow
def test_the_lab_finds_every_change(setting: Setting, census: Census, catalogue: list[tuple[str, Mutant]]) -> None:
    """A mutant that changes the fate of a packet makes a disagreement; each probe ends as the interpreter says."""
    fine = Fine(setting)
    tally: Counter[str] = Counter()
    wrong: list[str] = []
    with Bench(setting) as bench:
        found, widened = bench.run()
        assert found.disagreements == []
        assert widened is None, "rules that are right have no edges of their own"
        assert surprises(census, {}, found.results) == []
        for node, mutant in sampled(catalogue):
            found, widened = bench.run(node, mutant.ruleset)
            asked = widened or census
            changed = asked.changed(node, mutant.ruleset)
            change = kind_of_change(asked, changed, found.results)
            if change != "another verdict, found" and (met := fine.met(node, mutant.ruleset)):
                change = f"wrong: no probe meets {met}"
            tally[change] += 1
            wrong += (
                f"{node} {mutant.kind} {mutant.what}: {each}" for each in surprises(asked, changed, found.results)[:3]
            )
            wrong += [f"{node} {mutant.kind} {mutant.what}: {change}"] if change.startswith("wrong") else []
        assert bench.run()[0].disagreements == []
    print(dict(tally))
    assert wrong == []


def kind_of_change(census: Census, changed: dict[int, str], results: Sequence[Result]) -> str:
    """Hold a report against the changes: which kind of change it found, or what is wrong with it."""
    found = {number for number, each in enumerate(results) if each.why}
    fates = set(census.fates(changed))
    if not fates <= found:
        return "wrong: another verdict was not found"
    if any(results[number].model is not (results[number].kernel is Fate.ARRIVED) for number in found - fates):
        return "wrong: a verdict is said to be another and is not"
    if fates:
        return "another verdict, found"
    if found:
        return "another denial, found" if changed else "wrong: a denial is said to be another and is not"
    return "another denial" if changed else "no change"


def surprises(census: Census, changed: dict[int, str], results: Sequence[Result]) -> list[str]:
    """Probes that the kernel treated otherwise than the interpreter."""
    return [
        f"{census.journeys[number]}: {each.kernel}, not {after or 'accepted'}"
        for number, each in enumerate(results)
        if ((after := changed.get(number, census.outcomes[number])) == ACCEPTED) != (each.kernel is Fate.ARRIVED)
        or each.kernel is Fate.LOST
    ]


def sampled(catalogue: Sequence[tuple[str, Mutant]]) -> list[tuple[str, Mutant]]:
    """Every k-th mutant by kind, and one of each kind at least."""
    ordered = sorted(catalogue, key=lambda each: each[1].kind)
    step = max(1, len(ordered) // MOST)
    kinds: set[str] = set()
    chosen = []
    for number, each in enumerate(ordered):
        if number % step == 0 or each[1].kind not in kinds:
            chosen.append(each)
            kinds.add(each[1].kind)
    return chosen


class Fine:
    """Packets on both sides of every boundary, whether or not somebody in the twin could send them."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._inside = cluster_ranges(setting)
        self._edges = edges(setting.rulesets.values(), self._inside)
        self._census = self._of(grid(setting.stage.parties, hosts(self._edges.addresses), self._edges.ports))

    def _of(self, journeys: Iterator[Journey]) -> Census:
        return Census(self._setting.rulesets, journeys)

    def met(self, node: str, mutant: Ruleset) -> Journey | None:
        """A packet whose fate a mutant changes, be it at a boundary that only the mutant has; None for none."""
        known = self._census.fates(self._census.changed(node, mutant))
        if known:
            return self._census.journeys[known[0]]
        before, after = self._setting.rulesets, {**self._setting.rulesets, node: mutant}
        return next((each for each in self._more(mutant) if passes(before, each) is not passes(after, each)), None)

    def _more(self, mutant: Ruleset) -> Iterator[Journey]:
        parties, known, new = self._setting.stage.parties, self._edges, edges([mutant], self._inside)
        if addresses := new.addresses - known.addresses:
            yield from grid(parties, hosts(addresses), known.ports | new.ports, hosts_alone=True)
        if ports := new.ports - known.ports:
            yield from grid(parties, hosts(known.addresses), ports)


def cluster_ranges(setting: Setting) -> AddressSet:
    """What belongs to the cluster."""
    placement = setting.stage.placement
    own = [text for pod in placement.pods for text in pod.addresses]
    own += [text for node in placement.nodes for text in (*node.addresses, *node.further)]
    return setting.network.blueprint.inside | AddressSet.of(*own)
