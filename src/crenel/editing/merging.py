"""Edits of one document's text: comments, order and everything else stay as they are.

The document is read and written by ruamel.yaml, once as it is and once with the edits. What differs between the two is
carried over to the user's text, as a three-way merge does. Where that cannot be done without touching anything else,
the edit is refused in one line.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import yaml

from crenel.editing.patches import Edit, Remove
from crenel.editing.values import NoSuchFieldError, RefusalError, applied, apply, ordered
from crenel.provenance import Origin

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INDENTS = ((2, 2, 0), (2, 4, 2), (4, 2, 0), (4, 4, 0), (4, 4, 2), (4, 6, 4), (2, 3, 1))
"""(mapping, sequence, offset) of the usual ways to write lists."""


@dataclass(frozen=True, slots=True)
class _Style:
    """How a text writes collections: the indents of blocks, and how what is in one line looks.

    `spaced` are the opening marks that a space follows (``{ a: b }``); `braces` says that a mapping of one pair has
    them in a list as well (``[{a: b}]``, not ``[a: b]``).
    """

    indents: tuple[int, int, int] = _INDENTS[0]
    spaced: str = ""
    braces: bool = True


def in_text(whole: str, edits: Sequence[Edit], origin: Origin) -> str:
    """One document's text with edits, or a refusal. The marker that it begins with stays as it is."""
    head, text = _marker(whole)
    wanted = _expected(text, edits, origin)
    for before, style in _closest(text, origin):
        try:
            found = _merged(text, before, _dumped(text, edits, style, origin))
            if _data(found, origin) == wanted:
                return head + found
        except _UnlikeError:
            continue
    where = f"{origin.source}:{origin.line(edits[0].path[len(origin.item) :])}" if origin.locate else origin.source
    raise RefusalError(f"{where}: written too unlike other YAML to be edited without touching anything else")


class _UnlikeError(Exception):
    """The text around a change is not what ruamel.yaml makes of it."""


def _expected(text: str, edits: Sequence[Edit], origin: Origin) -> Any:
    """What the text has to mean in the end, as other programs read it."""
    try:
        return applied(_data(text, origin), edits)
    except NoSuchFieldError as error:
        raise RefusalError(f"{origin.source}: {error}") from None


def _closest(text: str, origin: Origin) -> Iterator[tuple[str, _Style]]:
    """The text as ruamel.yaml writes it in the usual styles, the most alike first.

    A style that has all lines of the text is tried before others are looked for.
    """
    lines = set(_pieces(text))
    known: list[tuple[int, str, _Style]] = []
    for style in _styles(text):
        dumped = _dumped(text, (), style, origin)
        alike = len(lines & set(_pieces(dumped)))
        if alike == len(lines):
            yield dumped, style
        else:
            known.append((alike, dumped, style))
    yield from ((dumped, style) for _, dumped, style in sorted(known, key=lambda each: -each[0]))


def _styles(text: str) -> Iterator[_Style]:
    """The styles that a text may be written in."""
    marks = [mark for mark, found in _SPACED.items() if found.search(text)]
    kinds = ["", *marks, *(["".join(marks)] if len(marks) > 1 else [])]
    for spaced, braces in product(kinds, (True, False) if _BARE_PAIR.search(text) else (True,)):
        yield from (_Style(indents, spaced, braces) for indents in _INDENTS)


_SPACED = {"{": re.compile(r"\{ +[^ }\n]"), "[": re.compile(r"\[ +[^ \]\n]")}
_BARE_PAIR = re.compile(r"\[[^\]{\n]*: ")
_CLOSING = {"{": "}", "[": "]"}


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


def _dumped(text: str, edits: Sequence[Edit], style: _Style, origin: Origin) -> str:
    """The document as ruamel.yaml writes it, with edits."""
    writer = _writer(style)
    try:
        data = writer.load(text)
        for edit in ordered(edits):
            apply(data, edit if isinstance(edit, Remove) else replace(edit, value=_written(edit.value)))
        out = io.StringIO()
        writer.dump(data, out)
    except Exception as error:  # noqa: BLE001 - whatever a text makes the library raise, the text stays as it is
        raise RefusalError(f"{origin.source}: cannot be edited: {str(error).splitlines()[0]}") from None
    return out.getvalue()


def _writer(style: _Style) -> Any:
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
    writer.indent(mapping=style.indents[0], sequence=style.indents[1], offset=style.indents[2])
    writer.brace_single_entry_mapping_in_flow_sequence = style.braces
    if style.spaced:
        writer.Emitter = _spacing(style.spaced)
    return writer


def _spacing(marks: str) -> type:
    """What writes a space behind some opening marks and before those that close them; ``{}`` stays as it is."""
    from ruamel.yaml.emitter import Emitter  # noqa: PLC0415 - an extra

    opening, closing = frozenset(marks), {_CLOSING[mark] for mark in marks}

    class Spaced(Emitter):
        opened = -1

        def write_indicator(
            self, indicator: Any, need_whitespace: Any, whitespace: bool = False, indention: bool = False
        ) -> None:
            mark = indicator.strip()
            apart = need_whitespace or (mark in closing and self.column != self.opened)
            super().write_indicator(indicator, apart, whitespace and mark not in opening, indention)
            self.opened = self.column if mark in opening else self.opened

    return Spaced


def _data(text: str, origin: Origin) -> Any:
    """What a text means to a reader of YAML 1.1, as Kubernetes is one."""
    try:
        return yaml.load(text, _LOADER)  # noqa: S506 - both are safe
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


def _merged(text: str, before: str, after: str) -> str:
    """What differs between `before` and `after`, carried over to a text that `before` was made from."""
    mine, base, theirs = _pieces(text), _pieces(before), _pieces(after)
    kept = {
        base_at + step: mine_at + step for base_at, mine_at, size in _matching(before, text) for step in range(size)
    }
    result = list(mine)
    opcodes = difflib.SequenceMatcher(None, base, theirs, autojunk=False).get_opcodes()
    for kind, old_start, old_end, new_start, new_end in reversed(opcodes):
        if kind == "equal":
            continue
        start, end = _slid(base, old_start, old_end) if kind == "delete" else (old_start, old_end)
        stop, new_stop = _less_comments(base, theirs, (start, end), (new_start, new_end))
        low, high = _span(kept, start, stop, len(mine))
        if low is None or high is None or high - low != stop - start:
            raise _UnlikeError
        result[low:high] = theirs[new_start:new_stop]
    return "\n".join(result)


def _slid(base: list[str], start: int, end: int) -> tuple[int, int]:
    """Lines that go, moved on past comments and blanks at their beginning where the same ones follow them."""
    while end < len(base) and base[start] == base[end] and _is_remark(base[start]):
        start, end = start + 1, end + 1
    return start, end


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _less_comments(
    base: list[str], theirs: list[str], old: tuple[int, int], new: tuple[int, int]
) -> tuple[int, int]:  # fmt: skip
    """The ends of a hunk without the comments at its end: they speak of what follows, and stay."""
    stop, new_stop = old[1], new[1]
    while stop > old[0] and _is_remark(base[stop - 1]):
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
