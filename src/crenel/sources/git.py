"""Configuration as it was, or will be, in a revision of a git repository, read without touching the work tree."""

from __future__ import annotations

import posixpath
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crenel.provenance import Origin, Problem, Severity
from crenel.sources import kustomize, walk
from crenel.sources.commands import CommandError, output
from crenel.sources.document import Reading
from crenel.sources.files import MAX_FILE
from crenel.sources.manifests import ManifestReader

_VARIABLES = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_OUTSIDE_BRACES = re.compile(r"((?:[^:{]|\{[^}]*\}?)*):(.*)", re.DOTALL)
_MAX_EXTRACTED = 1024 * 1024 * 1024


def export(revision_path: str) -> Reading:
    """Read the manifests of ``git:REV[:PATH]`` in the repository of the current directory; ``git:`` may be missing.

    REV is whatever git takes for a commit or tree. As in git's own ``REV:PATH``, PATH counts from the root of the
    repository unless it begins with ``./`` or ``../``; without PATH the whole revision is read. PATH is a file, or a
    directory that is read as `crenel.sources.files.read` reads one: charts and hidden directories are left out, a
    kustomization at its top is built, in a temporary copy of the revision. Symbolic links and submodules are not
    followed. What is wrong is a problem of the Reading; origins say ``git:REV:PATH``.
    """
    revision, path = _divide(revision_path.removeprefix("git:"))
    try:
        return _Revision(revision).read(path)
    except CommandError as error:
        source = f"git:{revision}:{path}" if path else f"git:{revision}"
        return Reading(problems=[Problem(str(error), Origin(source))])


def _divide(text: str) -> tuple[str, str]:
    """Cut at the first colon that is not in braces, as git does: ``HEAD^{/fix: this}:path``."""
    match = _OUTSIDE_BRACES.fullmatch(text)
    return (match[1], match[2]) if match else (text, "")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of a tree, by its path from the root of the revision."""

    mode: str
    name: str
    size: int
    path: str

    @property
    def is_file(self) -> bool:
        return self.mode.startswith("100")


class _Revision:
    """A tree of the repository, resolved; CommandError when git does not know it."""

    def __init__(self, revision: str) -> None:
        self._revision = revision
        if not revision or revision.startswith("-") or "\0" in revision:
            raise CommandError(f"{revision!r} is not a revision")
        self._prefix = _text("rev-parse", "--show-prefix").removesuffix("\n")
        self._root = self._resolve(f"{revision}^{{tree}}", f"no revision {revision!r} here")
        self._reader = ManifestReader()

    def read(self, path: str) -> Reading:
        """Read a file, or the manifests of a directory."""
        inside = self._inside(path)
        missing = f"no {path!r} in this revision"
        name = self._resolve(f"{self._root}:{inside}", missing) if inside else self._root
        if _text("cat-file", "-t", name).strip() == "blob":
            return self._read_file(inside)
        entries = list(_entries(name, inside))
        if any(posixpath.join(inside, file) == entry.path for entry in entries for file in kustomize.FILE_NAMES):
            return self._build(inside)
        return self._read_all(inside, entries)

    def _resolve(self, expression: str, missing: str) -> str:
        try:
            return _text("rev-parse", "--verify", "--quiet", "--end-of-options", expression).strip()
        except CommandError as error:
            raise CommandError(missing if "exit code" in str(error) else str(error)) from None

    def _inside(self, path: str) -> str:
        """Return the path from the root of the repository, without a slash at either end."""
        if "\0" in path:
            raise CommandError("a path cannot hold a NUL character")
        relative = path in {".", ".."} or path.startswith(("./", "../"))
        inside = posixpath.normpath(posixpath.join(self._prefix if relative else "", path.strip("/") or "."))
        if inside == ".." or inside.startswith("../"):
            raise CommandError(f"{path!r} leads out of the repository")
        return "" if inside == "." else inside

    def _source(self, path: str) -> str:
        return f"git:{self._revision}:{path}" if path else f"git:{self._revision}"

    def _problem(self, message: str, path: str, severity: Severity = Severity.ERROR) -> Problem:
        return Problem(message, Origin(self._source(path)), severity=severity)

    def _read_file(self, path: str) -> Reading:
        folder, name = posixpath.split(path)
        found = [entry for entry in _entries(f"{self._root}:{folder}", folder, deep=False) if entry.path == path]
        if name in kustomize.FILE_NAMES:
            return Reading(problems=[self._problem("a kustomization: name its directory to build it", path)])
        return self._read_entries(found)

    def _read_all(self, top: str, entries: list[_Entry]) -> Reading:
        reading = Reading()
        chosen = []
        for entry in _without_charts(_without_asides(entries, top), top):
            if isinstance(entry, str):
                message = "a Helm chart, not read: render it first, helm template"
                reading.problems.append(self._problem(message, entry))
            elif posixpath.basename(entry.path) in kustomize.FILE_NAMES:
                message = "a kustomization below the directory that was named, not built: name its directory"
                reading.problems.append(self._problem(message, entry.path, Severity.NOTICE))
            elif walk.is_manifest(posixpath.basename(entry.path)):
                chosen.append(entry)
        reading.extend(self._read_entries(chosen))
        if not reading.examined and not reading.problems:
            reading.problems.append(self._problem("no manifest in this directory", top, Severity.WARNING))
        return reading

    def _read_entries(self, entries: list[_Entry]) -> Reading:
        reading = Reading()
        good = []
        for entry in entries:
            if not entry.is_file:
                message = "a symbolic link, not followed"
                reading.problems.append(self._problem(message, entry.path, Severity.NOTICE))
            elif entry.size > MAX_FILE:
                reading.problems.append(self._problem(f"larger than {MAX_FILE:,} bytes", entry.path))
            else:
                good.append(entry)
        for entry, data in _contents(good):
            reading.extend(self._reader.read(self._source(entry.path), data))
        return reading

    def _build(self, inside: str) -> Reading:
        """Build a kustomization in a copy of the revision, since it may name what lies beside it."""
        entries = [entry for entry in _entries(self._root, "") if entry.is_file]
        if sum(entry.size for entry in entries) > _MAX_EXTRACTED:
            raise CommandError(f"the revision is larger than {_MAX_EXTRACTED:,} bytes: its kustomization is not built")
        with tempfile.TemporaryDirectory(prefix="crenel-") as folder:
            for entry, data in _contents(entries):
                _place(Path(folder), entry.path, data)
            return kustomize.build(self._source(inside), Path(folder, inside), self._reader)


def _without_asides(entries: list[_Entry], top: str) -> list[_Entry]:
    """Leave out the folders below the top that say so (`walk.ASIDE`)."""
    marked = {posixpath.dirname(each.path) for each in entries if posixpath.basename(each.path) == walk.ASIDE} - {top}
    return [each for each in entries if not any(each.path.startswith(f"{folder}/") for folder in marked)]


def _without_charts(entries: Iterable[_Entry], top: str) -> Iterator[_Entry | str]:
    """Yield the entries outside of hidden directories and Helm charts, and the folder of each chart once."""
    entries = list(entries)
    charts = {posixpath.dirname(entry.path) for entry in entries if posixpath.basename(entry.path) == "Chart.yaml"}
    told: set[str] = set()
    for entry in entries:
        below = entry.path[len(top) :].strip("/")
        if any(part.startswith(".") for part in below.split("/")):
            continue
        chart = next((folder for folder in _folders(entry.path) if folder in charts), None)
        if chart is None:
            yield entry
        elif chart not in told:
            told.add(chart)
            yield chart


def _folders(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, the root first."""
    yield ""
    for match in re.finditer("/", path):
        yield path[: match.start()]


def _entries(tree: str, below: str, *, deep: bool = True) -> Iterator[_Entry]:
    """List a tree; `below` is where it lies, from the root."""
    options = ["-r"] if deep else []
    listing = output(["git", "ls-tree", *options, "--full-tree", "-z", "-l", tree], variables=_VARIABLES)
    for line in listing.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        mode, kind, name, size = facts.split()
        if kind == "blob":
            yield _Entry(mode, name, int(size), posixpath.join(below, path))


def _contents(entries: list[_Entry]) -> Iterator[tuple[_Entry, bytes]]:
    """Yield the files with what they hold, one run of git for many."""
    batch: list[_Entry] = []
    held = 0
    for entry in entries:
        if batch and held + entry.size > MAX_FILE // 2:
            yield from _batch(batch)
            batch, held = [], 0
        batch.append(entry)
        held += entry.size
    yield from _batch(batch)


def _batch(entries: list[_Entry]) -> Iterator[tuple[_Entry, bytes]]:
    if not entries:
        return
    names = "".join(f"{entry.name}\n" for entry in entries)
    limit = sum(entry.size + 200 for entry in entries)
    data = output(["git", "cat-file", "--batch"], stdin=names.encode(), variables=_VARIABLES, limit=limit)
    position = 0
    for entry in entries:
        start = data.index(b"\n", position) + 1
        if data[position:start].split()[1] != b"blob":
            raise CommandError(f"git has lost {entry.path!r}")
        position = start + entry.size + 1
        yield entry, data[start : start + entry.size]


def _place(folder: Path, path: str, data: bytes) -> None:
    """Write one file of the revision below a folder, and nowhere else."""
    parts = path.split("/")
    if any(part in {"", ".", "..", ".git"} for part in parts):
        raise CommandError(f"the revision has a path that cannot be copied: {path!r}")
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _text(*arguments: str) -> str:
    return output(["git", *arguments], variables=_VARIABLES).decode("utf-8", "surrogateescape")
