"""What the model says of firewalls, the kernel does: request and reply, IPv4 and IPv6, TCP, UDP, SCTP and echo."""

from __future__ import annotations

import pytest

from crenel.network.firewalls import Infrastructure
from firewalls.foretelling import ANSWERED, REFUSED, UNANSWERED
from firewalls.proof import prove
from firewalls.worlds import ALL, OPEN, WORLDS
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces


@pytest.mark.parametrize("made", WORLDS.values(), ids=WORLDS)
def test_kernel_and_model_agree(made: Infrastructure) -> None:
    """Every packet becomes what the model says, and packets of each sort were sent."""
    report = prove(made)
    assert report.wrong == []
    assert report.undecided == 0
    assert min(report.compared[ANSWERED], report.compared[REFUSED]) > 100
    looks_at_replies = any(tier.stateless or tier.replies for tier in made.tiers)
    assert (report.compared[UNANSWERED] > 0) is looks_at_replies
    assert (report.partial > 0) is looks_at_replies


def test_what_the_model_does_not_know_is_not_compared() -> None:
    """Of rules that depend on what the input lacks nothing is asked; the rest agrees."""
    report = prove(Infrastructure(ALL, [OPEN]))
    assert report.wrong == []
    assert report.undecided > 100
    assert min(report.compared[ANSWERED], report.compared[REFUSED]) > 100
