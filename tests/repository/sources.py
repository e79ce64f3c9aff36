"""The sources of the project, as its own tests read them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

from command import ROOT

PACKAGE = ROOT / "src" / "crenel"


GENERATED = {".git", ".venv", "build", "dist", "__pycache__"}


@cache
def files() -> list[Path]:
    """Every file that is, or would be, committed; without git, every file that nothing has generated."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        found = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not generated(path.relative_to(ROOT))]
    return [path for path in found if path.is_file()]


def generated(path: Path) -> bool:
    """Whether tools made a file."""
    return any(part in GENERATED or part.endswith((".egg-info", "_cache", ".hypothesis")) for part in path.parts)


@cache
def modules() -> dict[str, ast.Module]:
    """The modules of the package by their names."""
    return {name_of(path): ast.parse(path.read_text("utf-8"), str(path)) for path in sorted(PACKAGE.rglob("*.py"))}


def name_of(path: Path) -> str:
    """The name by which a file of the package is imported."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
