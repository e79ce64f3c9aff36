"""The documents of a text, cut apart before anything is parsed, so that a bad one does not take the others with it.

A line that begins with ``---`` or ``...``, followed by a blank or the end of the line, ends a YAML document wherever it
stands, inside a quoted or block scalar too (YAML 1.2, production 206, c-forbidden). JSON cannot contain such a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_ONLY_DIRECTIVES = re.compile(r"(?:(?:[ \t]*(?:#.*)?|%.*)(?:\n|\Z))*")


class Chunk(NamedTuple):
    """The text between two markers: one document, or none. A ``---`` that opens it is part of it."""

    text: str
    line: int
    """The number of its first line in the file, from 1."""


def split(text: str) -> Iterator[Chunk]:
    """Cut a text, its lines ended by line feeds, at its markers; ``%`` directives go with the document that follows."""
    line = first = 1
    directives = ""
    may_direct = text.startswith("%") or "\n%" in text
    for part in _parts(text) if "..." in text else _cut(text, "---", keep=True):
        following = line + part.count("\n")
        if may_direct and _is_directives(part):
            directives += part
        else:
            yield Chunk(directives + part if directives else part, first)
            directives = ""
            first = following
        line = following
    if directives:
        yield Chunk(directives, first)


def _is_directives(part: str) -> bool:
    return not part.startswith("---") and ("\n" + part).find("\n%") >= 0 and bool(_ONLY_DIRECTIVES.fullmatch(part))


def _parts(text: str) -> Iterator[str]:
    for part in _cut(text, "---", keep=True):
        if "\n..." in part or part.startswith("..."):
            yield from _cut(part, "...", keep=False)
        else:
            yield part


def _cut(text: str, marker: str, *, keep: bool) -> Iterator[str]:
    """Cut before every line that is a marker; `keep` the marker at the head of what follows it, or drop it."""
    head, *tails = text.split("\n" + marker)
    if head.startswith(marker) and _is_marker(head[len(marker) :]):
        head = head if keep else head[len(marker) :]
    held = [head]
    for tail in tails:
        if _is_marker(tail):
            yield f"{held[0]}\n" if len(held) == 1 else "".join([*held, "\n"])
            held = [marker + tail if keep else tail]
        else:
            held += ["\n" + marker, tail]
    yield "".join(held)


def _is_marker(tail: str) -> bool:
    return not tail or tail[0] in " \t\n"
