"""Names do not change when what they name does not."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crenel.enforce.ruleset import (
    Addresses,
    AnySet,
    Hairpins,
    Interfaces,
    NamedPorts,
    Sources,
    VerdictMap,
)
from enforce.small import PEOPLE, compiled, staged
from properties.strategies import Scenario, scenarios
from questions.cluster import app, pod, policy, port


@given(scenarios())
def test_compiling_twice_gives_the_same(scenario: Scenario) -> None:
    """The same input makes equal rulesets, down to the order of whatever has one."""
    one, two = (staged(scenario.objects, replicas=2).rulesets() for _ in range(2))
    assert repr(one) == repr(two)


@given(scenarios(certain=True), st.randoms(use_true_random=False))
def test_the_order_of_policies_does_not_matter(scenario: Scenario, chance: Any) -> None:
    """Policies that are listed in another order make the same rulesets."""
    listed = list(scenario.policies)
    chance.shuffle(listed)
    other = scenario.with_policies(listed)
    assert staged(scenario.objects).rulesets() == staged(other.objects).rulesets()


def test_a_pod_more_changes_elements_alone() -> None:
    """One more pod that selectors match changes elements of sets and maps; chains, counters and all names stay."""
    before, after = compiled(*POLICIES), compiled(*POLICIES, people=[*PEOPLE, MORE])
    assert before.chains == after.chains
    assert before.hooks == after.hooks
    assert before.counters == after.counters
    assert before.denials == after.denials
    assert before.sets.keys() == after.sets.keys()
    changed = {name: each for name, each in after.sets.items() if before.sets[name] != each}
    assert {type(each) for each in changed.values()} == {
        Addresses, VerdictMap, NamedPorts, Interfaces, Hairpins, Sources,
    }  # fmt: skip
    for name, each in changed.items():
        assert elements(before.sets[name]) < elements(each)


def test_a_pod_elsewhere_changes_less() -> None:
    """One more pod on another node changes what its selectors' sets and its ports' sets hold, and nothing else."""
    elsewhere = {**MORE, "spec": {**MORE["spec"], "nodeName": "n2"}}
    before, after = compiled(*POLICIES), compiled(*POLICIES, people=[*PEOPLE, elsewhere])
    assert before.chains == after.chains
    changed = [each for name, each in after.sets.items() if before.sets[name] != each]
    assert {type(each) for each in changed} == {Addresses, NamedPorts}


POLICIES = [
    policy(
        "shop/in", {"app": "api"}, ingress=[{"from": [app("web")]}, {"from": [app("api")], "ports": [port("http")]}]
    ),
    policy("shop/all", ingress=[], egress=[{"to": [app("api")]}]),
]
MORE = pod("shop/api-2", "10.0.0.9", labels={"app": "api"}, ports={"http": 9091}, nodeName="n1")


def elements(one: AnySet) -> frozenset[Any]:
    """The elements of a set of any kind."""
    return one.elements
