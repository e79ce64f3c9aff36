"""A YAML document as Kubernetes reads it, whatever it is made of: the path that is right, not the one that is fast.

libyaml's events are turned into the values that sigs.k8s.io/yaml would hand to the API: scalars as `yaml_scalars` says,
merge keys applied where they stand, so that a later ``<<`` overrides (go-yaml v2). Unlike there a key that is written
twice is an error, and nesting and the expansion of aliases are limited, so that no input exhausts memory or the stack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import Any, TypeAlias

import yaml

from crenel.provenance import FieldPath
from crenel.sources import yaml_scalars
from crenel.sources.refusal import MAX_DEPTH, Refusal
from crenel.sources.yaml_events import events, offset

MAX_EXPANSION = 1_000_000
"""How many values the aliases of one document may stand for, all told."""

Value: TypeAlias = Any

_MERGE = object()
"""Stands for an unquoted ``<<`` in the place of a key."""
_NO_KEY = object()


@dataclass(slots=True)
class _Extent:
    """How large a value is: the number of values in it, and how deeply they are nested."""

    size: int = 1
    height: int = 0

    def add(self, part: _Extent) -> None:
        self.size += part.size
        self.height = max(self.height, part.height + 1)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been met."""

    value: dict[str, Value] | list[Value]
    anchor: str | None
    extent: _Extent = with_default(default_factory=_Extent)
    key: Any = _NO_KEY
    written: set[str] = with_default(default_factory=set)
    """The keys written in it, unlike those merged into it."""


def parse(text: str) -> Value:
    """Return the value of the one document in `text`; None when there is none. Refusal for what cannot be read."""
    builder = _Builder(text)
    try:
        for event in events(text):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _refusal(error, text) from None
    return builder.result


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _refusal(error: yaml.YAMLError, text: str) -> Refusal:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        context = f" {error.context}" if error.context else ""
        return Refusal(f"bad YAML: {error.problem}{context}", _line(text, mark.index) if mark else 1)
    position = getattr(error, "position", 0)
    reason = getattr(error, "reason", "cannot be decoded")
    return Refusal(f"bad YAML: {reason}", text.encode()[:position].count(b"\n") + 1)


class _Builder:
    """Builds a value from events, with a stack of its own."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.result: Value = None
        self._documents = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Value, _Extent]] = {}
        self._expanded = 0
        self._event: yaml.Event | None = None

    def take(self, event: yaml.Event) -> None:
        """Take the next event; Refusal when it makes the document unreadable."""
        handler = self._HANDLERS.get(type(event))
        if handler is not None:
            self._event = event
            handler(self, event)

    def _document(self, _event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._refuse("bad YAML: a second document without a --- line of its own")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        top = self._open[-1] if self._open else None
        is_key = top is not None and type(top.value) is dict and top.key is _NO_KEY
        if is_key and event.value == "<<" and (event.implicit[0] or event.tag == "tag:yaml.org,2002:merge"):
            assert top is not None
            top.key = _MERGE
            return
        try:
            self._add(self._resolve(event, is_key=is_key), _Extent(), event.anchor)
        except yaml_scalars.BadScalar as error:
            raise self._refuse(str(error)) from None

    def _resolve(self, event: yaml.ScalarEvent, *, is_key: bool) -> Value:
        text = event.value
        if event.tag is not None:
            value = yaml_scalars.tagged(event.tag, text)
        else:
            value = yaml_scalars.plain(text) if event.implicit[0] else text
        return yaml_scalars.key_text(value) if is_key else yaml_scalars.json_value(value)

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = event.anchor
        if any(frame.anchor == name for frame in self._open):
            raise self._refuse(f"the alias *{name} stands inside what it repeats")
        if name not in self._anchors:
            raise self._refuse(f"the alias *{name} has no anchor &{name}")
        value, extent = self._anchors[name]
        self._expanded += extent.size
        if self._expanded > MAX_EXPANSION:
            raise self._refuse(f"aliases that repeat more than {MAX_EXPANSION:,} values")
        if len(self._open) + extent.height > MAX_DEPTH:
            raise self._refuse(f"nested more than {MAX_DEPTH} levels deep")
        self._add(value, extent, None)

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self._refuse(f"nested more than {MAX_DEPTH} levels deep")
        self._open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))

    def _end(self, _event: yaml.Event) -> None:
        done = self._open.pop()
        self._add(done.value, done.extent, done.anchor)

    def _add(self, value: Value, extent: _Extent, anchor: str | None) -> None:
        """Put a complete value where it belongs: into the collection that is open, or as the result."""
        if anchor is not None:
            self._anchors[anchor] = (value, extent)
        if not self._open:
            self.result = value
            return
        top = self._open[-1]
        top.extent.add(extent)
        if type(top.value) is list:
            top.value.append(value)
        elif top.key is _NO_KEY:
            self._set_key(top, value)
        else:
            self._set_value(top, value)
            top.key = _NO_KEY

    def _set_key(self, top: _Open, value: Value) -> None:
        if isinstance(value, dict | list):
            raise self._refuse("a key that is a mapping or a list")
        try:
            key = yaml_scalars.key_text(value)
        except yaml_scalars.BadScalar as error:
            raise self._refuse(str(error)) from None
        if key in top.written:
            raise self._refuse(f"the key {key!r} is there twice", key)
        top.written.add(key)
        top.key = key

    def _set_value(self, top: _Open, value: Value) -> None:
        assert type(top.value) is dict
        if top.key is not _MERGE:
            top.value[top.key] = value
            return
        for mapping in reversed(value) if type(value) is list else [value]:
            if type(mapping) is not dict:
                raise self._refuse("a merge key << whose value is not a mapping")
            top.value.update(mapping)

    def _refuse(self, message: str, *last: str) -> Refusal:
        line = _line(self._text, offset(self._event)) if self._event is not None else 1
        return Refusal(message, line, self._path() + last)

    def _path(self) -> FieldPath:
        return tuple(
            step
            for frame in self._open
            if isinstance(step := len(frame.value) if type(frame.value) is list else frame.key, str | int)
        )

    _HANDLERS: dict[type, Callable[[_Builder, Any], None]] = {  # noqa: RUF012 - a table, never changed
        yaml.DocumentStartEvent: _document,
        yaml.ScalarEvent: _scalar,
        yaml.AliasEvent: _alias,
        yaml.MappingStartEvent: _start,
        yaml.SequenceStartEvent: _start,
        yaml.MappingEndEvent: _end,
        yaml.SequenceEndEvent: _end,
    }
