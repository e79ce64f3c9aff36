"""How a run that cannot go on ends: one line on stderr, a hint where there is one, and an exit code."""

import difflib
import os
import sys
import traceback

from crenel.cli import exit_codes
from crenel.cli.usage import UsageError

DEBUG = "CRENEL_DEBUG"
"""The environment variable that asks for tracebacks."""


def report_failure(prog: str, error: BaseException) -> int:
    """Say on stderr what ended the run under the name `prog`, and return the exit code."""
    if isinstance(error, BrokenPipeError):
        _abandon_stdout()
        return exit_codes.BROKEN_PIPE
    if isinstance(error, KeyboardInterrupt):
        return exit_codes.INTERRUPTED
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    if isinstance(error, UsageError):
        _say(f"{prog}: {error}")
    elif isinstance(error, OSError):
        _abandon_stdout()
        _say(f"{prog}: {_system_error(error)}")
    else:
        _say(f"{prog}: internal error: {type(error).__name__}: {_one_line(error)}")
        _say(f"hint: {DEBUG}=1 shows the traceback; please report it together with the input")
    return exit_codes.ERROR


def unknown_command(prog: str, name: str) -> UsageError:
    """Return the error for a command that does not exist, or that was not given at all."""
    from crenel.cli.main import COMMANDS

    if not name:
        return UsageError("no command given", f"`{prog} --help` lists them")
    if name.startswith("-"):
        return UsageError(f"no command before {name}", f"options follow the command: `{prog} map {name} ...`")
    if near := difflib.get_close_matches(name, COMMANDS, n=1):
        return UsageError(f"no command {name!r}", f"did you mean `{prog} {near[0]}`?")
    return UsageError(f"no command {name!r}", f"`{prog} --help` lists them")


def _system_error(error: OSError) -> str:
    reason = error.strerror or _one_line(error)
    return f"{error.filename}: {reason}" if error.filename is not None else reason


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _say(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")


def _abandon_stdout() -> None:
    """Drop what is still buffered, so that the interpreter does not complain about it at its end."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
