"""Commands below a command: offered, completed, explained."""

from __future__ import annotations

import argparse

import pytest

from cli.test_candidates import offered
from command import crenel
from crenel.cli import subcommands
from crenel.cli.certs import SUBCOMMANDS

THERE = [name for name, (path, _) in SUBCOMMANDS.items() if subcommands.is_there(path)]


def test_those_whose_module_is_there() -> None:
    """A subcommand without its module is not offered."""
    parser = argparse.ArgumentParser()
    subcommands.add(parser, {
        "inventory": SUBCOMMANDS["inventory"], "gone": ("crenel.cli.certs_that_nobody_wrote", "nothing"),
    })  # fmt: skip
    assert subcommands.lines(parser) == {"inventory": SUBCOMMANDS["inventory"][1]}
    assert [*subcommands.below(parser)] == ["inventory"]


def test_every_subcommand_of_certs_has_a_help() -> None:
    """It explains itself and each of its options."""
    for name in THERE:
        ran = crenel("certs", name, "--help")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"usage: crenel certs {name} ")
        assert max(map(len, ran.out.splitlines())) <= 120


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["certs", ""], [*THERE, ":4"]),
        (["certs", "inv"], ["inventory", ":4"]),
        (["certs", "inventory", "--sec"], ["--secrets", ":4"]),
        (["certs", "inventory", "-o", "j"], ["json", ":4"]),
        (["certs", "inventory", "-f", ""], [":0"]),
    ],
)
def test_candidates(words: list[str], expected: list[str]) -> None:
    """What may stand at the cursor behind a subcommand."""
    assert offered(*words) == expected


def test_without_a_subcommand() -> None:
    """It is asked for, in one line."""
    ran = crenel("certs")
    assert (ran.code, ran.out) == (2, "")
    assert "SUBCOMMAND" in ran.err and "Traceback" not in ran.err
