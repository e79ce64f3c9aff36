"""One line of plain block YAML, understood on its own: where it stands, its key, and its value as JSON.

Only what has one meaning is accepted: no anchors, aliases, tags, escapes, block scalars, nor anything that goes on in the
next line, and no scalar that a rule of `yaml_scalars` could take for another kind. All else is `UNSAFE`. Manifests repeat
their lines, so the result is worth keeping per distinct line.
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

# What may stand in quotes and comments: what libyaml's reader lets pass, less the line breaks and the byte order mark.
_SHOWN = r"\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_DOUBLE = rf"\"(?P<double>(?:(?![\"\\])[{_SHOWN}])*)\""
_SINGLE = rf"'(?P<single>(?:(?!')[{_SHOWN}])*)'"
_COMMENT = rf"#[\t{_SHOWN}]*"
_INTEGER = r"(?P<integer>0|[1-9][0-9]{0,14})"
_INNER = r"\w./@=+()%$<>;*!?-"
_STRING = rf"""(?P<string>
      [A-Za-z_/][{_INNER},&]*(?:[ :][{_INNER},&]+)*
    | [0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{2,3}}(?:/[0-9]{{1,2}})?                   # an IPv4 address or range, a version
    | [0-9A-Fa-f]{{1,4}}(?:::?[0-9A-Fa-f]{{1,4}})+(?:/[0-9]{{1,3}})?            # an IPv6 address or range
    | (?:[0-9A-Fa-f]{{1,4}}:){{1,7}}:/[0-9]{{1,3}}
    | [1-9][0-9]{{0,9}}(?:[mkKMGTPEsh]|[KMGTPE]i)                            # a quantity or a duration
    )""".replace("[ :]", r"[\ :]")
_FLOW = r"(?P<flow>[\[{][\w./:,\"'{}\[\]\ -]{0,500}[\]}])"
_VALUE = rf"(?:{_INTEGER}|{_DOUBLE}|{_SINGLE}|{_FLOW}|{_STRING})"
_KEY = r"(?:(?P<key>[A-Za-z_](?:[\w./-]|:(?=[\w./-])){0,200})|\"(?P<quoted>[\w./-]{1,200})\"):"

_LINE = re.compile(
    rf"(?P<indent>\ *)(?:(?P<dash>-\ )?{_KEY}(?:\ +{_VALUE})?|-\ {_VALUE.replace('?P<', '?P<item_')})(?:\ +\{_COMMENT})?\ *",
    re.ASCII | re.VERBOSE,
)
_BLANK = re.compile(rf"(?:(?:---(?:\ +|$)|\ *)(?:\{_COMMENT})?)", re.ASCII | re.VERBOSE)
_TOKEN = re.compile(
    rf"\ *(?:(?P<mark>[\[\]{{}},]|:(?=\ ))|{_INTEGER}(?=[\]}},\ ])|{_DOUBLE}|{_SINGLE}|(?P<string>[A-Za-z_/][\w./-]*))\ *",
    re.ASCII | re.VERBOSE,
)
_OTHER_KINDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_LITERALS = frozenset(("true", "false", "null"))
_FLOW_DEPTH = 8


def understand(line: str) -> tuple[Line, str]:
    """Return the shape of a line and its value as JSON text, empty when it has none."""
    match = _LINE.fullmatch(line)
    if match is None:
        return (BLANK if _BLANK.fullmatch(line) else UNSAFE), ""
    found = match.groupdict()
    key = found["key"] or found["quoted"]
    if found["key"] and found["key"].lower() in _OTHER_KINDS:
        return UNSAFE, ""
    value = _json(found, "") or _json(found, "item_")
    if value is None:
        has_value = any(found[name] is not None for name in found if name not in {"indent", "dash", "key", "quoted"})
        return (UNSAFE, "") if has_value else (Line(len(found["indent"]), found["dash"] is not None, key, valued=False), "")
    return Line(len(found["indent"]), found["dash"] is not None or key is None, key, valued=True), value


def _json(found: dict[str, str | None], prefix: str) -> str | None:
    """Return the value that a pattern found as JSON text; None when it found none, or none that is safe."""
    if (text := found[prefix + "integer"]) is not None:
        return text
    if (text := found[prefix + "double"]) is not None or (text := found[prefix + "single"]) is not None:
        return _quote(text)
    if (text := found[prefix + "string"]) is not None:
        return _word(text)
    if (text := found.get(prefix + "flow")) is not None:
        return _flow(text)
    return None
