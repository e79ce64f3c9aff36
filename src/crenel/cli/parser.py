"""One parser for each command, built when that command runs."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol, cast

from crenel.cli import exit_codes
from crenel.cli.main import COMMANDS, HIDDEN
from crenel.cli.usage import UsageError


class CommandModule(Protocol):
    """What the module of a command offers; its docstring is the description that users read in its help."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments to its parser."""

    def run(self, args: argparse.Namespace) -> int:
        """Ask the question, print the answer and return the exit code."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Writes `-f, --filename PATH` on every version of Python."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and a hint."""

    @property
    def arguments(self) -> Sequence[argparse.Action]:
        """All that was added, in order, the help first."""
        return self._actions

    def option(self, word: str) -> argparse.Action | None:
        """Return the option that is written as `word`; None where there is none."""
        return self._option_string_actions.get(word)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` instead of printing the usage and leaving."""
        raise UsageError(message, f"`{self.prog} --help` shows how it is used")


def load_command(name: str) -> CommandModule:
    """Import the module of the command `name`."""
    path = HIDDEN[name] if name in HIDDEN else COMMANDS[name][0]
    return cast(CommandModule, importlib.import_module(path))


def build_parser(prog: str, name: str, module: CommandModule) -> Parser:
    """Return the parser of the command `name`, which users call as `prog name`."""
    parser = Parser(
        prog=f"{prog} {name}",
        description=module.__doc__,
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    module.configure(parser)
    return parser


def run_command(prog: str, name: str, arguments: Sequence[str]) -> int:
    """Run the command `name` with its arguments and return its exit code."""
    _print_whatever_the_input_holds()
    module = load_command(name)
    try:
        args = build_parser(prog, name, module).parse_args(arguments)
    except SystemExit:
        return exit_codes.FINE  # the help was asked for, and printed
    args.prog = prog
    return module.run(args)


def _formatter(prog: str) -> HelpFormatter:
    return HelpFormatter(prog, max_help_position=32)


def _print_whatever_the_input_holds() -> None:
    """Escape what the terminal's encoding, or any encoding, cannot write, instead of failing in the middle."""
    stdout: Any = sys.stdout
    if hasattr(stdout, "reconfigure"):
        stdout.reconfigure(errors="backslashreplace")
