"""How a report gets out: to stdout, and nothing else with it."""

import argparse
import os
import sys

from crenel.cli import exit_codes
from crenel.cli.complaints import say
from crenel.output.paint import Paint, wanted


def paint() -> Paint:
    """The colours that the report is written in."""
    return Paint(wanted(os.environ, terminal=sys.stdout is not None and sys.stdout.isatty()))


def emit(report: str | bytes) -> None:
    """Write a report, or a part of it; bytes as they are."""
    if sys.stdout is None:
        return
    if isinstance(report, str):
        sys.stdout.write(report)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(report)


def remark(line: str) -> None:
    """Add a line on stderr for somebody who looks at the report in a terminal; pipes and files do without."""
    if sys.stdout is not None and sys.stdout.isatty() and sys.stderr is not None and sys.stderr.isatty():
        say(line)


def final(args: argparse.Namespace, *codes: int) -> int:
    """Return the exit code of a run: the worst of all, where ``--exit-zero`` turns a no into a yes."""
    code = exit_codes.worst(codes)
    return exit_codes.FINE if code == exit_codes.NO and args.exit_zero else code
