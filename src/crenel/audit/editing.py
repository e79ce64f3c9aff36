"""Applies patches to the user's own text: comments, order and everything else stay as they are.

The document is read and written by ruamel.yaml, once as it is and once with the edits. What differs between the two is
carried over to the user's text, as a three-way merge does. Where that cannot be done without touching anything else,
the patch is refused in one line.
"""

from __future__ import annotations

import contextlib
import copy
import difflib
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from crenel.audit.comments import Text, text_of
from crenel.audit.patches import Append, Edit, NewFile, Patch, Remove, Set
from crenel.provenance import FieldPath, Origin, field_text

_INDENTS = ((2, 2, 0), (2, 4, 2), (4, 2, 0), (4, 4, 0), (4, 4, 2), (4, 6, 4), (2, 3, 1))
"""(mapping, sequence, offset) of the usual ways to write lists."""


class RefusalError(ValueError):
    """A patch cannot be applied. The message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Change:
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

    changes: Sequence[Change]
    refused: Sequence[str]


def changes(patches: Sequence[Patch | NewFile]) -> Outcome:
    """Work out what some patches change, without writing anything."""
    found: dict[str, Change] = {}
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
                found[source] = Change(source, old, edited(now or b"", group))
            else:
                found[f"{source}, document {number + 1}"] = _shown(group)
        except RefusalError as error:
            refused.append(str(error))
    return Outcome(list(found.values()), refused)


def _is_file(origin: Origin) -> bool:
    return Path(origin.source).is_file()


def _shown(patches: Sequence[Patch]) -> Change:
    """The change of a document that is no file: a revision, standard input, the output of kustomize."""
    origin = patches[0].origin
    text = _plain(origin).text
    new = _in_text(text, [edit for patch in patches for edit in _rooted(patch)], origin)
    return Change(f"{origin.source}, document {origin.document + 1}", text.encode(), new.encode(), writable=False)


def _attempt(found: dict[str, Change], refused: list[str], new: NewFile) -> None:
    """Add a new file beside a plain one; beside anything else the object is only shown."""
    beside = _is_file(new.beside) and not new.beside.source.startswith("git:")
    path = str(Path(new.beside.source).parent / new.name) if beside else new.name
    if beside and Path(path).exists():
        refused.append(f"{path}: exists already, not written over")
    else:
        found.setdefault(path, Change(path, None, new.text.encode(), writable=beside))


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
    text = _in_text(place.text, [edit for patch in patches for edit in _rooted(patch)], origin)
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


def _in_text(whole: str, edits: Sequence[Edit], origin: Origin) -> str:
    """One document's text with edits, or a refusal. The marker that it begins with stays as it is."""
    head, text = _marker(whole)
    wanted = _expected(text, edits, origin)
    unlike = RefusalError(f"{origin.source}: written too unlike other YAML around the field to be edited")
    for before, indents in _closest(text, origin):
        try:
            merged = _merged(text, before, _dumped(text, edits, indents, origin))
            if _data(merged, origin) == wanted:
                return head + merged
        except _UnlikeError:
            continue
    raise unlike


class _UnlikeError(Exception):
    """The text around a change is not what ruamel.yaml makes of it."""


def _expected(text: str, edits: Sequence[Edit], origin: Origin) -> Any:
    """What the text has to mean in the end, as other programs read it."""
    data = _data(text, origin)
    for edit in _ordered(edits):
        try:
            _apply(data, edit)
        except (KeyError, IndexError, TypeError, AttributeError):
            raise RefusalError(f"{origin.source}: there is no {field_text(edit.path)}") from None
    return data


def _closest(text: str, origin: Origin) -> list[tuple[str, tuple[int, int, int]]]:
    """The text as ruamel.yaml writes it with the usual indents, the most alike first."""
    dumped = [(_dumped(text, (), indents, origin), indents) for indents in _INDENTS]
    return sorted(dumped, key=lambda each: -len(set(_pieces(each[0])) & set(_pieces(text))))


def _marker(text: str) -> tuple[str, str]:
    first, newline, rest = text.partition("\n")
    bare = first.startswith("---") and (not first[3:].strip() or first[3:].lstrip().startswith("#"))
    return (first + newline, rest) if bare else ("", text)


def _matching(one: str, other: str) -> list[difflib.Match]:
    """The lines that two texts have in common, whatever their spaces."""
    left, right = ([" ".join(line.split()) for line in _pieces(text)] for text in (one, other))
    return difflib.SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()


def _pieces(text: str) -> list[str]:
    return text.split("\n")


def _dumped(text: str, edits: Sequence[Edit], indents: tuple[int, int, int], origin: Origin) -> str:
    """The document as ruamel.yaml writes it, with edits."""
    writer = _writer()
    writer.indent(mapping=indents[0], sequence=indents[1], offset=indents[2])
    try:
        data = writer.load(text)
        for edit in _ordered(edits):
            _apply(data, edit if isinstance(edit, Remove) else replace(edit, value=_written(edit.value)))
        out = io.StringIO()
        writer.dump(data, out)
    except Exception as error:  # noqa: BLE001 - whatever a text makes the library raise, the text stays as it is
        raise RefusalError(f"{origin.source}: cannot be edited: {str(error).splitlines()[0]}") from None
    return out.getvalue()


def _writer() -> Any:
    """The library, which is an extra.

    Raises:
        RefusalError: it is not installed.
    """
    try:
        from ruamel.yaml import YAML  # noqa: PLC0415 - an extra
    except ImportError:
        raise RefusalError("fixing needs ruamel.yaml: pip install 'crenel[fix]'") from None
    writer = YAML(typ="rt", pure=True)
    writer.preserve_quotes = True
    writer.width = 1 << 16
    return writer


def _data(text: str, origin: Origin) -> Any:
    """What a text means to a reader of YAML 1.1, as Kubernetes is one."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise RefusalError(f"{origin.source}: cannot be edited without breaking it") from None


def _written(value: Any) -> Any:
    """A value for the text: what YAML 1.1 would take for something else than text is quoted."""
    if isinstance(value, dict):
        return {key: _written(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, str) and yaml.safe_load(yaml.safe_dump(value)) == value and _plainly(value) != value:
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString  # noqa: PLC0415 - an extra

        return DoubleQuotedScalarString(value)
    return value


def _plainly(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _ordered(edits: Sequence[Edit]) -> list[Edit]:
    """Each edit once; removals last, from the end of lists, so that no path is moved by another edit."""
    unique = [edit for number, edit in enumerate(edits) if edit not in edits[:number]]
    removals = [edit for edit in unique if isinstance(edit, Remove)]
    removals.sort(
        key=lambda edit: [(isinstance(step, int), step if isinstance(step, int) else 0) for step in edit.path]
    )
    return [*(edit for edit in unique if not isinstance(edit, Remove)), *reversed(removals)]


def _apply(data: Any, edit: Edit) -> None:
    """Apply one edit to the parsed document."""
    match edit:
        case Set():
            _made(data, edit.path[:-1])[edit.path[-1]] = copy.deepcopy(edit.value)
        case Append():
            parent = _made(data, edit.path[:-1])
            if parent.get(edit.path[-1]) is None:
                parent[edit.path[-1]] = []
            parent[edit.path[-1]].append(copy.deepcopy(edit.value))
        case Remove():
            _remove(data, edit.path, edit.keep)


def _made(data: Any, path: FieldPath) -> Any:
    """The collection at a path, made where it is missing."""
    for step in path:
        if isinstance(step, str) and data.get(step) is None:
            data[step] = {}
        data = data[step]
    return data


def _remove(data: Any, path: FieldPath, keep: int) -> None:
    stations = [data]
    for step in path[:-1]:
        with contextlib.suppress(KeyError, IndexError, TypeError):
            stations.append(stations[-1][step])
            continue
        raise KeyError(field_text(path))
    for depth in range(len(path) - 1, keep - 1, -1):
        parent = stations[depth]
        if depth == len(path) - 1:
            if path[depth] not in (parent if isinstance(parent, dict) else range(len(parent))):
                raise KeyError(field_text(path))
        elif len(stations[depth + 1]):
            return
        del parent[path[depth]]


def _merged(text: str, before: str, after: str) -> str:
    """What differs between `before` and `after`, carried over to a text that `before` was made from."""
    mine, base, theirs = _pieces(text), _pieces(before), _pieces(after)
    kept = {
        base_at + step: mine_at + step for base_at, mine_at, size in _matching(before, text) for step in range(size)
    }
    result = list(mine)
    opcodes = difflib.SequenceMatcher(None, base, theirs, autojunk=False).get_opcodes()
    for kind, start, end, new_start, new_end in reversed(opcodes):
        if kind == "equal":
            continue
        stop, new_stop = _less_comments(base, theirs, (start, end), (new_start, new_end))
        low, high = _span(kept, start, stop, len(mine))
        if low is None or high is None or high - low != stop - start:
            raise _UnlikeError
        result[low:high] = theirs[new_start:new_stop]
    return "\n".join(result)


def _less_comments(
    base: list[str], theirs: list[str], old: tuple[int, int], new: tuple[int, int]
) -> tuple[int, int]:  # fmt: skip
    """The ends of a hunk without the comments at its end: they speak of what follows, and stay."""
    stop, new_stop = old[1], new[1]
    while stop > old[0] and (not base[stop - 1].strip() or base[stop - 1].lstrip().startswith("#")):
        if new_stop > new[0] and theirs[new_stop - 1] == base[stop - 1]:
            new_stop -= 1
        stop -= 1
    return stop, new_stop


def _span(kept: dict[int, int], start: int, stop: int, size: int) -> tuple[int | None, int | None]:
    """Where lines of the base stand in the text: all of them as they are, or for none the place behind the last one."""
    if start == stop:
        place = kept.get(start - 1)
        if place is not None:
            return place + 1, place + 1
        following = kept.get(start)
        return (following, following) if following is not None else (None, None)
    places = [kept.get(line) for line in range(start, stop)]
    if None in places or any(place is None or not 0 <= place < size for place in places):
        return None, None
    first = places[0]
    assert first is not None
    return (first, first + len(places)) if places == list(range(first, first + len(places))) else (None, None)


def write(change: Change) -> None:
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
