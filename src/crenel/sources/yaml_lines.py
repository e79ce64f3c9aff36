"""One line of plain block YAML, understood on its own: where it stands, its key, and its value as JSON.

Only what has one meaning is accepted: no anchors, aliases, tags, escapes, block scalars, nor anything that goes on in
the next line, and no scalar that a rule of `yaml_scalars` could take for another kind. All else is `UNSAFE`. Manifests
repeat their lines, so the result is worth keeping per distinct line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The shape of a line: all of it but its value."""

    column: int
    """Where its first character stands."""
    dash: bool
    """It begins an item of a list; its key, if it has one, stands two columns further."""
    key: str | None
    valued: bool


BLANK = Line(-1, dash=False, key=None, valued=False)
"""A line without content: empty, a comment, or a document marker."""
UNSAFE = Line(-2, dash=False, key=None, valued=False)

# What may stand in quotes and comments: what libyaml's reader lets pass, less line breaks and the byte order mark.
_SHOWN = r"\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_COMMENT = rf"(?:\#[\t\x20-\x7e{_SHOWN}]*)"
_QUOTED = rf"""(?:"(?P<double>[\x20\x21\x23-\x5b\x5d-\x7e{_SHOWN}]*)"|'(?P<single>[\x20-\x26\x28-\x7e{_SHOWN}]*)')"""
_INTEGER = r"(?P<integer>0|[1-9][0-9]{0,14})"
_IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){2,3}(?:/[0-9]{1,2})?"
_INNER = r"[\w./,@=+()%$<>;&*!?{}\[\]|^~'-]"

_HEAD = re.compile(
    r"""
    (?P<indent>\ *)(?P<dash>-\ )?
    (?:(?P<key>[A-Za-z_](?:[\w./-]|:(?=[\w./-])){0,200})|"(?P<quoted>[\w./-]{1,200})")
    """,
    re.ASCII | re.VERBOSE,
)
_VALUE = re.compile(
    rf"""
    (?: {_INTEGER}
    | (?P<word>(?:--?)?[A-Za-z_/]{_INNER}*(?:[\ :]{_INNER}+)*)
    | {_QUOTED}
    | (?P<flow>[\[{{][\w./:,"'{{}}\[\]\ -]{{0,500}}[\]}}])
    | (?P<text>
        {_IPV4}                                                              # an address or range, a version
        | [0-9A-Fa-f]{{1,4}}(?:::?[0-9A-Fa-f]{{1,4}})+(?:/[0-9]{{1,3}})?     # IPv6
        | (?:[0-9A-Fa-f]{{1,4}}:){{1,7}}:/[0-9]{{1,3}}
        | [1-9][0-9]{{0,9}}(?:[mkKMGTPEsh]|[KMGTPE]i)                        # a quantity or a duration
      )
    )
    (?:\ +{_COMMENT})?\ *
    """,
    re.ASCII | re.VERBOSE,
)
QUICK_VALUE = re.compile(
    rf"""([A-Za-z_/]{_INNER}{{5,}}|{_IPV4})|0|[1-9][0-9]{{0,14}}|"[\x20\x21\x23-\x5b\x5d-\x7e]*\"""", re.ASCII
)
"""The commonest values, without regard to comments: group 1 is text for JSON to quote, all else is JSON as it is."""
_BLANK = re.compile(rf"\ *{_COMMENT}?", re.ASCII | re.VERBOSE)
_TOKEN = re.compile(
    rf"""
    \ *(?:
      (?P<mark>[\[\]{{}},]|:(?=\ ))
    | (?:{_INTEGER}|(?P<text>{_IPV4})|(?P<word>[A-Za-z_/][\w./-]*))(?=[\ ,:\]}}])
    | {_QUOTED}
    )\ *
    """,
    re.ASCII | re.VERBOSE,
)
_OTHER_KINDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_LITERALS = frozenset(("true", "false", "null"))
_FLOW_MARKS = 16


def shape(head: str) -> Line | None:
    """Return the shape of a line with a value, given all that stands before the colon; None when it is no plain key."""
    match = _HEAD.fullmatch(head)
    if match is None or (match["key"] or "").lower() in _OTHER_KINDS:
        return None
    return Line(len(match["indent"]), match["dash"] is not None, match["key"] or match["quoted"], valued=True)


def value(text: str) -> str | None:
    """Return the value that is all of `text`, less blanks and a comment behind it, as JSON text; None when not safe."""
    match = _VALUE.fullmatch(text)
    return _json(match) if match else None


def is_blank(text: str) -> bool:
    """Tell whether a line, or what follows a colon, holds nothing but spaces and a comment."""
    return _BLANK.fullmatch(text) is not None


def is_marker(line: str) -> bool:
    """Tell whether a line is a ``---`` without anything but a comment behind it."""
    return line.startswith("---") and (line == "---" or line[3] == " ") and is_blank(line[3:])


def _json(match: re.Match[str]) -> str | None:
    """Return a value, or a token of a flow collection, as JSON text; None when it is not safe."""
    kind = match.lastgroup
    assert kind is not None
    text = match[kind]
    match kind:
        case "word" if len(text) < 6 and text.lower() in _OTHER_KINDS:
            return text if text in _LITERALS else None
        case "word":
            return f'"{text}"'
        case "integer" | "mark":
            return text
        case "single" if '"' in text or "\\" in text:
            return msgspec.json.encode(text).decode()
        case "flow":
            return _flow(text)
        case _:
            return f'"{text}"'


def _flow(text: str) -> str | None:
    """Return a collection in brackets as JSON text; None unless it is JSON once its words are quoted, no key twice."""
    if text.count("{") + text.count("[") > _FLOW_MARKS:
        return None
    parts, position = [], 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        part = _json(token) if token else None
        if token is None or part is None:
            return None
        parts.append(part)
        position = token.end()
    joined = "".join(parts)
    try:
        again = msgspec.json.encode(msgspec.json.decode(joined)).decode()
    except msgspec.DecodeError:
        return None
    return joined if again == joined else None
