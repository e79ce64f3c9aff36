"""Whatever the tiers are, the kernel does what the model says."""

from __future__ import annotations

from hypothesis import given, settings

from crenel.network.firewalls import Infrastructure
from firewalls.proof import prove
from firewalls.strategies import SOAK, infrastructures
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces


@given(infrastructures())
@settings(max_examples=500 if SOAK else 8)
def test_random_infrastructures_agree(made: Infrastructure) -> None:
    """All packets between all ends become what the model says, as far as it is sure."""
    assert prove(made).wrong == []
