"""Plain block YAML, read fast: the documents that most manifests are.

Each distinct line is understood once (`yaml_lines`), each distinct sequence of line shapes is turned once into a
template of JSON text; a document then costs two look-ups a line, one substitution and one JSON decoding. What is not
certain to mean the same to `yaml_text`, the slow path, is left to it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.sources import yaml_lines
from crenel.sources.yaml_blocks import has_blocks, take_out
from crenel.sources.yaml_lines import BLANK, UNSAFE, Line

_MAX_LINES_KEPT = 500_000
_MAX_TEMPLATES_KEPT = 20_000
_MAX_DEPTH = 50


_quick = yaml_lines.QUICK_VALUE.fullmatch


class NotPlain(Exception):  # noqa: N818 - not an error: the slow path takes over
    """A text that the fast path does not read."""


class PlainReader:
    """Reads documents and remembers their lines and shapes; use one for all that belongs together."""

    def __init__(self) -> None:
        self._lines = _Lines()
        self._templates: dict[tuple[Line, ...], str | None] = {}
        self._decode = msgspec.json.Decoder().decode

    def parse(self, text: str) -> Any:
        """Return the value of the one document in `text`; None when there is none. NotPlain for what is not certain."""
        if len(self._lines) > _MAX_LINES_KEPT:
            self._lines.forget()
        lines = text.split("\n")
        if has_blocks(text):
            return self._parse_with_blocks(lines)
        return self._decode(self._template(lines) % tuple(map(self._lines.values_of.__getitem__, lines)))

    def _parse_with_blocks(self, lines: list[str]) -> Any:
        taken = take_out(lines)
        if taken is None:
            raise NotPlain
        rest, blocks = taken
        template = self._template(rest)
        values = map(self._lines.values_of.__getitem__, rest)
        return self._decode(template % tuple(blocks.get(number, value) for number, value in enumerate(values)))

    def _template(self, lines: list[str]) -> str:
        shapes = tuple(map(self._lines.__getitem__, lines))
        try:
            template = self._templates[shapes]
        except KeyError:
            template = self._learn(shapes)
        if template is None:
            raise NotPlain
        return template

    def _learn(self, shapes: tuple[Line, ...]) -> str | None:
        if len(self._templates) > _MAX_TEMPLATES_KEPT:
            self._templates.clear()
        try:
            template = _Template(shapes).text() if UNSAFE not in shapes else None
        except NotPlain:
            template = None
        self._templates[shapes] = template
        return template


class _Lines(dict[str, Line]):
    """The shape of each line, learnt when it is first asked for. Equal shapes are one object, compared by identity."""

    def __init__(self) -> None:
        super().__init__()
        self.values_of: dict[str, str] = {}
        """The value of each line that has been asked for, as JSON text; empty when it has none."""
        self._shapes: dict[tuple[int, bool, str | None, bool], Line] = {}
        self._heads: dict[str, Line | None] = {}

    def __missing__(self, text: str) -> Line:
        head, _, word = text.partition(": ")
        known = self._heads.get(head)
        match = _quick(word) if known is not None else None
        if match is None or known is None:
            known, self.values_of[text] = self._understand(text)
        else:
            self.values_of[text] = f'"{word}"' if match.lastindex else word
        self[text] = known
        return known

    def forget(self) -> None:
        """Make room."""
        self.clear()
        self.values_of.clear()
        self._heads.clear()

    def _understand(self, text: str) -> tuple[Line, str]:
        head, colon, rest = text.partition(": ")
        line = self._head(head) if colon else None
        if line is None:
            return self._without_value(text)
        value = yaml_lines.value(rest.lstrip(" "))
        if value is not None:
            return line, value
        return self._without_value(f"{head}:") if yaml_lines.is_blank(rest) else (UNSAFE, "")

    def _without_value(self, text: str) -> tuple[Line, str]:
        """Understand a blank line, the item of a list, or a key without a value."""
        if yaml_lines.is_blank(text) or yaml_lines.is_marker(text):
            return BLANK, ""
        line = self._head(text[:-1]) if text.endswith(":") else None
        if line is not None:
            return self._one(Line(line.column, line.dash, line.key, valued=False)), ""
        bare = text.lstrip(" ")
        value = yaml_lines.value(bare[2:]) if bare.startswith("- ") else None
        if value is None:
            return UNSAFE, ""
        return self._one(Line(len(text) - len(bare), dash=True, key=None, valued=True)), value

    def _head(self, text: str) -> Line | None:
        try:
            return self._heads[text]
        except KeyError:
            line = yaml_lines.shape(text)
            self._heads[text] = line = line and self._one(line)
            return line

    def _one(self, line: Line) -> Line:
        return self._shapes.setdefault((line.column, line.dash, line.key, line.valued), line)


class _Template:
    """Turns the shapes of a document's lines into JSON text with one ``%s`` per line, where the line's value goes."""

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self._lines = iter(lines)
        self._out: list[str] = []

    def text(self) -> str:
        """Return the template; NotPlain when indentation is unusual or a key is there twice."""
        first: Line | None = next(self._lines)
        if first is BLANK:
            first = self._advance()
        if first is None:
            self._out.append("null")
        elif self._node(first, 1) is not None:
            raise NotPlain
        return "".join(self._out)

    def _advance(self) -> Line | None:
        """Place the value of the line last taken, and go on to the next that has content."""
        for line in self._lines:
            self._out.append("%s")
            if line is not BLANK:
                return line
        self._out.append("%s")
        return None

    def _node(self, line: Line, depth: int) -> Line | None:
        """Write what begins in a line; return the line behind it."""
        if depth > _MAX_DEPTH:
            raise NotPlain
        return self._list(line, depth) if line.dash else self._mapping(line, line.column, depth)

    def _list(self, first: Line, depth: int) -> Line | None:
        mark, line, column = "[", first, first.column
        while True:
            self._out.append(mark)
            following = self._advance() if line.key is None else self._mapping(line, column + 2, depth + 1)
            if following is not None and following.column > column:
                raise NotPlain
            if following is None or following.column < column or not following.dash:
                break
            mark, line = ",", following
        self._out.append("]")
        return following

    def _mapping(self, first: Line, column: int, depth: int) -> Line | None:
        mark, line = "{", first
        keys: set[str] = set()
        while True:
            if line.key is None or line.key in keys:
                raise NotPlain
            keys.add(line.key)
            self._out.append(f'{mark}"{line.key}":')
            following = self._advance()
            if not line.valued:
                following = self._under(following, column, depth)
            if following is None or following.column < column:
                break
            if following.column > column or following.dash:
                raise NotPlain
            mark, line = ",", following
        self._out.append("}")
        return following

    def _under(self, line: Line | None, column: int, depth: int) -> Line | None:
        """Write the value of a key that has none in its own line; a list may stand in the key's own column."""
        if line is None or line.column < column or (line.column == column and not line.dash):
            self._out.append("null")
            return line
        return self._node(line, depth + 1)
