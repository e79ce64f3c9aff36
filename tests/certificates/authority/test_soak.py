"""The CA is rotated twice while all talk to each other, by processes that are killed all the time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from certificates.authority.soak import Soak
from crenel.certificates.authority.policy import Policy

POLICY = Policy(
    trust_domain="example.org",
    leaf=timedelta(minutes=3),
    intermediate=timedelta(minutes=10),
    backdate=timedelta(seconds=30),
    reload=timedelta(seconds=3),
)


@pytest.mark.slow
def test_no_handshake_fails_and_nothing_is_lost(tmp_path: Path) -> None:
    """Eight leaves, two rotations; `make soak` does the same with two hundred and three."""
    soak = Soak(tmp_path, 8, POLICY, seed=1, rotations=2, callers=2, pause=0.02)
    figures = soak.run(100.0)
    assert figures.failures == []
    assert soak.lost() == []
    assert figures.handshakes > 200
    assert len(figures.pairs) == 8 * 7
    assert sum(figures.kills.values()) > 4
