"""What completion offers, whatever the shell."""

from __future__ import annotations

import pytest

from crenel.cli.candidates import complete
from crenel.cli.main import COMMANDS
from crenel.cli.map import FORMATS

NOTHING = [":4"]
FILES = [":0"]


def offered(*words: str) -> list[str]:
    """The candidates, without their descriptions."""
    return [line.partition("\t")[0] for line in complete(words).splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ma"], ["map", ":4"]),
        (["--v"], ["--version", ":4"]),
        (["nothing-like-it", ""], NOTHING),
        (["map", "--ex"], ["--expand", "--exit-zero", ":4"]),
        (["map", "--expand", "--ex"], ["--exit-zero", ":4"]),
        (["map", "--from", "shop/web", "--fr"], ["--from", ":4"]),
        (["map", "-o", "m"], ["md", "mermaid", ":4"]),
        (["map", "--output", "m"], ["md", "mermaid", ":4"]),
        (["map", "--output=m"], ["--output=md", "--output=mermaid", ":4"]),
        (["map", "--output", "=", "m"], ["--output=md", "--output=mermaid", ":4"]),
        (["map", "--output", "="], [f"--output={name}" for name in FORMATS] + [":4"]),
        (["map", "--output=md", "--exp"], ["--expand", ":4"]),
        (["map", "-f", ""], FILES),
        (["map", "--kubeconfig=x"], FILES),
        (["map", "--from", ""], NOTHING),
        (["map", "-f", "-", "--exp"], ["--expand", ":4"]),
        (["map", ""], NOTHING),
        (["diff", "old/", ""], FILES),
        (["diff", "old/", "new/", ""], NOTHING),
        (["can", "shop/web", "--batch", ""], FILES),
        (["completion", ""], ["bash", "zsh", "fish", ":4"]),
        (["completion", "z"], ["zsh", ":4"]),
        (["map", "--bogus", "--exp"], ["--expand", ":4"]),
    ],
)
def test_candidates(words: list[str], expected: list[str]) -> None:
    """What may stand at the cursor, and nothing else."""
    assert offered(*words) == expected


def test_every_command_is_offered_with_its_help() -> None:
    """An empty line offers the commands, described as in the help."""
    assert complete([""]) == "".join(f"{name}\t{line}\n" for name, (_, line) in COMMANDS.items()) + ":4\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_offered(name: str) -> None:
    """A dash offers the options of any command, each with a description."""
    lines = complete([name, "-"]).splitlines()[:-1]
    assert "--help" in [line.partition("\t")[0] for line in lines]
    assert all(line.partition("\t")[2] for line in lines)
