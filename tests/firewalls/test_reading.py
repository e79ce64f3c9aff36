"""The rules that are compiled from random infrastructures say what the model says, before any kernel reads them."""

from __future__ import annotations

from hypothesis import given, settings

from crenel.lab.wire.ends import ends
from crenel.network.firewalls import Infrastructure
from crenel.network.wire import wire
from firewalls.foretelling import Foretelling
from firewalls.reading import became, compiled
from firewalls.strategies import SOAK, infrastructures


@given(infrastructures())
@settings(max_examples=1000 if SOAK else 10)
def test_the_rules_are_the_model(made: Infrastructure) -> None:
    """Between all ends each packet, and each reply from a chosen port, becomes what the model says if that is sure."""
    ready = wire(made)
    there = ends(ready)
    rulesets = compiled(ready, there)
    for probe, expected in Foretelling(ready, there).probes:
        assert became(rulesets, probe) == expected.fate, probe
