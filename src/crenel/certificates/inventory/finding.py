"""Files with certificates among the paths that a user names: what is no manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from crenel.provenance import Origin, Problem

ENDINGS = (".pem", ".crt", ".cer", ".cert", ".key", ".der", ".ca-bundle")
"""What is looked for in a directory."""
MOST = 20_000
"""Files of one directory that are looked at."""
_MANIFESTS = (".yaml", ".yml", ".json")


def split(paths: Sequence[str]) -> tuple[list[str], list[Path], list[Problem]]:
    """Paths that manifests are read from; the files with certificates and keys among or below them; what went wrong."""
    manifests: list[str] = []
    files: list[Path] = []
    problems: list[Problem] = []
    for path in paths:
        below = Path(path)
        if path == "-" or path.startswith("git:"):
            manifests.append(path)
        elif _is(below, "dir"):
            found, others = _directory(below, problems)
            files += found
            manifests += [path] if others or not found else []
        elif _is_material(below):
            files.append(below)
        else:
            manifests.append(path)
    return manifests, list(dict.fromkeys(files)), problems


def _directory(top: Path, problems: list[Problem]) -> tuple[list[Path], bool]:
    """The files with certificates below a directory, and whether there are manifests too."""
    found: list[Path] = []
    others = False
    for number, each in enumerate(_walk(top)):
        if number >= MOST:
            problems.append(Problem(f"more than {MOST:,} files: the rest is not looked at", Origin(str(top))))
            break
        ending = each.suffix.lower()
        others = others or ending in _MANIFESTS
        if ending in ENDINGS:
            found.append(each)
    return found, others


def _walk(top: Path) -> Iterator[Path]:
    """The files below a directory in order, but for those that are hidden, as what a mounted volume keeps twice is."""
    for each in sorted(top.rglob("*")):
        if not any(part.startswith(".") for part in each.relative_to(top).parts) and _is(each, "file"):
            yield each


def _is(path: Path, kind: str) -> bool:
    """Whether a path is a file or a directory, as far as one may look."""
    try:
        return path.is_dir() if kind == "dir" else path.is_file()
    except (OSError, ValueError):
        return False


def _is_material(path: Path) -> bool:
    """Whether a file that was named is read as certificates: by its ending, or as it begins like PEM."""
    if not _is(path, "file") or path.suffix.lower() in _MANIFESTS:
        return False
    if path.suffix.lower() in ENDINGS:
        return True
    try:
        with path.open("rb") as file:
            return file.read(1024).lstrip().startswith(b"-----BEGIN ")
    except OSError:
        return False
