"""Random clusters with random policies of every kind, as Kubernetes objects; for any test that wants them.

`scenarios()` is the one to start from; `policy_sets()` makes more policies for its namespaces.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from properties.admin_policies import admin_policies
from properties.clusters import Population, populations
from properties.network_policies import network_policies

Object = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """A cluster with its policies."""

    population: Population
    policies: list[Object] = field(default_factory=list)

    @property
    def objects(self) -> list[Object]:
        """Everything as one list of documents."""
        return [*self.population.objects, *self.policies]

    def with_policies(self, policies: list[Object]) -> Scenario:
        """The same cluster under other policies."""
        return Scenario(self.population, policies)


@st.composite
def policy_sets(draw: st.DrawFn, population: Population, *, certain: bool = False) -> list[Object]:
    """Policies of every kind for a cluster; `certain` leaves out what only possibly matches."""
    found = draw(st.lists(network_policies(population.namespaces), min_size=1, max_size=4))
    found += draw(admin_policies(certain=certain))
    return [_named(policy, number) for number, policy in enumerate(found)]


def _named(policy: Object, number: int) -> Object:
    if policy["kind"] == "BaselineAdminNetworkPolicy":
        return policy
    return {**policy, "metadata": {**policy["metadata"], "name": f"p{number}"}}


@st.composite
def scenarios(draw: st.DrawFn, *, certain: bool = False) -> Scenario:
    """A cluster and its policies; `certain` ones have an answer at every point that is not "unknown"."""
    population = draw(populations(certain=certain))
    return Scenario(population, draw(policy_sets(population, certain=certain)))
