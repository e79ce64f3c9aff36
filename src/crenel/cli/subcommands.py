"""Commands below a command: each in a module of its own, offered where the module is there."""

import argparse
import importlib
import importlib.util
from collections.abc import Mapping
from typing import cast

from crenel.cli.parser import CommandModule, HelpFormatter, Parser


def add(parser: argparse.ArgumentParser, commands: Mapping[str, tuple[str, str]], title: str = "subcommands") -> None:
    """Add subcommands to a parser: each by its name, with the path of its module and one line of help.

    The module is like that of a command (`crenel.cli.parser.CommandModule`); `chosen` is its `run` after parsing.
    """
    below = parser.add_subparsers(title=title, metavar="SUBCOMMAND", required=True, help="one of these:")
    for name, (path, line) in commands.items():
        if is_there(path):
            _add(below, name, path, line)


def is_there(path: str) -> bool:
    """Whether there is a module of that path."""
    return importlib.util.find_spec(path) is not None


def lines(parser: argparse.ArgumentParser) -> Mapping[str, str]:
    """The line of help of each subcommand, by its name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return {each.dest: each.help or "" for each in action._choices_actions}
    return {}


def below(parser: argparse.ArgumentParser) -> Mapping[str, Parser]:
    """The parsers of the subcommands of a parser, by their names; none where it has none."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return cast(Mapping[str, Parser], action.choices)
    return {}


def _add(below: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, path: str, line: str) -> None:
    module = cast(CommandModule, importlib.import_module(path))
    parser = below.add_parser(
        name,
        help=line,
        description=module.__doc__,
        formatter_class=lambda prog: HelpFormatter(prog, max_help_position=32),
        allow_abbrev=False,
    )
    module.configure(parser)
    parser.set_defaults(chosen=module.run)
