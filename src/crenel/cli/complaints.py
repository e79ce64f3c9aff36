"""What stderr is told about the input: a line for each problem, the errors first, and not too many of them."""

import os
import sys
from collections.abc import Iterable

from crenel.output.paint import RED, YELLOW, Paint, wanted
from crenel.output.words import clean
from crenel.provenance import Problem, Severity

MOST = 50
"""How many lines are written."""

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}
_COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW}


def complain(problems: Iterable[Problem]) -> bool:
    """Write problems on stderr, each once, and return whether there was an error among them."""
    every = sorted(problems, key=lambda problem: list(_WORDS).index(problem.severity))
    lines = dict.fromkeys(_line(problem) for problem in every[: 2 * MOST])
    for line in list(lines)[:MOST]:
        say(line)
    left = len(lines) - MOST + max(0, len(every) - 2 * MOST)
    if left > 0:
        say(f"... and {left} more")
    return any(problem.severity is Severity.ERROR for problem in every)


def note(text: str) -> None:
    """Write something that the user has to know on stderr."""
    say(f"note: {clean(text)}")


def say(line: str) -> None:
    """Write a line on stderr."""
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")


def _line(problem: Problem) -> str:
    paint = Paint(wanted(os.environ, terminal=sys.stderr is not None and sys.stderr.isatty()))
    word = f"{_WORDS[problem.severity]}:"
    return f"{paint(_COLOURS.get(problem.severity, ''), word)} {clean(str(problem))}"
