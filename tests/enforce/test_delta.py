"""From one ruleset to the next, in the kernel."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crenel
from crenel.enforce.compiler import compile_node
from crenel.enforce.delta import delta
from crenel.enforce.ruleset import Ruleset
from crenel.enforce.text import write
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables
from crenel.lab.cluster.placement import Placement, Wishes, place
from crenel.lab.stage import stage
from kernel.needs import needs_namespaces
from properties.clusters import populations
from properties.strategies import Object, policy_sets

pytestmark = needs_namespaces

CI = settings().max_examples <= 150


def compiled(objects: list[Object], known: Placement | None = None) -> tuple[Ruleset, Placement]:
    """The rules of the first node of a cluster."""
    placement = place(crenel.load(objects).model, Wishes(replicas=2), known)
    staged = stage(placement)
    node = placement.nodes[0].name
    return compile_node(placement.model.network, staged.sites()[node]), placement


def listed(nft: Nftables) -> str:
    """The kernel's table in an order that does not depend on how it came about, counters aside."""
    text = nft.run("list table inet crenel")
    text = re.sub(r"packets \d+ bytes \d+", "", text)
    text = re.sub(r'\n\s*comment "[^"]*"', "", text)
    blocks = re.split(r"\n(?=\t(?:set|map|chain|counter) )", text.rstrip().removesuffix("}"))
    return "\n".join(sorted(map(ordered, blocks)))


def ordered(block: str) -> str:
    """A block with the elements of its set in order."""
    match = re.search(r"elements = \{(.*?)\}", block, re.DOTALL)
    if match is None:
        return block.strip()
    elements = sorted(" ".join(each.split()) for each in match[1].split(","))
    return f"{block[: match.start()].strip()} elements = {elements}"


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[Object], list[list[Object]]]:
    """A cluster, and several sets of policies that follow each other."""
    population = draw(populations())
    return population.objects, draw(st.lists(policy_sets(population), min_size=2, max_size=3))


@pytest.mark.slow
@settings(max_examples=40 if CI else 2000)
@given(changes())
def test_the_commands_of_a_change_lead_where_a_fresh_load_does(made: tuple[list[Object], list[list[Object]]]) -> None:
    """After each change the kernel's table is the one that the new rules alone would have made."""
    objects, steps = made
    with Namespace.new() as one, Namespace.new() as two, Nftables(one) as changed, Nftables(two) as fresh:
        before, placement = compiled([*objects, *steps[0]])
        changed.run(write(before))
        for policies in steps[1:]:
            after, _ = compiled([*objects, *policies], placement)
            changed.run(delta(before, after))
            fresh.run(write(after))
            assert listed(changed) == listed(fresh)
            before = after


def test_what_stays_goes_on_counting() -> None:
    """A policy that does not change keeps its counter over a change of another one."""
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "a", "labels": {"app": "p"}},
        "spec": {"containers": [{"name": "c", "image": "example.org/c:1"}]},
    }  # fmt: skip

    def policy(name: str, port: int) -> Object:
        rule = {"from": [{"podSelector": {}}], "ports": [{"port": port}]}
        return {
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": "a"},
            "spec": {"podSelector": {}, "ingress": [rule]},
        }  # fmt: skip

    before, placement = compiled([pod, policy("one", 80), policy("two", 80)])
    after, _ = compiled([pod, policy("one", 80), policy("two", 81)], placement)
    commands = delta(before, after)
    assert [line for line in commands.splitlines() if line.startswith(("flush", "delete", "add counter"))] == [
        "flush chain inet crenel ingress/networkpolicy/a/two"
    ]
    assert delta(after, after) == ""


def test_another_layout_is_refused() -> None:
    """Where the base chains differ there is no way from one to the other but to load the whole table."""
    before, _ = compiled([])
    with pytest.raises(ValueError, match="the base chains differ"):
        delta(before, Ruleset("other"))
