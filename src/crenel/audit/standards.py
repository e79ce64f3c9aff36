"""Which check bears on which control of a standard: versioned data, each row marked as the standard's own or ours."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard, in the edition that the controls are numbered by."""

    id: str
    title: str
    edition: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A control that a check bears on. `own` says that the standard itself, or its publisher, draws the line."""

    check: str
    standard: Standard
    control: str
    own: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mappings:
    """All of the data."""

    version: str
    standards: Mapping[str, Standard]
    references: tuple[Reference, ...]


@cache
def mappings() -> Mappings:
    """Read the data file of the package."""
    data = tomllib.loads(resources.files("crenel.audit").joinpath("standards.toml").read_text("utf-8"))
    standards = {key: Standard(key, each["title"], each["edition"]) for key, each in data["standards"].items()}
    references = tuple(
        Reference(check, standards[row["standard"]], row["control"], row["mapping"] == "own", row.get("note", ""))
        for check, rows in data["checks"].items()
        for row in rows
    )
    return Mappings(data["version"], standards, references)


@cache
def _by_check() -> Mapping[str, tuple[Reference, ...]]:
    found: dict[str, list[Reference]] = defaultdict(list)
    for each in mappings().references:
        found[each.check].append(each)
    return {check: tuple(rows) for check, rows in found.items()}


def of_check(check_id: str) -> tuple[Reference, ...]:
    """The controls that one check bears on."""
    return _by_check().get(check_id, ())
