"""The exit codes, and the worst of many."""

from __future__ import annotations

import pytest

from crenel.cli.exit_codes import ERROR, FINE, NO, NOTHING, worst


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], FINE),
        ([FINE, FINE], FINE),
        ([FINE, NO], NO),
        ([NO, NOTHING, FINE], NOTHING),
        ([NOTHING, ERROR, NO], ERROR),
    ],
)
def test_worst(codes: list[int], expected: int) -> None:
    """2 over 3 over 1 over 0."""
    assert worst(codes) == expected
