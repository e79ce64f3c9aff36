"""JSON documents: one, several behind each other, or one a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from crenel.sources import yaml_scalars
from crenel.sources.json_tokens import tokens
from crenel.sources.refusal import MAX_DEPTH, Refusal

_SPACE = re.compile(r"[ \t\n]*")
_BYTE = re.compile(r" ?\(byte ([0-9]+)\)")
_WHERE = re.compile(r" - at `.*", re.DOTALL)


def looks_like(text: str) -> bool:
    """Tell whether a text is to be read as JSON: kubectl asks the same of it, whatever the file is called."""
    return text.lstrip(" \t\n").startswith("{")


def begins_strictly(text: str) -> bool:
    """Tell whether a text that looks like JSON begins with a name in quotes, so that it is meant as JSON."""
    return text.lstrip(" \t\n").removeprefix("{").lstrip(" \t\n").startswith(('"', "}"))


def parse(text: str) -> Any:
    """Return the value of the one JSON document in `text`. Refusal when it is none, is too deep or repeats a key."""
    try:
        value = _DECODER.decode(text)
    except msgspec.DecodeError as error:
        raise _refusal(error, text) from None
    except RecursionError:
        raise Refusal(f"nested more than {MAX_DEPTH} levels deep", 1) from None
    if _is_deep(value):
        raise Refusal(f"nested more than {MAX_DEPTH} levels deep", 1)
    if "\\u" in text or _count_names(text) != _count_names(msgspec.json.encode(value).decode()):
        _refuse_repeated_names(text)
    return value


def split(text: str) -> Iterator[tuple[str, int]]:
    """Cut JSON documents that stand behind each other apart; yield each text and the offset where it begins.

    What does not begin with a document is yielded as it is, to the end: parsing it says what is wrong.
    """
    decoder = json.JSONDecoder()
    position = _skip(text, 0)
    while position < len(text):
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = len(text)
        yield text[position:end], position
        position = _skip(text, end)


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _refusal(error: msgspec.DecodeError, text: str) -> Refusal:
    message = str(error)
    found = _BYTE.search(message)
    line = text.encode()[: int(found[1])].count(b"\n") + 1 if found else text.rstrip().count("\n") + 1
    bare = _WHERE.sub("", _BYTE.sub("", message)).removeprefix("JSON is malformed: ")
    return Refusal(f"bad JSON: {bare}", line)


def _number(text: str) -> yaml_scalars.Scalar:
    try:
        return yaml_scalars.json_value(float(text))
    except yaml_scalars.BadScalar:
        raise ValueError(f"the number {text[:20]} is out of range") from None


_DECODER = msgspec.json.Decoder(float_hook=_number)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for whole in level
            for part in (whole.values() if type(whole) is dict else whole if type(whole) is list else ())
            if type(part) is dict or type(part) is list
        ]
        if not level:
            return False
    return True


def _count_names(text: str) -> int:
    """Count what looks like the end of a name; names that are there twice are fewer once they have been decoded."""
    return text.count('":') + text.count('" :')


def _refuse_repeated_names(text: str) -> None:
    open_names: list[set[str] | None] = []
    for token in tokens(text):
        if token.kind in "{[":
            open_names.append(set() if token.kind == "{" else None)
        elif token.kind in "}]":
            open_names.pop()
        elif token.kind == "name":
            names = open_names[-1]
            assert names is not None
            if token.text in names:
                raise Refusal(f"the key {token.text!r} is there twice", text.count("\n", 0, token.offset) + 1)
            names.add(token.text)
