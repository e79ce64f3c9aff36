"""Applies patches to files: worked out first, then written in the place of what is there."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crenel.editing.merging import in_text
from crenel.editing.patches import Append, Edit, NewFile, Patch, Remove, Set
from crenel.editing.texts import Text, text_of
from crenel.editing.values import RefusalError
from crenel.provenance import Origin


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after; `old` is None for one that is new."""

    path: str
    old: bytes | None
    new: bytes
    writable: bool = True
    """False for what is only shown: it is no plain file."""

    def diff(self) -> str:
        """The change as a unified diff."""
        before = _lines(self.old or b"")
        path = self.path.lstrip("/")
        name = f"a/{path}" if self.old is not None else "/dev/null"
        found = difflib.unified_diff(before, _lines(self.new), name, f"b/{path}", n=3)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").splitlines(keepends=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some patches: changes of files, and why others could not be applied."""

    changes: Sequence[FileChange]
    refused: Sequence[str]


def changes(patches: Sequence[Patch | NewFile]) -> Outcome:
    """Work out what some patches change, without writing anything."""
    found: dict[str, FileChange] = {}
    refused: list[str] = []
    by_document: dict[tuple[str, int], list[Patch]] = {}
    for each in patches:
        if isinstance(each, Patch):
            by_document.setdefault((each.origin.source, each.origin.document), []).append(each)
    for new in dict.fromkeys(each for each in patches if isinstance(each, NewFile)):
        _attempt(found, refused, new)
    for (source, number), group in sorted(by_document.items(), key=lambda item: (item[0][0], -item[0][1])):
        try:
            if _is_file(group[0].origin):
                old = found[source].old if source in found else _read(group[0].origin)
                now = found[source].new if source in found else old
                found[source] = FileChange(source, old, edited(now or b"", group))
            else:
                found[f"{source}, document {number + 1}"] = _shown(group)
        except RefusalError as error:
            refused.append(str(error))
    return Outcome(list(found.values()), refused)


def _is_file(origin: Origin) -> bool:
    return Path(origin.source).is_file()


def _shown(patches: Sequence[Patch]) -> FileChange:
    """The change of a document that is no file: a revision, standard input, the output of kustomize."""
    origin = patches[0].origin
    text = _plain(origin).text
    new = in_text(text, [edit for patch in patches for edit in _rooted(patch)], origin)
    return FileChange(f"{origin.source}, document {origin.document + 1}", text.encode(), new.encode(), writable=False)


def _attempt(found: dict[str, FileChange], refused: list[str], new: NewFile) -> None:
    """Add a new file beside a plain one; beside anything else the object is only shown."""
    beside = _is_file(new.beside) and not new.beside.source.startswith("git:")
    path = str(Path(new.beside.source).parent / new.name) if beside else new.name
    if beside and Path(path).exists():
        refused.append(f"{path}: exists already, not written over")
    else:
        found.setdefault(path, FileChange(path, None, new.text.encode(), writable=beside))


def _plain(origin: Origin) -> Text:
    """The text of a plain manifest on disk."""
    place = text_of(origin)
    if place is None:
        raise RefusalError(f"{origin.source or 'the live cluster'}: its text is not known")
    if place.json:
        raise RefusalError(f"{origin.source}: JSON is not edited")
    return place


def _read(origin: Origin) -> bytes:
    _plain(origin)
    try:
        return Path(origin.source).read_bytes()
    except OSError as error:
        raise RefusalError(f"{origin.source}: {error.strerror}") from None


def edited(data: bytes, patches: Sequence[Patch]) -> bytes:
    """The bytes of a file with the edits of some patches, all of one document; later documents may have changed.

    Raises:
        RefusalError: the file is not what was read, or more than the edit would change.
    """
    origin = patches[0].origin
    place = _plain(origin)
    try:
        raw = data.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusalError(f"{origin.source}: not UTF-8, not edited") from None
    lines = raw.splitlines(keepends=True) if "\r" in raw else [*_split(raw)]
    first, count = place.first - 1, place.text.count("\n") + (not place.text.endswith("\n"))
    part = lines[first : first + count]
    if "".join(part).replace("\r\n", "\n").removeprefix("\ufeff") != place.text:
        raise RefusalError(f"{origin.source}: has changed since it was read")
    ending = "\r\n" if any(line.endswith("\r\n") for line in part) else "\n"
    text = in_text(place.text, [edit for patch in patches for edit in _rooted(patch)], origin)
    return "".join([*lines[:first], text.replace("\n", ending), *lines[first + count :]]).encode()


def _split(text: str) -> Iterator[str]:
    """Lines that end in line feeds alone."""
    *whole, rest = text.split("\n")
    yield from (f"{line}\n" for line in whole)
    if rest:
        yield rest


def _rooted(patch: Patch) -> Iterator[Edit]:
    """Edits with paths from the document's root, for an item of a List."""
    item = patch.origin.item
    for edit in patch.edits:
        match edit:
            case Set():
                yield Set((*item, *edit.path), edit.value)
            case Append():
                yield Append((*item, *edit.path), edit.value)
            case Remove():
                yield Remove((*item, *edit.path), edit.keep + len(item))


def write(change: FileChange) -> None:
    """Write a changed file, or a new one: beside it first, then in its place.

    Raises:
        RefusalError: it cannot be written, or is not what it was.
    """
    path = Path(change.path).resolve()
    if not change.writable:
        raise RefusalError(f"{change.path}: no plain file, only shown")
    try:
        if change.old is None:
            with path.open("xb") as file:
                file.write(change.new)
            return
        if path.read_bytes() != change.old:
            raise RefusalError(f"{change.path}: has changed since it was read")
        _replace(path, change.new)
    except OSError as error:
        raise RefusalError(f"{change.path}: {error.strerror}") from None


def write_all(changes: Sequence[FileChange]) -> None:
    """Write some changes, or none where the first look shows that one of them cannot be.

    Raises:
        RefusalError: a file cannot be written, or is not what it was.
    """
    for each in changes:
        _check(each)
    for each in changes:
        write(each)


def _check(change: FileChange) -> None:
    path = Path(change.path)
    try:
        found = path.read_bytes() if path.exists() else None
    except OSError as error:
        raise RefusalError(f"{change.path}: {error.strerror}") from None
    if found != change.old:
        raise RefusalError(f"{change.path}: has changed since it was read")


def _replace(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode & 0o7777
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
