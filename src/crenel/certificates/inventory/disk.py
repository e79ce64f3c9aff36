"""PEM and DER files on disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from crenel.certificates.inventory.model import Entry, Place
from crenel.certificates.inventory.secrets import Text, entries
from crenel.certificates.material import pem
from crenel.provenance import Origin, Problem


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
