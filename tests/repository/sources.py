"""The sources of the project, as its own tests read them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

from command import ROOT

PACKAGE = ROOT / "src" / "crenel"


@cache
def files() -> list[Path]:
    """Every file that is, or would be, committed."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@cache
def modules() -> dict[str, ast.Module]:
    """The modules of the package by their names."""
    return {name_of(path): ast.parse(path.read_text("utf-8"), str(path)) for path in sorted(PACKAGE.rglob("*.py"))}


def name_of(path: Path) -> str:
    """The name by which a file of the package is imported."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
