"""Finding the manifests below a directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from crenel.provenance import Origin, Problem, Severity
from crenel.sources import kustomize, tables_text

ENDINGS = (".yaml", ".yml", ".json")
ASIDE = ".crenelignore"
"""A file that says of its folder that a walk from above leaves it out."""


def is_manifest(name: str) -> bool:
    """Tell by its name whether a file found in a directory is read."""
    return name.lower().endswith((*ENDINGS, *tables_text.ENDINGS)) and not name.startswith(".")


def is_chart(names: list[str]) -> bool:
    """Tell whether the files of a directory make it a Helm chart, whose templates are no manifests until rendered."""
    return "Chart.yaml" in names


def chart_problem(source: str) -> Problem:
    """Say that a chart was left out, and what to do."""
    return Problem(f"a Helm chart, not read: render it first, helm template {source}", Origin(source))


def walk(top: Path) -> Iterator[Path | Problem]:
    """Yield the manifests below `top` in the order of their names, and what was left out.

    Hidden files and directories are skipped. Symbolic links to files are read, those to directories are not followed (a
    notice says so), as ``kubectl apply -R`` has it. A Helm chart is an error, since its objects are not known; a
    kustomization below the top is a notice, since the manifests that it names are read where they are. A folder below
    the top that holds a file `ASIDE` is left out: what is in it is no input unless it is named itself.
    """
    for folder, subfolders, names in os.walk(top, onerror=None):
        here = Path(folder)
        if is_chart(names):
            subfolders.clear()
            yield chart_problem(str(here))
            continue
        if ASIDE in names and here != top:
            subfolders.clear()
            continue
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in [name for name in subfolders if (here / name).is_symlink()]:
            subfolders.remove(name)
            yield _notice("a symbolic link to a directory, not followed: name it to read it", here / name)
        yield from _files(here, sorted(names))


def _files(here: Path, names: list[str]) -> Iterator[Path | Problem]:
    for name in names:
        path = here / name
        if name in kustomize.FILE_NAMES:
            yield _notice("a kustomization below the directory that was named, not built: name its directory", path)
        elif is_manifest(name):
            if path.is_file():
                yield path
            elif path.is_symlink():
                yield Problem("a symbolic link that leads nowhere", Origin(str(path)))


def _notice(message: str, path: Path) -> Problem:
    return Problem(message, Origin(str(path)), severity=Severity.NOTICE)
