"""From the bytes of one file to documents: decoded, cut apart, parsed, Lists taken apart.

What is wrong becomes a problem, with its line. A document that cannot be read costs nothing but itself.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Any

from crenel.provenance import FieldPath, Origin, Problem, Severity
from crenel.sources import json_text, tables_text, yaml_text
from crenel.sources.document import Document, Loose, Reading
from crenel.sources.places import Place
from crenel.sources.refusal import Refusal
from crenel.sources.splitting import Chunk, split
from crenel.sources.yaml_plain import NotPlain, PlainReader

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KUSTOMIZE = "kustomize.config.k8s.io/"
_TEMPLATE_HINT = "; if this is a template of a Helm chart, render it first: helm template CHART"


class ManifestReader:
    """Reads files that belong together; what it learns from the lines of one makes the next faster."""

    def __init__(self) -> None:
        self._plain = PlainReader()

    def read(self, source: str, data: bytes) -> Reading:
        """Read one file; `source` is the name that its origins and problems bear. Raises nothing for any bytes."""
        reading = Reading(examined=1)
        try:
            text = _decode(data)
        except UnicodeDecodeError as error:
            reading.problems.append(Problem(f"not {error.encoding} text", Origin(source)))
            return reading
        if tables_text.looks_like(text):
            _let_loose(reading, text, Origin(source, locate=tables_text.line))
            return reading
        number = 0
        for chunk in split(text):
            for found, place in self._values(chunk):
                if found is not None:
                    _take(reading, found, Origin(source, number, locate=place))
                    number += 1
        return reading

    def _values(self, chunk: Chunk) -> Iterable[tuple[Any, Place]]:
        """Return what the chunk holds: values, or a Refusal in the place of one; None when it is empty."""
        try:
            return ((self._plain.parse(chunk.text), Place(chunk.text, chunk.line)),)
        except NotPlain:
            return _others(*chunk)


def _others(text: str, line: int) -> Iterable[tuple[Any, Place]]:
    """Return what a chunk holds that is not plain YAML."""
    if not json_text.looks_like(text.removeprefix("---")):
        return ((_attempt(yaml_text.parse, text, line), Place(text, line)),)
    if text.startswith("---"):
        return _json_values(f"   {text[3:]}", line, or_yaml=True)
    return _json_values(text, line, or_yaml=not json_text.begins_strictly(text))


def _decode(data: bytes) -> str:
    """Return the text, with line feeds alone for line ends. Bytes that are not UTF-8 are left as lone surrogates."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    text = data.decode(encoding, "strict" if encoding in {"utf-16", "utf-32"} else "surrogateescape")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _attempt(parse: Any, text: str, line: int) -> Any:
    """Parse, and return the value or else the Refusal, its line that of the file."""
    try:
        if not text.isascii():
            _require_characters(text)
        return parse(text)
    except Refusal as refusal:
        hint = _TEMPLATE_HINT if "{{" in text else ""
        return Refusal(f"{refusal}{hint}", refusal.line + line - 1, refusal.field)


def _require_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        byte = ord(text[error.start]) & 0xFF
        raise Refusal(f"not UTF-8: byte {byte:#x}", text.count("\n", 0, error.start) + 1) from None


def _json_values(text: str, line: int, *, or_yaml: bool) -> Iterator[tuple[Any, Place]]:
    """Yield the JSON documents of a text, or what YAML makes of it.

    To kubectl a file that begins with a brace is JSON and nothing else; behind a ``---`` it would be YAML.
    """
    whole = _attempt(json_text.parse, text, line)
    if not isinstance(whole, Refusal):
        yield whole, Place(text, line, json=True)
        return
    pieces = list(json_text.split(text))
    if len(pieces) == 1:
        as_yaml = _attempt(yaml_text.parse, text, line) if or_yaml else whole
        is_json = isinstance(as_yaml, Refusal) and json_text.begins_strictly(text)
        yield whole if is_json else as_yaml, Place(text, line)
        return
    end = 0
    for piece, offset in pieces:
        line += text.count("\n", end, offset)
        yield _attempt(json_text.parse, piece, line), Place(piece, line, json=True)
        line += piece.count("\n")
        end = offset + len(piece)


def _take(reading: Reading, value: Any, origin: Origin) -> None:
    """Add what a document holds: an object, the objects of a List, or a problem."""
    kind, version = (value.get("kind"), value.get("apiVersion")) if type(value) is dict else (None, None)
    if not (kind and version and type(kind) is str and type(version) is str):
        _let_loose(reading, value, origin)
    elif kind.endswith("List") and "items" in value and isinstance(value["items"], list | None):
        _take_items(reading, value, origin)
    elif version.startswith(_KUSTOMIZE):
        message = f"a {kind} of kustomize, not built: name its directory to build it"
        reading.problems.append(Problem(message, origin, severity=Severity.NOTICE))
    else:
        reading.documents.append(Document(value, origin))


def _let_loose(reading: Reading, value: Any, origin: Origin) -> None:
    """Add what is no object: a problem, unless somebody else knows it."""
    problem = _problem(value, origin)
    reading.problems.append(problem)
    if not origin.item and isinstance(value, dict | list | str) and value:
        reading.loose.append(Loose(value, origin, problem))


def _take_items(reading: Reading, value: dict[str, Any], origin: Origin) -> None:
    items = value["items"] or []
    if isinstance(origin.locate, Place) and not origin.item:
        origin.locate.count = len(items)
    implied = {} if value["kind"] == "List" else {"apiVersion": value["apiVersion"], "kind": value["kind"][:-4]}
    for position, item in enumerate(items):
        item_origin = Origin(origin.source, origin.document, (*origin.item, "items", position), origin.locate)
        _take(reading, {**implied, **item} if implied and isinstance(item, dict) else item, item_origin)


def _problem(value: Any, origin: Origin) -> Problem:
    """Say what keeps a value from being an object."""
    if isinstance(value, Refusal):
        return Problem(str(value), origin, value.field, at=value.line)
    field: FieldPath = ()
    if not isinstance(value, dict):
        message = f"{_NAMES.get(type(value), 'a number')} instead of a mapping"
    elif missing := [name for name in ("apiVersion", "kind") if value.get(name) in (None, "")]:
        message = f"no {' and no '.join(missing)}"
    else:
        wrong = "kind" if isinstance(value["apiVersion"], str) else "apiVersion"
        message, field = f"{wrong} is not text", (wrong,)
    return Problem(f"not a Kubernetes object: {message}", origin, field)


_NAMES = {str: "text", list: "a list", bool: "a word", type(None): "nothing"}
