"""Small clusters, compiled, and the part of the text that policies shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from textwrap import dedent
from typing import Any, TypeAlias

import crenel
from crenel.enforce.ruleset import Ruleset
from crenel.enforce.text import definition
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.stage import Stage, stage
from questions.cluster import metadata, namespace, node, pod

Object: TypeAlias = dict[str, Any]

PEOPLE = [
    namespace("shop"),
    namespace("data"),
    node("n1", "172.18.0.2"),
    pod("shop/web", "10.0.0.1", ports={"http": 8080}, nodeName="n1"),
    pod("shop/api", "10.0.0.2", ports={"http": 9090}, nodeName="n1"),
    pod("data/db", "10.0.0.3", nodeName="n1"),
]
"""Three pods on one node; IPv4 alone."""


def staged(objects: Sequence[Object], replicas: int = 1) -> Stage:
    """A cluster in which everything has its place."""
    return stage(place(crenel.load(list(objects)).model, Wishes(replicas=replicas)))


def compiled(*policies: Object, people: Sequence[Object] = PEOPLE, node: str = "n1") -> Ruleset:
    """What a node enforces."""
    return staged([*people, *policies]).rulesets()[node]


def text(ruleset: Ruleset) -> str:
    """The table without counters, hooks, and what is only said of the node's own pods."""
    sets = {name: each for name, each in ruleset.sets.items() if not name.startswith("pods/")}
    return definition(replace(ruleset, counters={}, hooks=(), sets=sets))


def chains(ruleset: Ruleset, *names: str) -> str:
    """Some chains alone, and all sets."""
    kept = {name: ruleset.chains[name] for name in names}
    return text(replace(ruleset, chains=kept))


def lines(expected: str) -> str:
    """An expected text, as it stands in a test."""
    return dedent(expected).lstrip("\n").replace("    ", "\t")


def admin(name: str, priority: int, tier: str = "Admin", subject: Object | None = None, **directions: Any) -> Object:
    """A ClusterNetworkPolicy; its subject is all pods of the namespace ``shop`` unless it is given."""
    shop = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
    return {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": metadata(name),
        "spec": {"tier": tier, "priority": priority, "subject": subject or shop, **directions},
    }
