"""Formulas of conditions mean what their logic says, and stay short."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.network.conditions import (
    ALWAYS,
    NEVER,
    AddressWithin,
    ComesFirst,
    Condition,
    Formula,
    LabelHolds,
    NameResolves,
    PolicyDecides,
    SameNode,
    all_of,
    any_of,
    conditions_of,
    is_,
    negated,
    words,
)

A: Condition = NameResolves("a.example.com")
B: Condition = PolicyDecides("ciliumnetworkpolicy shop/web")
C: Condition = ComesFirst("cnp first")
WORLDS: list[dict[Condition, bool]] = [
    dict(zip((A, B, C), values, strict=True)) for values in product((False, True), repeat=3)
]


def holds(formula: Formula, world: dict[Condition, bool]) -> bool:
    """Whether a formula is true in a world."""
    return any(all(world[condition] is wanted for condition, wanted in term) for term in formula)


formulas = st.recursive(
    st.one_of(st.sampled_from((ALWAYS, NEVER)), st.builds(is_, st.sampled_from((A, B, C)), st.booleans())),
    lambda inner: st.one_of(
        st.builds(any_of, inner, inner), st.builds(all_of, inner, inner), st.builds(negated, inner)
    ),
    max_leaves=6,
)


@settings(max_examples=100)
@given(formulas, formulas)
def test_operators_mean_their_logic(left: Formula, right: Formula) -> None:
    """In every world, or is or, and is and, not is not."""
    for world in WORLDS:
        one, other = holds(left, world), holds(right, world)
        assert holds(any_of(left, right), world) is (one or other)
        assert holds(all_of(left, right), world) is (one and other)
        assert holds(negated(left), world) is (not one)


@settings(max_examples=100)
@given(formulas)
def test_no_term_is_idle(formula: Formula) -> None:
    """No term contradicts itself, and none is implied by another one."""
    for term in formula:
        assert not any((condition, not wanted) in term for condition, wanted in term)
        assert not any(other < term for other in formula)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (all_of(is_(A), is_(A, False)), NEVER),
        (any_of(is_(A), all_of(is_(A), is_(B))), is_(A)),
        (any_of(is_(A), ALWAYS), ALWAYS),
        (all_of(is_(A), ALWAYS), is_(A)),
        (any_of(is_(A), NEVER), is_(A)),
        (all_of(is_(A), NEVER), NEVER),
        (negated(ALWAYS), NEVER),
        (negated(NEVER), ALWAYS),
        (negated(negated(any_of(is_(A), is_(B)))), any_of(is_(A), is_(B))),
        (negated(all_of(is_(A), is_(B))), any_of(is_(A, False), is_(B, False))),
    ],
)
def test_simplified(formula: Formula, expected: Formula) -> None:
    """Contradictions, implied terms and double negations vanish."""
    assert formula == expected


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        (A, "the address is one of a.example.com", "the address is not one of a.example.com"),
        (
            AddressWithin("shop/web", "10.0.0.0/8"),
            "shop/web gets an address in 10.0.0.0/8",
            "shop/web does not get an address in 10.0.0.0/8",
        ),
        (
            LabelHolds("shop/web"),
            "shop/web has the labels selected, which only the cluster knows",
            "shop/web does not have the labels selected, which only the cluster knows",
        ),
        (
            B,
            "ciliumnetworkpolicy shop/web, which is not understood, allows it",
            "ciliumnetworkpolicy shop/web, which is not understood, denies it",
        ),
        (
            C,
            "cnp first comes first among policies of the same priority",
            "cnp first does not come first among policies of the same priority",
        ),
        (
            SameNode("shop/web", "shop/db"),
            "shop/web and shop/db run on one node",
            "shop/web and shop/db do not run on one node",
        ),
    ],
)
def test_words(condition: Condition, yes: str, no: str) -> None:
    """Every condition is a sentence, and so is its negation."""
    assert words(is_(condition)) == [yes]
    assert words(negated(is_(condition))) == [no]


def test_order_of_words_is_stable() -> None:
    """Words and conditions come in one order, however the formula was made."""
    one = any_of(all_of(is_(A), is_(B, False)), is_(C))
    other = any_of(is_(C), all_of(is_(B, False), is_(A)))
    assert words(one) == words(other)
    assert words(one) == [
        "ciliumnetworkpolicy shop/web, which is not understood, denies it and the address is one of a.example.com",
        "cnp first comes first among policies of the same priority",
    ]
    assert conditions_of(one) == conditions_of(other) == [C, A, B]
    assert words(ALWAYS) == words(NEVER) == []
