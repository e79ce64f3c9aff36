"""Conditions of a rule on a request: path, method, headers, query.

Source of the rules: Gateway API ``HTTPRouteMatch`` (apis/v1/httproute_types.go) and Kubernetes ``HTTPIngressPath``. A
prefix is one of whole path segments, and a slash at its end does not count. All conditions of a match must hold; of
several entries for one header or parameter the first counts. What regular expressions and implementation-specific
paths match is up to the proxy: they are read as a full match and as a prefix, and the decision says so.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from crenel.routing.requests import Request

Precedence: TypeAlias = tuple[int, ...]


class PathKind(enum.Enum):
    """How the path of a match is compared."""

    EXACT = "exact"
    PREFIX = "prefix"
    """Whole segments: ``/v2`` covers ``/v2/x``, not ``/v2example``."""
    BEGINNING = "beginning"
    """Any text that begins so."""
    PATTERN = "pattern"
    """A regular expression."""
    UNSPECIFIED = "implementation-specific"


@dataclass(frozen=True, slots=True)
class PathMatch:
    """A condition on the path, without the query."""

    kind: PathKind = PathKind.PREFIX
    value: str = "/"

    def matches(self, path: str) -> bool:
        """Whether the path falls under it."""
        match self.kind:
            case PathKind.EXACT:
                return path == self.value
            case PathKind.BEGINNING:
                return path.startswith(self.value)
            case PathKind.PATTERN:
                return fits(self.value, path)
            case PathKind.UNSPECIFIED if self.value.endswith("*"):
                return path.startswith(self.value[:-1]) or path == self.value[:-1].rstrip("/")
        return under(path, self.value)

    @property
    def certain(self) -> bool:
        """Whether every proxy compares it in the same way."""
        return self.kind not in (PathKind.PATTERN, PathKind.UNSPECIFIED) or self == PathMatch(PathKind.UNSPECIFIED, "/")

    def __str__(self) -> str:
        written = {PathKind.EXACT: "= ", PathKind.BEGINNING: "^ ", PathKind.PATTERN: "~ ", PathKind.UNSPECIFIED: "? "}
        return f"{written.get(self.kind, '')}{self.value}"


EVERYTHING = PathMatch()


def under(path: str, prefix: str) -> bool:
    """Whether a path begins with the segments of a prefix: ``/v2/x`` is under ``/v2``, ``/v2example`` is not."""
    bare = prefix.rstrip("/")
    return path == bare or path.startswith(f"{bare}/")


@dataclass(frozen=True, slots=True)
class ValueMatch:
    """A condition on the value of a header or a query parameter."""

    name: str
    value: str
    pattern: bool = False

    def accepts(self, value: str | None) -> bool:
        """Whether a value, None for an absent one, fulfils it."""
        if value is None:
            return False
        return fits(self.value, value) if self.pattern else value == self.value

    def __str__(self) -> str:
        return f"{self.name}{'~' if self.pattern else '='}{self.value}"


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """One way to fall under a rule: every condition holds."""

    path: PathMatch = EVERYTHING
    method: str = ""
    """Empty for every method."""
    headers: tuple[ValueMatch, ...] = ()
    query: tuple[ValueMatch, ...] = ()
    rank: Precedence = ()
    """A precedence of its own, in the place of the one that follows from the conditions."""
    settled: bool = False
    """Whether a pattern means the same to every proxy, because it stands for something simpler."""

    def matches(self, request: Request) -> bool:
        """Whether the request fulfils every condition."""
        return (
            (not self.method or self.method == request.method)
            and self.path.matches(request.plain_path)
            and all(each.accepts(request.header(each.name)) for each in self.headers)
            and all(each.accepts(request.parameter(each.name)) for each in self.query)
        )

    @property
    def precedence(self) -> Precedence:
        """Orders matches, the higher first: exact path, longest path, method, number of headers, of parameters."""
        return self.rank or (
            self.path.kind is PathKind.EXACT,
            len(self.path.value),
            bool(self.method),
            len(self.headers),
            len(self.query),
        )

    @property
    def certain(self) -> bool:
        """Whether every proxy reads it in the same way."""
        return self.settled or (self.path.certain and not any(each.pattern for each in (*self.headers, *self.query)))

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, str(self.path), *map(str, (*self.headers, *self.query)))))


def fits(pattern: str, text: str) -> bool:
    """Whether a regular expression matches a whole text; one that cannot be read matches nothing."""
    compiled = _compiled(pattern)
    return compiled is not None and compiled.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
