"""Policies of plugins' own kinds that are read exactly: egress to pods and to DNS names, and nothing else.

What such a policy says is put as `Opening`s. A policy that says anything more is not read at all: it counts as one that
is not understood (`crenel.dialects.foreign`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crenel.kubernetes.objects.meta import LabelSelector, Requirement
from crenel.kubernetes.population import PER_POD
from crenel.network.traffic import LAST_PORT, Match, protocol_number

_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
"""The operators of selectors, and whether they have values (meta/v1)."""
_NAME = re.compile(r"([-a-z0-9_]+\.)*[-a-z0-9_]+\Z")


class BeyondError(Exception):
    """A policy says something that is not read here."""


@dataclass(frozen=True, slots=True)
class Pods:
    """Pods of one namespace; no selector is all of them."""

    namespace: str
    selector: LabelSelector | None


@dataclass(frozen=True, slots=True)
class Names:
    """DNS names. `exact` are names, and ``*.`` patterns for one or more labels; `single` those for exactly one."""

    exact: tuple[str, ...] = ()
    single: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """One egress rule: to some pods or to names, with some traffic (None: all)."""

    place: int
    pods: tuple[Pods, ...]
    names: Names
    traffic: tuple[Match, ...] | None


@dataclass(frozen=True, slots=True)
class Read:
    """A policy that is understood: whom it selects, and what it opens for them.

    `learns` says whether it has what makes the addresses of its names known.
    """

    subject: Pods
    openings: tuple[Opening, ...]
    learns: bool = True


def only(value: Any, *keys: str) -> dict[str, Any]:
    """A mapping that has no other keys."""
    if not isinstance(value, dict) or not set(value) <= set(keys):
        raise BeyondError
    return value


def listed(value: Any) -> list[Any]:
    """A list with something in it."""
    if not isinstance(value, list) or not value:
        raise BeyondError
    return value


def text(value: Any) -> str:
    """A text with something in it."""
    if not isinstance(value, str) or not value:
        raise BeyondError
    return value


def name(value: Any) -> str:
    """A DNS name without a wildcard."""
    found = text(value).lower().rstrip(".")
    if not _NAME.match(found):
        raise BeyondError
    return found


def selector(value: Any) -> LabelSelector | None:
    """A label selector as meta/v1 has it; None for the one that matches all. Labels of single replicas are not read."""
    found = only(value, "matchLabels", "matchExpressions")
    written = found.get("matchLabels") or {}
    if not isinstance(written, dict):
        raise BeyondError
    labels = {text(key): _value(each) for key, each in written.items()}
    expressions = [_requirement(each) for each in listed(found["matchExpressions"])] if _has_some(found) else []
    if PER_POD & {*labels, *(each.key for each in expressions)}:
        raise BeyondError
    if not labels and not expressions:
        return None
    return LabelSelector(match_labels=labels or None, match_expressions=expressions or None)


def _has_some(found: dict[str, Any]) -> bool:
    return found.get("matchExpressions") not in (None, [])


def _value(value: Any) -> str:
    if not isinstance(value, str):
        raise BeyondError
    return value


def _requirement(value: Any) -> Requirement:
    found = only(value, "key", "operator", "values")
    operator, values = text(found.get("operator")), found.get("values")
    if operator not in _OPERATORS or _OPERATORS[operator] is not bool(values):
        raise BeyondError
    return Requirement(text(found.get("key")), operator, [_value(each) for each in listed(values)] if values else None)


def span(first: Any, last: Any = None) -> tuple[int, int]:
    """Ports from one to another, each a number or its text."""
    low = _port(first)
    high = low if last is None else _port(last)
    if not 0 < low <= high <= LAST_PORT:
        raise BeyondError
    return low, high


def _port(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) <= len(str(LAST_PORT)):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise BeyondError


def matches(protocols: Sequence[str], of: tuple[int, int] | None) -> tuple[Match, ...]:
    """The same ports of several protocols; None for all."""
    return tuple(Match(protocol_number(each), of) for each in protocols)
