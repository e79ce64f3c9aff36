"""The list of all connections agrees with the naive reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crenel
from properties.expected import Expected
from properties.listing import Listing
from properties.points import sampled_points
from properties.strategies import Scenario, scenarios

pytestmark = pytest.mark.slow

CERTAINTY = {"allowed": "sure", "unknown": "possible", "denied": None}


@given(scenarios(), st.integers(0, 2**32))
def test_what_is_listed_is_what_is_allowed(scenario: Scenario, seed: int) -> None:
    """Between single ends, what the reference allows is listed as sure, what it cannot know as possible, no more."""
    expected, listing = Expected(scenario), Listing(scenario, crenel.load(scenario.objects))
    for point in sampled_points(scenario, seed, 40):
        for one, other, family in expected.meanings(point):
            if expected.borrowed(one) or expected.borrowed(other) or expected.local(one, other) or one == other:
                continue
            if listing.answerable(one, other):
                verdict = expected.verdict(one, other, point, family)
                listed = listing.certainty(one, other, point.protocol, point.port, family)
                assert listed == CERTAINTY[verdict], f"{one} to {other}, {point.protocol}/{point.port} over IPv{family}"
