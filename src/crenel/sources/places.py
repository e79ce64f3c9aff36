"""Finding the line of a field, in the text that it was read from, when somebody asks.

Nothing is recorded while documents are read. A `Place` keeps the text of its document and walks it, as events of the
parser and no further than needed, for each question. Only for a ``List`` it remembers where the items begin.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import NamedTuple

import yaml

from crenel.provenance import FieldPath
from crenel.sources import yaml_scalars
from crenel.sources.json_tokens import tokens
from crenel.sources.yaml_events import events, offset

_KINDS: dict[type, str] = {
    yaml.MappingStartEvent: "{",
    yaml.MappingEndEvent: "}",
    yaml.SequenceStartEvent: "[",
    yaml.SequenceEndEvent: "]",
    yaml.AliasEvent: "scalar",
}


_JSON = JSONDecoder()
_NEXT_ITEM = re.compile(r"[ \t\n,]*(?P<item>[^ \t\n,\]])")


class _Step(NamedTuple):
    """A piece of a document: the begin or end of a collection, or a scalar, which in a mapping may be a key."""

    kind: str
    text: str
    offset: int
    resolve: bool = False
    """The text is not the key itself but YAML for it, such as ``yes`` for ``true``."""

    def is_key(self, wanted: str) -> bool:
        if not self.resolve or self.text == wanted:
            return self.kind == "scalar" and self.text == wanted
        try:
            return yaml_scalars.key_text(yaml_scalars.plain(self.text)) == wanted
        except yaml_scalars.BadScalar:
            return False


class Place:
    """Where a document stands: called with a field path, it returns the line of that field in the file, from 1.

    Of a field that is missing it returns the line of the nearest ancestor that is there.
    """

    __slots__ = ("_items", "_json", "_line", "_text", "count")

    def __init__(self, text: str, line: int, *, json: bool = False) -> None:
        self._text = text
        self._line = line
        self._json = json
        self._items: list[tuple[int, int]] | None = None
        """Where each item begins, and in which line of the text, from 0."""
        self.count: int | None = None
        """How many items it has, when it is a List."""

    @property
    def text(self) -> str:
        """The document as it was read, comments included, with line feeds alone for line ends."""
        return self._text

    @property
    def first(self) -> int:
        """The line of the file that the text begins with, from 1."""
        return self._line

    @property
    def json(self) -> bool:
        """Whether the text is JSON."""
        return self._json

    def __call__(self, path: FieldPath) -> int:
        """Return the line of a field, or of its nearest ancestor."""
        if len(path) > 1 and path[0] == "items" and isinstance(path[1], int):
            line = self._line_in_item(path[1], path[2:])
            if line is not None:
                return self._line + line
        return self._line + self._text.count("\n", 0, _find(self._steps(self._text), path))

    def _steps(self, text: str) -> Iterator[_Step]:
        return _json_steps(text) if self._json else _yaml_steps(text)

    def _line_in_item(self, position: int, path: FieldPath) -> int | None:
        """Find a field of an item of a List; None when there is no such item."""
        if self._items is None:
            offsets = _offsets_of_items(self._steps(self._text), self._text, self.count, json=self._json)
            self._items = list(_with_lines(self._text, offsets))
        if position >= len(self._items):
            return None
        start, line = self._items[position]
        indent = 0 if self._json else start - self._text.rfind("\n", 0, start) - 1
        end = self._items[position + 1][0] if position + 1 < len(self._items) else len(self._text)
        text = self._text[start:end]
        return line + text.count("\n", 0, _find(self._steps(" " * indent + text), path) - indent)


def _with_lines(text: str, offsets: list[int]) -> Iterator[tuple[int, int]]:
    line = previous = 0
    for start in offsets:
        line += text.count("\n", previous, start)
        previous = start
        yield start, line


def _yaml_steps(text: str) -> Iterator[_Step]:
    with contextlib.suppress(yaml.YAMLError):
        for event in events(text):
            if isinstance(event, yaml.ScalarEvent):
                yield _Step("scalar", event.value, offset(event), event.implicit[0] and event.tag is None)
            elif (kind := _KINDS.get(type(event))) is not None:
                yield _Step(kind, "", offset(event))


def _json_steps(text: str) -> Iterator[_Step]:
    for token in tokens(text):
        yield _Step("scalar" if token.kind == "name" else token.kind, token.text, token.offset)


def _find(steps: Iterator[_Step], path: FieldPath) -> int:
    """Return the offset of the key or item that a path leads to, or of the last one on the way that is there."""
    here = next(steps, None)
    if here is None:
        return 0
    best = here.offset
    for wanted in path:
        found = _enter(steps, here, wanted)
        if found is None:
            break
        best, here = found
    return best


def _enter(steps: Iterator[_Step], here: _Step, wanted: str | int) -> tuple[int, _Step] | None:
    """Go on to one entry of the collection that `here` has begun: the offset of its key or itself, and its value."""
    if here.kind == "{" and isinstance(wanted, str):
        for key in steps:
            if key.kind == "}":
                return None
            _skip(steps, key)
            value = next(steps, None)
            if value is None:
                return None
            if key.is_key(wanted):
                return key.offset, value
            _skip(steps, value)
    elif here.kind == "[" and isinstance(wanted, int):
        for position, item in enumerate(steps):
            if item.kind == "]":
                return None
            if position == wanted:
                return item.offset, item
            _skip(steps, item)
    return None


def _skip(steps: Iterator[_Step], begun: _Step) -> None:
    """Pass over the rest of a value whose first step has been taken."""
    depth = 1 if begun.kind in "{[" else 0
    while depth:
        step = next(steps, None)
        if step is None:
            return
        depth += (step.kind in "{[") - (step.kind in "}]")


def _offsets_of_items(steps: Iterator[_Step], text: str, count: int | None, *, json: bool) -> list[int]:
    root = next(steps, None)
    found = _enter(steps, root, "items") if root else None
    offsets: list[int] = []
    if found is None or found[1].kind != "[":
        return offsets
    if json:
        return _json_offsets(text, found[1].offset + 1)
    for item in steps:
        if item.kind == "]":
            break
        offsets.append(item.offset)
        if len(offsets) == 1 and len(dashes := _dashes(text, item.offset)) == count:
            return dashes
        _skip(steps, item)
    return offsets


def _json_offsets(text: str, position: int) -> list[int]:
    """Return where the items of a JSON array begin, given where the first may stand."""
    offsets: list[int] = []
    while (match := _NEXT_ITEM.match(text, position)) is not None:
        offsets.append(match.start("item"))
        position = _JSON.raw_decode(text, offsets[-1])[1]
    return offsets


def _dashes(text: str, first: int) -> list[int]:
    """Return where every item of a block list may begin, behind its dash, judged from the offset of the first.

    Lines inside a quoted scalar, or of another list, may look the same; then there are more of them than items.
    """
    line_start = text.rfind("\n", 0, first) + 1
    indent = text[line_start:first].rstrip(" ")
    if indent.strip(" ") != "-":
        return []
    pattern = re.compile(rf"^{indent}(?=[ \n])", re.MULTILINE)
    return [match.end() for match in pattern.finditer(text, line_start)]
