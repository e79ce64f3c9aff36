"""Configuration from files, directories and standard input."""

from __future__ import annotations

import contextlib
import gc
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from crenel.provenance import Origin, Problem, Severity
from crenel.sources import kustomize
from crenel.sources.document import Reading
from crenel.sources.manifests import ManifestReader
from crenel.sources.walk import ENDINGS, walk

MAX_FILE = 512 * 1024 * 1024
"""The largest file that is read, in bytes."""


def read(paths: Sequence[str], *, stdin: IO[bytes] | None = None) -> Reading:
    """Read manifests from files, directories and ``-`` (standard input, or `stdin` in its place), in the order given.

    A file that is named is read whatever its ending. Of a directory all ``*.yaml``, ``*.yml`` and ``*.json`` below it
    are read, see `walk` for what is left out; a directory that itself holds a kustomization is built instead. A file
    that is reached twice is read once.

    Nothing is raised for any content: a document that cannot be read, or that is no Kubernetes object (no apiVersion or
    kind, as in a values.yaml), becomes a problem of severity ERROR, and the others are still read. Kustomize's own
    documents are notices. A directory without manifests is a warning, a path that does not exist an error.
    """
    sources = _Files(stdin)
    with _without_garbage_collection():
        for path in paths:
            sources.add(path)
    return sources.reading


class _Files:
    def __init__(self, stdin: IO[bytes] | None) -> None:
        self.reading = Reading()
        self._stdin = stdin
        self._reader = ManifestReader()
        self._seen: set[Path] = set()

    def add(self, path: str) -> None:
        """Read what one path names."""
        try:
            if path == "-":
                self._add_standard_input()
            elif Path(path).is_dir():
                self._add_directory(Path(path))
            elif Path(path).name in kustomize.FILE_NAMES:
                self._complain("a kustomization: name its directory to build it", path)
            else:
                self._add_file(Path(path), path)
        except (OSError, ValueError) as error:
            self._complain(_reason(error), path)

    def _add_standard_input(self) -> None:
        if Path("-") not in self._seen:
            self._seen.add(Path("-"))
            self._add_bytes("-", self._stdin or sys.stdin.buffer)

    def _add_directory(self, top: Path) -> None:
        if any((top / name).is_file() for name in kustomize.FILE_NAMES):
            self.reading.extend(kustomize.build(str(top), top, self._reader))
            return
        before = self.reading.examined, len(self.reading.problems)
        for found in walk(top):
            if isinstance(found, Problem):
                self.reading.problems.append(found)
                continue
            try:
                self._add_file(found, str(found))
            except OSError as error:
                self._complain(_reason(error), str(found))
        if before == (self.reading.examined, len(self.reading.problems)):
            endings = ", ".join(f"*{ending}" for ending in ENDINGS)
            self._complain(f"no manifest in this directory ({endings})", str(top), Severity.WARNING)

    def _add_file(self, path: Path, source: str) -> None:
        real = path.resolve()
        status = real.stat()
        if stat.S_ISREG(status.st_mode):
            if real in self._seen:
                return
            self._seen.add(real)
        with real.open("rb") as file:
            self._add_bytes(source, file)

    def _add_bytes(self, source: str, file: IO[bytes]) -> None:
        data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            self._complain(f"larger than {MAX_FILE:,} bytes", source)
            return
        self.reading.extend(self._reader.read(source, data))

    def _complain(self, message: str, source: str, severity: Severity = Severity.ERROR) -> None:
        self.reading.problems.append(Problem(message, Origin(source), severity=severity))


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or directory"
    return f"cannot be read: {(isinstance(error, OSError) and error.strerror) or error}"


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause the collector: reading makes many objects, no cycles; looking for those would take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
