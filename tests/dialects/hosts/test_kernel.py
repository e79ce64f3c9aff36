"""The translation of nftables against the kernel: real packets arrive as it says, and only those."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialects.hosts.comparing import held
from dialects.hosts.lab import Lab, lab
from dialects.hosts.predicting import SITE, Prediction, probes
from dialects.hosts.rulesets import PORTS, rulesets
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces
TRAFFIC = list(probes(PORTS))
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.fixture(scope="module")
def world() -> Iterator[Lab]:
    """One lab for all examples."""
    with lab() as made:
        yield made


def compare(world: Lab, ruleset: str, known: bool = True) -> tuple[int, int]:
    """Send everything and hold it against the prediction. Returns how much is unknown."""
    listed = world.load(ruleset)
    return held(world, Prediction([listed], SITE if known else None), TRAFFIC, "nat hook" in ruleset)


@given(rulesets())
@settings(max_examples=30, deadline=None, suppress_health_check=QUIET)
def test_what_is_decided_is_what_happens(world: Lab, ruleset: str) -> None:
    """Where the host's addresses and devices are known nothing is unknown, and every packet does as predicted.

    There are two exceptions: to which of its own addresses a host redirects is not said, and which mark the connection
    of a reply has is not known where rules set any.
    """
    unknown, silent = compare(world, ruleset)
    assert not unknown or "redirect" in ruleset, ruleset
    assert not silent or "ct mark set" in ruleset, ruleset


@given(rulesets(loose=True), st.booleans())
@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
def test_what_is_not_decided_is_unknown(world: Lab, ruleset: str, known: bool) -> None:
    """With conditions that the model does not decide, whatever it is sure of still happens so."""
    compare(world, ruleset, known)
