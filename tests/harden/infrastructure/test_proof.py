"""Whatever is wanted: what is written of it, read back by our own dialects, is what is wanted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from crenel.harden.infrastructure import PLATFORMS, Wanted, prove, write
from harden.infrastructure.strategies import intents

READ = {"hosts": 1}
"""How many forms of a platform are read back; of the others both."""


@pytest.mark.parametrize("platform", PLATFORMS)
@given(wanted=intents(rare=True))
@settings(max_examples=25, deadline=None)
def test_what_is_written_is_what_is_wanted(platform: str, wanted: Wanted) -> None:
    """Every form of every platform says the intent, no more and no less, on the common refinement, both families."""
    written = write(wanted, platform)
    proofs = prove(written)
    assert len(proofs) == READ.get(platform, 2)
    for proof in proofs:
        assert not proof.problems, proof.form
        assert not proof.differences, (proof.form, [str(each) for each in proof.differences])
