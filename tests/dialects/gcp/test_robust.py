"""Whatever a document holds, reading it raises nothing; and much of it is read fast."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.dialects import gcp
from crenel.network.wire import wire
from crenel.provenance import Origin
from dialects.gcp import plans, samples, test_clusters
from dialects.gcp.asking import read
from growth import linear

EFFECTIVE = {
    "firewalls": [samples.firewall("a")],
    "firewallPolicys": [
        {"name": "9", "shortName": "b", "type": "HIERARCHY", "rules": [samples.policy_rule(1, "deny")]}
    ],
}
VALID: list[Any] = [
    *samples.layers(), *samples.shop(), EFFECTIVE, {"kind": "compute#firewallList", "items": [samples.firewall("b")]},
    {"items": {"zones/z": {"instances": [samples.instance("i", samples.nic())]}}},
    [samples.forwarding("f", "34.1.1.1", target=f"{samples.REGION}/targetPools/p", backendService="")],
    [samples.backend("s", "g")], test_clusters.cluster(test_clusters.pool(tags=("a",), pods="10.8.0.0/17")),
    [{"id": "shop", "type": "project"}, {"id": "1", "type": "organization"}],
    {"kind": "compute#router", "name": "r", "network": samples.NET, "selfLink": f"{samples.REGION}/routers/r", "nats": [
        {"name": "n", "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
         "subnetworks": [{"name": f"{samples.REGION}/subnetworks/web", "sourceIpRangesToNat": ["ALL_IP_RANGES"]}]}]},
    *plans.shop(plans.firewall(target_tags=["web"]), tags=["web"]), plans.state(plans.NETWORK, plans.SUBNET),
]  # fmt: skip
JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
        st.sampled_from(["10.0.0.0/8", "0.0.0.0/99", "::", "80-443", "9-1", "tcp", "projects/p/x", "/", "//", "/24",
                         "organizations/1", "folders/1", "compute#firewall", samples.NET]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all parts of a value."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [path, *(each for key in keys for each in paths(value[key], (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> list[Any]:
    """Some documents, with some parts of them replaced or taken away."""
    documents: list[Any] = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 4))):
        number = draw(st.integers(0, len(documents) - 1))
        way = draw(st.sampled_from(paths(documents[number])))
        if not way:
            documents[number] = draw(JUNK)
            continue
        holder = documents[number]
        for key in way[:-1]:
            holder = holder[key]
        if draw(st.booleans()):
            holder[way[-1]] = draw(JUNK)
        else:
            del holder[way[-1]]
    return documents


@given(mutated())
@settings(deadline=None)
def test_nothing_raises(documents: list[Any]) -> None:
    """Not recognising, not reading, not lowering; what is wrong is among the problems."""
    for each in documents:
        assert gcp.recognises(each) in (True, False)
    made = gcp.read([(data, Origin("file")) for data in documents])
    wire(made)
    assert all(str(each) for each in made.problems)


@given(JUNK)
def test_junk_is_not_recognised_or_read(data: Any) -> None:
    """Arbitrary values neither raise nor yield anything."""
    gcp.recognises(data)
    assert not gcp.read([(data, Origin("file"))])


@pytest.mark.alone
def test_many_rules_are_read_in_linear_time() -> None:
    """As 200 networks with 5,000 rules, 400 machines are, against an eighth of them."""

    def reading(count: int) -> Callable[[], object]:
        documents = samples.large(count)
        return lambda: read(*documents)

    linear(reading, 25, 200)
