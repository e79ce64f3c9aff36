"""How fast the command starts."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from command import SCRIPTS

ROUNDS = 15
MOST = 3.0


@pytest.mark.alone
def test_help_starts_fast() -> None:
    """`crenel --help` takes at most three times as long as an empty program; the best of many runs counts."""
    empty = help_ = float("inf")
    for _ in range(ROUNDS):
        empty = min(empty, seconds([sys.executable, "-c", "pass"]))
        help_ = min(help_, seconds([str(SCRIPTS / "crenel"), "--help"]))
    assert help_ / empty <= MOST, f"{help_ * 1000:.1f} ms against {empty * 1000:.1f} ms"


def test_help_imports_no_parser() -> None:
    """What makes starting slow is not imported for the help."""
    code = "import sys; sys.argv = ['crenel', '--help']; from crenel.cli.main import main; main(); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert not loaded & {"argparse", "re", "enum", "dataclasses", "msgspec", "yaml"}


def seconds(command: list[str]) -> float:
    """How long a command takes."""
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin
