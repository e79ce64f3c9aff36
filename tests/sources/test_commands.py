"""Other programs run within limits."""

from __future__ import annotations

import sys

import pytest

from crenel.sources.commands import CommandError, output


def run(program: str, **limits: float) -> bytes:
    """Run a Python program."""
    return output([sys.executable, "-c", program], stdin=b"given", **limits)  # type: ignore[arg-type]


def test_output_and_input() -> None:
    """What it is given, and what it writes, a lot of both on either stream."""
    assert run("import sys; sys.stdout.write(sys.stdin.read())") == b"given"
    assert len(run("import sys; sys.stderr.write('x' * 10**6); sys.stdout.write('y' * 10**6)")) == 10**6


@pytest.mark.parametrize(
    ("program", "limits", "message"),
    [
        ("import time; time.sleep(60)", {"seconds": 0.2}, "took longer than 0 seconds"),
        ("print('x' * 1000)", {"limit": 100}, "wrote more than 100 bytes"),
        ("while True: print('x' * 1000)", {"limit": 100}, "wrote more than 100 bytes"),
        ("import sys; sys.exit('first\\nsecond')", {}, "first second"),
        ("import sys; sys.exit(3)", {}, "failed with exit code 3"),
    ],
)
def test_failures_are_one_line(program: str, limits: dict[str, float], message: str) -> None:
    """Too slow, too much, or a failure with or without a reason."""
    with pytest.raises(CommandError, match=message):
        run(program, **limits)


def test_a_program_that_is_not_there() -> None:
    """It is named."""
    with pytest.raises(CommandError, match="no-such-program is not installed"):
        output(["no-such-program"])
    with pytest.raises(CommandError, match="cannot be run"):
        output([sys.executable, "a\0b"])
