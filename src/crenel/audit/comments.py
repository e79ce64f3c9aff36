"""Comments in the user's own text that set findings aside: ``# crenel: ignore[NP-08] until 2027-03-01: reason``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crenel.editing.texts import text_of
from crenel.provenance import FieldPath, Origin

_MARK = "crenel: ignore"
_COMMENT = re.compile(
    r"#\s*crenel:\s*ignore\b\s*(?:\[(?P<checks>[^\]]*)\])?(?:\s*until\s+(?P<until>[^\s:]+))?\s*(?::\s*(?P<reason>.*))?"
)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment. `line` is its own, `meant` the line that it is about: its own, or the next one with content.

    `wrong` says what is missing or cannot be read; then it sets nothing aside.
    """

    source: str
    line: int
    meant: int
    checks: tuple[str, ...] = ()
    until: dt.date | None = None
    reason: str = ""
    wrong: str = ""

    @property
    def title(self) -> str:
        """How reports write it."""
        return f"comment {self.source}:{self.line}"

    @property
    def namespace(self) -> str:
        """A comment lives in none."""
        return ""

    @property
    def origin(self) -> Origin:
        """Where it stands."""
        return Origin(self.source, locate=self._locate)

    def _locate(self, _field: FieldPath) -> int:
        return self.line


def comments(origins: Sequence[Origin]) -> Iterator[Comment]:
    """The comments in the texts of some origins, each once."""
    seen: set[int] = set()
    for origin in origins:
        place = text_of(origin)
        if place is None or id(place) in seen:
            continue
        seen.add(id(place))
        if not place.json and _MARK in place.text:
            yield from _in_text(origin.source, place.text.split("\n"), place.first)


def _in_text(source: str, lines: list[str], first: int) -> Iterator[Comment]:
    for number, line in enumerate(lines):
        match = _COMMENT.search(line)
        if match is None:
            continue
        own = bool(line[: match.start()].strip())
        meant = number if own else _next(lines, number)
        yield _read(match, source, first + number, first + meant)


def _next(lines: list[str], number: int) -> int:
    """The next line that has content."""
    for later in range(number + 1, len(lines)):
        text = lines[later].strip()
        if text and not text.startswith("#") and text != "---":
            return later
    return number


def _read(match: re.Match[str], source: str, line: int, meant: int) -> Comment:
    checks = tuple(part.strip() for part in (match["checks"] or "").split(",") if part.strip())
    reason, date = (match["reason"] or "").strip(), match["until"]
    until = _date(date) if date else None
    wrong = [
        *(() if checks else ("the checks in brackets",)),
        *(() if until else (f"a date in place of {date!r}",) if date else ("a date: until YYYY-MM-DD",)),
        *(() if reason else ("a reason behind a colon",)),
    ]
    return Comment(source, line, meant, checks, until, reason, ", ".join(wrong))


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
