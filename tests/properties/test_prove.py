"""Statements agree with the naive reference, asked pair by pair, pod by pod, family by family."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import crenel
from crenel import intents
from crenel.intents import Intents
from crenel.provenance import Origin
from crenel.questions.proving.result import Result, State
from crenel.questions.remedies.proposal import text_of
from properties.expected import Expected
from properties.points import Point, addresses_of, ports_of
from properties.strategies import Scenario, scenarios

pytestmark = pytest.mark.slow

seeds = st.integers(0, 2**32)
PROTOCOLS = ("TCP", "UDP", "SCTP")
STATES = (State.HOLDS, State.VIOLATED, State.UNKNOWN)


def declared(*statements: object) -> Intents:
    """Statements as a file would declare them."""
    found = intents.read([({"schema": intents.SCHEMA, "intents": list(statements)}, Origin("crenel.yaml"))])
    assert not found.problems
    return found


def whole(scenario: Scenario) -> list[str]:
    """The ends that stand for all of their pods: bare pods, workloads and nodes."""
    endpoints = scenario.population.endpoints
    several = {pod for name, pods in endpoints.items() if "/pod/" not in name for pod in pods}
    return [name for name, pods in endpoints.items() if "/pod/" not in name or pods[0] not in several]


class Asked:
    """A choice of ends and a port, with what the reference says of each pair."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        chance = random.Random(seed)
        self.expected = Expected(scenario)
        ends, outside = whole(scenario), addresses_of(scenario)
        self.sources = chance.sample(ends, min(len(ends), chance.randint(1, 3)))
        self.sources += chance.sample(outside, chance.randint(0, 1))
        self.targets = chance.sample(ends, min(len(ends), chance.randint(1, 3)))
        self.protocol, self.port = chance.choice(PROTOCOLS), chance.choice(ports_of(scenario))
        self.targets = [each for each in self.targets if all(self._meets(one, each) for one in self.sources)]

    def _meets(self, source: str, target: str) -> bool:
        """Whether two ends share a family, or are one and the same pod."""
        return source == target or any(self.expected.meanings(self._point(source, target)))

    def _point(self, source: str, target: str) -> Point:
        return Point(source, target, self.protocol, self.port)

    def answers(self) -> list[str]:
        """What the reference says of all pairs, without what a pod sends to itself."""
        pairs = [(one, other) for one in self.sources for other in self.targets]
        return [
            answer
            for one, other in pairs
            if not self._itself(one, other)
            for answer in self.expected.answers(self._point(one, other))
        ]

    def _itself(self, one: str, other: str) -> bool:
        members = self.expected.scenario.population.endpoints
        if one != other:
            return members.get(one, [one]) == members.get(other, [other])
        pods = members.get(one, [one])
        return len(pods) == 1 or self.expected.cluster.pods[pods[0]].host_network

    def ends(self) -> dict[str, list[str]]:
        """Both ends as a statement writes them."""
        ports = [f"[{each}]" if ":" in each else each for each in self.targets]
        return {"from": self.sources, "to": [f"{each}:{self.port}/{self.protocol}" for each in ports]}


def judged(net: crenel.Network, verb: str, asked: Asked) -> Result:
    """The result of one statement."""
    (result,) = net.prove(declared({verb: asked.ends()})).results
    return result


@settings(max_examples=settings().max_examples // 2)
@given(scenarios(), seeds)
def test_allow_and_deny(scenario: Scenario, seed: int) -> None:
    """They hold exactly when every pair is certainly as they say, and are violated when one certainly is not."""
    asked = Asked(scenario, seed)
    if not asked.targets or not (answers := set(asked.answers())):
        return
    net = crenel.load(scenario.objects)
    for verb, wanted, other in (("allow", "allowed", "denied"), ("deny", "denied", "allowed")):
        found = judged(net, verb, asked)
        assert (found.state is State.HOLDS) == (answers == {wanted}), (verb, answers, found)
        if found.state is State.VIOLATED:
            assert other in answers
        else:
            assert found.state in STATES


@settings(max_examples=settings().max_examples // 2)
@given(scenarios(certain=True), seeds)
def test_nobody_else(scenario: Scenario, seed: int) -> None:
    """Where only some may reach a target, no other end and no address outside does, or one of them is named."""
    asked = Asked(scenario, seed)
    if not asked.targets:
        return
    net = crenel.load(scenario.objects)
    found = judged(net, "only", asked)
    if found.state is State.HOLDS:
        named = {pod for one in asked.sources for pod in scenario.population.endpoints.get(one, [one])}
        for source in [*whole(scenario), *addresses_of(scenario)]:
            others = [pod for pod in scenario.population.endpoints.get(source, [source]) if pod not in named]
            asked.sources = [source]
            for target in asked.targets if others else ():
                if reaches(asked, source, target):
                    pytest.fail(f"{source} reaches {target} as well")
    else:
        assert found.counterexample is not None
        against = found.counterexample
        verdict = net.can(against.source, against.target, against.traffic)
        assert verdict.outcome.value != "denied", against


def reaches(asked: Asked, source: str, target: str) -> bool:
    """Whether an end that is not near a target certainly reaches it; a borrowed address is not an end of its own."""
    expected = asked.expected
    if asked._itself(source, target) or expected.borrowed(source):
        return False
    point = Point(source, target, asked.protocol, asked.port)
    return any(
        expected.verdict(one, other, point, family) == "allowed" and not expected.local(one, other)
        for one, other, family in expected.meanings(point)
    )


@settings(max_examples=settings().max_examples // 2)
@given(scenarios(), seeds)
def test_what_mends_a_statement_mends_it(scenario: Scenario, seed: int) -> None:
    """The change that is proposed makes the statement hold when the changed policies are read again."""
    asked = Asked(scenario, seed)
    if not asked.targets:
        return
    net = crenel.load(scenario.objects)
    for verb in ("allow", "deny", "only"):
        found = judged(net, verb, asked)
        if found.mending is None or not found.mending.whole:
            continue
        edits = {edit.policy.title: edit.policy for edit in found.mending.remedy.edits}
        again = crenel.load([*scenario.population.objects, *replaced(scenario, edits)])
        assert judged(again, verb, asked).state is State.HOLDS


def replaced(scenario: Scenario, edits: Mapping[str, object]) -> list[dict[str, object]]:
    """The policies with some of them exchanged and others added."""
    written = [yaml.safe_load(text_of(each)) for each in edits.values()]
    names = {key(each) for each in written}
    return [*(each for each in scenario.policies if key(each) not in names), *written]


def key(policy: dict[str, object]) -> tuple[object, ...]:
    """What tells one policy from another."""
    metadata = policy["metadata"]
    assert isinstance(metadata, dict)
    return policy["kind"], metadata.get("namespace"), metadata["name"]
