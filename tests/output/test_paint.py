"""When there are colours."""

from __future__ import annotations

import pytest

from crenel.output.paint import PLAIN, RED, Paint, wanted


@pytest.mark.parametrize(
    ("environment", "terminal", "colours"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_wanted(environment: dict[str, str], terminal: bool, colours: bool) -> None:
    """A terminal has colours, and NO_COLOR and FORCE_COLOR overrule that when they are not empty."""
    assert wanted(environment, terminal=terminal) is colours


def test_paint() -> None:
    """A colour ends with its text; without colours the text is left alone."""
    assert Paint(on=True)(RED, "no") == "\x1b[31mno\x1b[0m"
    assert PLAIN(RED, "no") == "no"
