"""The help of every command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import pytest

from command import crenel
from crenel.cli.main import COMMANDS, HIDDEN
from crenel.cli.parser import build_parser, load_command


def arguments(name: str) -> Sequence[argparse.Action]:
    """What a command takes."""
    return build_parser("crenel", name, load_command(name)).arguments


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_is_in_the_help(name: str) -> None:
    """`crenel NAME --help` explains each argument and shows each option."""
    ran = crenel(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    for argument in arguments(name):
        assert argument.help
        for option in argument.option_strings:
            assert option in ran.out
    assert max(map(len, ran.out.splitlines())) <= 120


def test_short_options_mean_the_same_everywhere() -> None:
    """-f, -n and -A are kubectl's in every command."""
    meanings: dict[str, set[str]] = {}
    for name in COMMANDS:
        for argument in arguments(name):
            for option in argument.option_strings:
                if len(option) == 2:
                    meanings.setdefault(option, set()).add(argument.option_strings[-1])
    assert all(len(longs) == 1 for longs in meanings.values()), meanings
    assert meanings["-f"] == {"--filename"}
    assert meanings["-n"] == {"--namespace"}
    assert meanings["-A"] == {"--all-namespaces"}


def test_hidden_commands_stay_hidden() -> None:
    """What only scripts call is not in the help."""
    out = crenel("--help").out
    assert not [name for name in HIDDEN if name in out]
