"""Sets of small integers in one integer behave as sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel import bits

SETS = st.frozensets(st.one_of(st.integers(0, 20), st.integers(0, 700)), max_size=120)


@given(SETS)
def test_members_are_what_was_put_in(wanted: frozenset[int]) -> None:
    """A set lists its members in ascending order, whether it is sparse or dense."""
    assert bits.members(bits.union(wanted)) == sorted(wanted)


@given(SETS, SETS)
def test_operators_are_those_of_sets(left: frozenset[int], right: frozenset[int]) -> None:
    """Or, and, and-not are union, intersection and difference."""
    one, other = bits.union(left), bits.union(right)
    assert one | other == bits.union(left | right)
    assert one & other == bits.union(left & right)
    assert one & ~other == bits.union(left - right)


def test_members_given_twice_count_once() -> None:
    """A member that is put in more than once is there once, in short lists and in long ones."""
    assert bits.union([3, 3, 1]) == 0b1010
    assert bits.union([*range(100), *range(100)]) == bits.span(0, 100)


@pytest.mark.parametrize(
    ("start", "stop", "expected"), [(0, 0, []), (3, 3, []), (5, 2, []), (0, 3, [0, 1, 2]), (62, 66, [62, 63, 64, 65])]
)
def test_span(start: int, stop: int, expected: list[int]) -> None:
    """A span has its start and not its stop, and is empty when they are the wrong way round."""
    assert bits.members(bits.span(start, stop)) == expected


@given(SETS, SETS)
def test_keys_are_equal_only_for_equal_sets(left: frozenset[int], right: frozenset[int]) -> None:
    """A set's dictionary key tells it apart from every other set."""
    assert (bits.key(bits.union(left)) == bits.key(bits.union(right))) == (left == right)
