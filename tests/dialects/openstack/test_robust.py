"""Whatever a document holds, reading it raises nothing; and much of it is read fast."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.dialects import openstack
from crenel.network.wire import wire
from crenel.provenance import Origin
from dialects.openstack import samples, test_formats, test_terraform
from dialects.openstack.asking import read
from growth import linear

VALID: list[Any] = [
    *samples.shop(), *samples.stateless(), *samples.balancer(), test_formats.GROUPS, test_formats.PORTS,
    test_formats.SERVERS, [test_formats.row("tcp", "443:443")], {"floatingips": [samples.floating("93.184.216.9")]},
    *test_terraform.web(test_terraform.rule("https"), test_terraform.SUBNET, test_terraform.NETWORK),
    test_terraform.state(test_terraform.GROUP, test_terraform.PORT),
]  # fmt: skip
JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
        st.sampled_from(["10.0.0.0/8", "0.0.0.0/99", "::", "80:443", "type=8", "ip_address='x'", "IPv4", "any", "="]),
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
        assert openstack.recognises(each) in (True, False)
    made = openstack.read([(data, Origin("file")) for data in documents])
    wire(made)
    assert all(str(each) for each in made.problems)


@given(JUNK)
def test_junk_is_not_recognised_or_read(data: Any) -> None:
    """Arbitrary values neither raise nor yield anything."""
    openstack.recognises(data)
    assert not openstack.read([(data, Origin("file"))])


def test_two_interfaces_never_have_one_name() -> None:
    """Ports without names, and with the same one, are told apart by their ids."""
    same = samples.ports(
        {**samples.port("a", "10.0.0.1"), "id": "1"}, {**samples.port("a", "10.0.0.2"), "id": "2"},
        {**samples.port("", "10.0.0.3"), "id": "3"},
    )  # fmt: skip
    assert [each.name for each in read(same).interfaces] == ["a (1)", "a (2)", "3"]


@pytest.mark.alone
def test_many_rules_are_read_in_linear_time() -> None:
    """As 200 groups with 5,000 rules, 400 ports are, against an eighth of them."""

    def reading(count: int) -> Callable[[], object]:
        documents = samples.large(count)
        return lambda: read(*documents)

    linear(reading, 25, 200)
