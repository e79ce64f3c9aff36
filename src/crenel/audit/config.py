"""The configuration file ``crenel.toml``: read strictly, so that no setting is lost for its spelling."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crenel.audit.catalogue import rule
from crenel.audit.finding import Check, Option, Persona, Severity
from crenel.audit.settings import CheckSettings, ConfiguredIgnore, Settings
from crenel.provenance import FieldPath, Origin

NAME = "crenel.toml"
"""What the file is called, in the current directory or one above it."""

_TOP = (
    "select",
    "ignore",
    "severity",
    "persona",
    "edge",
    "public",
    "baseline",
    "assume",
    "proxies",
    "set-aside",
    "checks",
)
_SET_ASIDE = ("checks", "paths", "objects", "reason", "until")
_LINE = re.compile(r"^\s*(?:\[+\s*(?P<table>[^\]]+?)\s*\]+|(?P<key>[^=#\[]+?)\s*=)")


class ConfigError(ValueError):
    """The file cannot be used. The message is one line for a person, with file and line."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file says: settings, and what the command line's options would."""

    settings: Settings = field(default_factory=Settings)
    baseline: str = ""
    """The path of the baseline, from the file's folder; empty for none."""
    assume: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()


def find(start: Path) -> Path | None:
    """The file in a folder, or in the nearest one above it that has one."""
    return next((path for folder in (start, *start.parents) if (path := folder / NAME).is_file()), None)


def read(path: Path, shown: str) -> Configuration:
    """Read a file; `shown` is how messages call it.

    Raises:
        ConfigError: it cannot be read, or says something that is not understood.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "not UTF-8"
        raise ConfigError(f"{shown}: {reason}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown}: {error}") from None
    return _Reader(data, text, shown, path).configuration()


@dataclass(frozen=True, slots=True)
class _Reader:
    data: dict[str, Any]
    text: str
    shown: str
    path: Path

    def configuration(self) -> Configuration:
        self._only(self.data, _TOP, ())
        settings = Settings(
            select=self._texts("select"),
            ignore=self._texts("ignore"),
            severity=self._severity(self.data, ()) or Severity.LOW,
            persona=self._persona(self.data, ()) or Persona.DEFAULT,
            edge=self._texts("edge"),
            public=self._texts("public"),
            checks=dict(self._checks()),
            ignores=list(self._ignores()),
        )
        baseline = self._text(self.data, "baseline", ())
        return Configuration(
            settings, str(self.path.parent / baseline) if baseline else "", self._texts("assume"),
            self._texts("proxies"),
        )  # fmt: skip

    def _wrong(self, message: str, *path: str | int) -> ConfigError:
        return ConfigError(f"{self.shown}:{self._line(path)}: {message}")

    def _line(self, path: FieldPath) -> int:
        """The line of a key, or of the table that it is in."""
        return line_of(self.text, path)

    def _only(self, table: Mapping[str, Any], known: Sequence[str], path: FieldPath) -> None:
        for key in table:
            if key not in known:
                raise self._wrong(f"there is no setting {key!r}: {', '.join(known)}", *path, key)

    def _text(self, table: Mapping[str, Any], key: str, path: FieldPath) -> str:
        found = table.get(key, "")
        if not isinstance(found, str):
            raise self._wrong(f"{key} has to be text", *path, key)
        return found

    def _texts(self, key: str, table: Mapping[str, Any] | None = None, path: FieldPath = ()) -> tuple[str, ...]:
        found = (self.data if table is None else table).get(key, [])
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self._wrong(f"{key} has to be a list of texts", *path, key)
        return tuple(found)

    def _severity(self, table: Mapping[str, Any], path: FieldPath) -> Severity | None:
        word = self._text(table, "severity", path)
        if not word:
            return None
        if word.upper() not in Severity.__members__:
            raise self._wrong(f"severity {word!r}: low, medium, high or critical", *path, "severity")
        return Severity[word.upper()]

    def _persona(self, table: Mapping[str, Any], path: FieldPath) -> Persona | None:
        word = self._text(table, "persona", path)
        if not word:
            return None
        if word.upper() not in Persona.__members__:
            raise self._wrong(f"persona {word!r}: default, pedantic or auditor", *path, "persona")
        return Persona[word.upper()]

    def _checks(self) -> Iterator[tuple[str, CheckSettings]]:
        tables = self.data.get("checks", {})
        if not isinstance(tables, dict):
            raise self._wrong("checks has to be a table", "checks")
        for name, table in tables.items():
            found, path = rule(name), ("checks", name)
            if found is None:
                raise self._wrong(f"there is no check {name!r}", *path)
            if not isinstance(table, dict):
                raise self._wrong(f"checks.{name} has to be a table", *path)
            self._only(table, ("severity", "persona", *found.check.options), path)
            options = dict(self._options(found.check, table, path))
            yield found.check.id, CheckSettings(self._severity(table, path), self._persona(table, path), options)

    def _options(self, check: Check, table: Mapping[str, Any], path: FieldPath) -> Iterator[tuple[str, Option]]:
        for key, default in check.options.items():
            if key not in table:
                continue
            if isinstance(default, list):
                yield key, list(self._texts(key, table, path))
            elif type(table[key]) is not type(default):
                raise self._wrong(f"{key} has to be like {default!r}", *path, key)
            else:
                yield key, table[key]

    def _ignores(self) -> Iterator[ConfiguredIgnore]:
        rows = self.data.get("set-aside", [])
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise self._wrong("set-aside has to be an array of tables: [[set-aside]]", "set-aside")
        for number, row in enumerate(rows):
            path = ("set-aside", number)
            self._only(row, _SET_ASIDE, path)
            checks, reason = self._texts("checks", row, path), self._text(row, "reason", path)
            until = row.get("until")
            if not isinstance(until, dt.date) or isinstance(until, dt.datetime):
                raise self._wrong("until has to be a date, such as 2027-03-01", *path, *(["until"] if until else []))
            if not checks or not reason:
                raise self._wrong(f"{'checks' if not checks else 'reason'} is missing", *path)
            origin = Origin(self.shown, locate=lambda _, path=path: self._line(path))  # type: ignore[misc]
            yield ConfiguredIgnore(
                checks, reason, until, self._texts("paths", row, path), self._texts("objects", row, path), origin
            )


def line_of(text: str, path: FieldPath) -> int:
    """The line of a key in a TOML text, from 1; of the last table on the way to it where the key is not on its own."""
    table: list[str] = []
    count: dict[str, int] = {}
    best = 1
    names = [str(each) for each in path if isinstance(each, str)]
    wanted = next((each for each in path if isinstance(each, int)), 0)
    for number, line in enumerate(text.split("\n"), 1):
        match = _LINE.match(line)
        if match is None:
            continue
        if match["table"]:
            table = [part.strip(" \"'") for part in match["table"].split(".")]
            count[match["table"]] = count.get(match["table"], -1) + 1
            here = table
            if here == names[: len(here)] and count[match["table"]] in (0, wanted):
                best = number
        elif [*table, match["key"].strip(" \"'")] == names and (not table or _turn(table, count) in (0, wanted)):
            best = number
            if not table or _turn(table, count) == wanted:
                return number
    return best


def _turn(table: Sequence[str], count: Mapping[str, int]) -> int:
    return count.get(".".join(table), 0)


def merged(configuration: Settings, **options: Any) -> Settings:
    """Settings with what the command line says in their place, where it says anything."""
    return replace(configuration, **{key: value for key, value in options.items() if value})
