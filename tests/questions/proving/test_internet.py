"""What comes from the internet is about the ways in, as `crenel can internet` is."""

from __future__ import annotations

from typing import Any

import pytest

import crenel
from command import ROOT
from crenel import intents
from crenel.loading import load_intents
from crenel.provenance import Origin
from crenel.questions.proving.result import Result, State
from questions.cluster import policy, service, workload
from questions.proving.asking import allow, deny, proof, result

SHOP = [
    workload("shop/web", {"http": 8080}),
    workload("shop/db", {"sql": 5432}),
    service("shop/web", [{"port": 80, "targetPort": 8080}], {"app": "web"}, type="LoadBalancer"),
]


def assumed(statement: Any, *, facing: bool) -> Result:
    """A result where it is assumed that load balancers face the internet, or do not."""
    net = crenel.load(SHOP)
    net.assumed = net.assumed.__class__(internet_facing=facing, public_nodes=False)
    declared = intents.read([({"schema": intents.SCHEMA, "intents": [statement]}, Origin("crenel.yaml"))])
    (found,) = net.prove(declared).results
    return found


@pytest.mark.parametrize(
    ("statement", "facing", "state"),
    [
        (deny("internet", "shop/web"), True, State.VIOLATED),
        (deny("internet", "shop/web"), False, State.HOLDS),
        (deny("internet", "shop/db"), True, State.HOLDS),
        (deny("internet", "shop/*"), True, State.VIOLATED),
        (deny("internet", {"of": "shop/*", "except": "shop/web"}), True, State.HOLDS),
        (allow("internet", "shop/web:8080"), True, State.HOLDS),
        (allow("internet", "shop/svc/web:80"), True, State.HOLDS),
        (allow("internet", "shop/web:8081"), True, State.VIOLATED),
        (allow("internet", "shop/*"), True, State.VIOLATED),
        (deny(["internet", "shop/db"], "shop/db:1"), True, State.HOLDS),
    ],
)
def test_ways_in(statement: Any, facing: bool, state: State) -> None:
    """A statement to forbid is about all paths, one to allow about each target and port."""
    found = assumed(statement, facing=facing)
    assert found.state is state, found.says


def test_what_opens_it_and_what_closes_it() -> None:
    """The way in is named, with the setting that closes it and where that stands."""
    found = assumed(deny("internet", "shop/web"), facing=True)
    assert found.says == "1.0.0.0 to shop/web TCP/8080 is allowed"
    assert found.advice.startswith("service shop/web: an internal load balancer, or narrower loadBalancerSourceRanges")


def test_what_the_input_does_not_say() -> None:
    """Whether a load balancer faces the internet is not guessed."""
    found = result(SHOP, deny("internet", "shop/web"))
    assert found.state is State.UNKNOWN
    assert found.counterexample is not None and found.counterexample.conditions


def test_other_sources_are_asked_beside_it() -> None:
    """A list of the internet and somebody else is about both."""
    closed = [*SHOP, policy("shop/db", {"app": "db"}, ingress=[])]
    assert result(closed, deny(["internet", "shop/web"], "shop/db")).state is State.HOLDS
    assert result(SHOP, deny(["internet", "shop/web"], "shop/db")).says == "shop/web to shop/db TCP/5432 is allowed"


def test_urls() -> None:
    """A URL is answered by the proxies of the input."""
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"rules": [{"host": "shop.example.com"}]},
    }
    found = proof([*SHOP, ingress], deny("internet", "https://other.example.com/"))
    assert found.results[0].state is State.HOLDS


def test_layers_of_the_infrastructure() -> None:
    """Security groups and load balancers of a cloud decide with the policies, and what that rests on is said."""
    net = crenel.load(ROOT / "examples" / "layers" / "aws")
    statements = [deny("internet", "shop/*"), allow("internet", "shop/web"), deny("*", "node/*")]
    declared = intents.read([({"schema": intents.SCHEMA, "intents": statements}, Origin("crenel.yaml"))])
    found = net.prove(declared)
    assert [each.state for each in found.results[:2]] == [State.VIOLATED, State.HOLDS]
    assert found.results[0].advice
    assert all(note.startswith("assumed: ") for note in found.notes) and found.notes
    assert found.results[2].mending is None


def test_files_and_folders() -> None:
    """Intents are found among other documents; a file without any is a problem."""
    assert len(load_intents(ROOT / "examples" / "shop").statements) == 15
    assert "no intents are declared here" in str(load_intents(ROOT / "examples" / "shop" / "app").problems[0])
