"""What a server should accept: a profile of Mozilla's guidelines, from the data beside this file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NAMES = ("intermediate", "modern", "old")
"""The profiles; the first one is what Mozilla recommends to most."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one profile allows."""

    name: str
    guideline: str
    """The version of the guidelines: ``5.8``."""
    source: str
    """Where they are published."""
    versions: frozenset[str]
    """As `Version.title` writes them."""
    suites: frozenset[str]
    """By their IANA names, those of TLS 1.3 among them."""
    groups: tuple[str, ...]
    """As `Group.title` writes them, the best one first."""
    hsts: int
    """The least ``max-age`` of Strict-Transport-Security, in seconds."""

    @property
    def title(self) -> str:
        """How reports write it."""
        return f"Mozilla {self.name} {self.guideline}"


@cache
def profile(name: str) -> Profile:
    """The profile of a name in `NAMES`."""
    text = files("crenel.certificates.probing").joinpath("mozilla.toml").read_text("utf-8")
    data = tomllib.loads(text)
    given = data[name]
    return Profile(
        name,
        data["version"],
        data["source"],
        frozenset(given["versions"]),
        frozenset((*given["suites_1_3"], *given["suites"])),
        tuple(given["groups"]),
        given["hsts"],
    )
