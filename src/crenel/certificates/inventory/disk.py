"""PEM and DER files: of the paths that a user names, what is no manifest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from crenel.certificates.inventory.model import Entry, Place
from crenel.certificates.inventory.secrets import Text, entries
from crenel.certificates.material import pem
from crenel.provenance import Origin, Problem

ENDINGS = (".pem", ".crt", ".cer", ".cert", ".key", ".der", ".ca-bundle")
"""What is looked for in a directory."""
_MOST = 20_000
"""Files of one directory."""


def split(paths: Sequence[str]) -> tuple[list[str], list[Path]]:
    """Paths that manifests are read from, and the files with certificates and keys among or below them."""
    manifests: list[str] = []
    files: list[Path] = []
    for path in paths:
        below = Path(path)
        if path == "-" or path.startswith("git:"):
            manifests.append(path)
        elif below.is_dir():
            found = [each for each in _walk(below) if each.suffix.lower() in ENDINGS]
            files += found
            manifests += [path] if not found or _has_manifests(below) else []
        elif below.is_file() and _is_material(below):
            files.append(below)
        else:
            manifests.append(path)
    return manifests, list(dict.fromkeys(files))


def _walk(top: Path) -> Iterator[Path]:
    for number, each in enumerate(sorted(top.rglob("*"))):
        if number >= _MOST:
            return
        if each.is_file() and not any(part.startswith(".") for part in each.relative_to(top).parts):
            yield each


def _has_manifests(top: Path) -> bool:
    return any(each.suffix.lower() in (".yaml", ".yml", ".json") for each in _walk(top))


def _is_material(path: Path) -> bool:
    """Whether a file that was named is read as certificates: by its ending, or as it begins like PEM."""
    if path.suffix.lower() in ENDINGS:
        return True
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        return False
    try:
        with path.open("rb") as file:
            return file.read(1024).lstrip().startswith(b"-----BEGIN ")
    except OSError:
        return False


def read(files: Sequence[Path]) -> tuple[list[Entry], list[Problem]]:
    """Read files; those of one directory are paired with each other, as ``web.crt`` and ``web.key`` are."""
    found: list[Entry] = []
    problems: list[Problem] = []
    by_folder: dict[Path, list[tuple[Path, Text]]] = defaultdict(list)
    for path in files:
        origin = Origin(str(path))
        try:
            with path.open("rb") as file:
                content = file.read(pem.LARGEST + 1)
        except OSError as error:
            problems.append(Problem(f"cannot be read: {error.strerror}", origin))
            continue
        text = Text(path.name, (), pem.read(content, origin, (), f"file {path}"))
        by_folder[path.parent].append((path, text))
    for texts in by_folder.values():
        paths = {id(text): path for path, text in texts}
        for entry, text in entries([each for _, each in texts], Place("file", ""), None):
            path = paths[id(text)]
            entry.place, entry.label = Place("file", str(path), "", Origin(str(path))), ""
            found.append(entry)
    return found, problems
