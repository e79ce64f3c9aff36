"""Python as an ordinary user runs it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

from command import ROOT

NOBODY = 65534
_PATHS = [str(ROOT / "src"), str(ROOT / "tests"), sysconfig.get_path("purelib")]


def interpreter() -> str:
    """An interpreter that an ordinary user may run, with Crenel and what it needs; skips where there is none."""
    known = [sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or sys.executable]
    check = "import sys; assert sys.version_info >= (3, 11); import crenel.loading, crenel.output.schema"
    for each in known:
        with contextlib.suppress(PermissionError):
            if run([each, "-c", check]).returncode == 0:
                return each
    pytest.skip(f"an ordinary user can neither run {' nor '.join(known)} on this checkout")


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an ordinary user; who is one already stays what he is."""
    root = os.geteuid() == 0
    variables = {
        "PYTHONPATH": os.pathsep.join(_PATHS),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/sbin:/usr/bin:/bin",
        **environment,
    }
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, cwd="/", env=variables,
        user=NOBODY if root else None, group=NOBODY if root else None, extra_groups=[] if root else None,
    )  # fmt: skip
