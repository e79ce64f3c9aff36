"""The tokens of a JSON text that is known to be good, with where they stand, for finding lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

_TOKEN = re.compile(r'"(?P<string>(?:[^"\\]|\\.)*)"(?P<colon>[ \t\n]*:)?|(?P<mark>[{}\[\]])|(?P<word>[^\s,:{}\[\]"]+)')


class Token(NamedTuple):
    """A bracket, a name before a colon, or a scalar."""

    kind: str
    """One of ``{ } [ ]``, ``name`` and ``scalar``."""
    text: str
    """The name; nothing for the others."""
    offset: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text that has been parsed as JSON, in order."""
    for match in _TOKEN.finditer(text):
        if (mark := match["mark"]) is not None:
            yield Token(mark, "", match.start())
        elif match["colon"] is not None:
            yield Token("name", _unescape(match["string"]), match.start())
        else:
            yield Token("scalar", "", match.start())


def _unescape(inner: str) -> str:
    return str(msgspec.json.decode(f'"{inner}"')) if "\\" in inner else inner
