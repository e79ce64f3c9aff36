"""Measures one process: CPU seconds, peak memory, and what it says of its phases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
CRENEL = (PYTHON, "-m", "crenel")


@dataclass(frozen=True)
class Cost:
    """What a process cost."""

    cpu: float
    """User and system seconds."""
    memory: float
    """The most it held, in MB."""
    status: int
    output: str
    phases: dict[str, float] = field(default_factory=dict)
    """CPU seconds by phase, from CRENEL_TIMINGS; empty when the process did not say."""


@cache
def _bytecode() -> tempfile.TemporaryDirectory[str]:
    """Where compiled modules are kept, so that runs find them as those of an installed package do."""
    return tempfile.TemporaryDirectory(prefix="crenel-bytecode-")


def environment() -> dict[str, str]:
    """The caller's environment, with this checkout's package in front and its bytecode kept between runs."""
    paths = [str(ROOT / "src"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONPYCACHEPREFIX": _bytecode().name,
        "PYTHONDONTWRITEBYTECODE": "",
        "CRENEL_TIMINGS": "1",
    }
    return os.environ | own


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        text, complaints = out.read().decode("utf-8", "replace"), errors.read().decode("utf-8", "replace")
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}:\n{complaints[-2000:]}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, process.returncode, text, _phases(complaints))


def best(command: Sequence[str], times: int) -> Cost:
    """The cheapest of several runs."""
    return min((run(command) for _ in range(times)), key=lambda cost: cost.cpu)


def _phases(complaints: str) -> dict[str, float]:
    for line in reversed(complaints.splitlines()):
        if line.startswith("{"):
            try:
                found = json.loads(line)
            except ValueError:
                continue
            return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}
    return {}
