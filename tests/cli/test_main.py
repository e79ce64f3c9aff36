"""The command as a whole: help, version, wrong use."""

from __future__ import annotations

import pytest

from command import SCRIPTS, crenel, run
from crenel import __version__
from crenel.cli.main import COMMANDS


def test_help_names_every_command() -> None:
    """`crenel --help` fits a screen and names every command with a line."""
    ran = crenel("--help")
    assert ran.code == 0
    assert ran.err == ""
    for name, (_, line) in COMMANDS.items():
        assert f"  {name:<12} {line}\n" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_version() -> None:
    """`crenel --version` is one line."""
    assert crenel("--version") == (0, f"crenel {__version__}\n", "")


def test_module() -> None:
    """`python -m crenel` is the same command."""
    ran = run([str(SCRIPTS / "python"), "-m", "crenel", "--help"])
    assert ran == crenel("--help")


@pytest.mark.parametrize("arguments", [["--help"], ["map", "--help"], ["mpa"]])
def test_kubectl_names_itself(arguments: list[str]) -> None:
    """As a plugin it speaks of itself as its users call it, and is otherwise the same."""
    plain, plugin = crenel(*arguments), run([str(SCRIPTS / "kubectl-crenel"), *arguments])
    assert plugin.code == plain.code
    assert "kubectl crenel" in plugin.out + plugin.err
    assert "kubectl" not in (plain.out + plain.err).replace("kubeconfig", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "crenel: no command given\nhint: `crenel --help` lists them\n"),
        (["mpa"], "crenel: no command 'mpa'\nhint: did you mean `crenel map`?\n"),
        (["x"], "crenel: no command 'x'\nhint: `crenel --help` lists them\n"),
        (["-f", "a", "map"], "crenel: no command before -f\nhint: options follow the command: `crenel map -f ...`\n"),
        (
            ["map", "--bogus"],
            "crenel: unrecognized arguments: --bogus\nhint: `crenel map --help` shows how it is used\n",
        ),
        (
            ["diff", "a"],
            "crenel: the following arguments are required: NEW\nhint: `crenel diff --help` shows how it is used\n",
        ),
        (
            ["can", "shop/web"],
            "crenel: give SOURCE and TARGET, or --batch FILE\nhint: `crenel can --help` shows how they are written\n",
        ),
    ],
)
def test_wrong_use(arguments: list[str], said: str) -> None:
    """Wrong use is one line and a hint on stderr, nothing on stdout, and exit code 2."""
    assert crenel(*arguments) == (2, "", said)


def test_abbreviated_options_are_refused() -> None:
    """A prefix of an option is not that option: scripts must not break when a new one is added."""
    assert crenel("map", "--expan").code == 2
