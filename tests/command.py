"""The real command, as tests run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

SCRIPTS = Path(sys.executable).parent
"""Where pip puts `crenel` and `kubectl-crenel`."""


class Ran(NamedTuple):
    """How a run ended, and what it wrote."""

    code: int
    out: str
    err: str


def crenel(*arguments: str, stdin: str = "", cwd: Path = ROOT, **environment: str) -> Ran:
    """Run `crenel ARGUMENTS`, with variables added to the environment."""
    return run([str(SCRIPTS / "crenel"), *arguments], stdin=stdin, cwd=cwd, **environment)


def run(command: list[str], *, stdin: str = "", cwd: Path = ROOT, **environment: str) -> Ran:
    """Run any command that finds `crenel` on its PATH."""
    variables = os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"} | environment
    ended = subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, timeout=120, cwd=cwd, env=variables
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)
