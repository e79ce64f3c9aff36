"""Looks into objects that are not typed: whatever stands there instead of what was meant is as good as nothing."""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

LARGEST = 4 << 20
"""Bytes of one value; a Secret of Kubernetes holds 1 MiB."""


def at(data: Any, *path: str) -> Any:
    """What a path of keys leads to; None where it leads nowhere."""
    for step in path:
        if not isinstance(data, dict):
            return None
        data = data.get(step)
    return data


def text(data: Any, *path: str) -> str:
    """A text; empty where there is none."""
    found = at(data, *path)
    return found if isinstance(found, str) else ""


def table(data: Any, *path: str) -> Mapping[str, Any]:
    """A mapping; empty where there is none."""
    found = at(data, *path)
    return found if isinstance(found, dict) else {}


def items(data: Any, *path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings in a list, each with its position."""
    found = at(data, *path)
    for position, each in enumerate(found if isinstance(found, list) else ()):
        if isinstance(each, dict):
            yield position, each


def texts(data: Any, *path: str) -> list[str]:
    """The texts in a list."""
    found = at(data, *path)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def number(data: Any, *path: str) -> int | None:
    """A whole number; None where there is none."""
    found = at(data, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def time(data: Any, *path: str) -> datetime | None:
    """A time as Kubernetes writes it (RFC 3339); None where there is none. YAML may have made one of it already."""
    found = at(data, *path)
    try:
        moment = found if isinstance(found, datetime) else datetime.fromisoformat(found)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def decoded(value: Any) -> bytes | None:
    """The bytes of a value in base64, as Secrets and caBundles have it; None where it is none, or too large."""
    if not isinstance(value, str) or len(value) > LARGEST * 4 // 3:
        return None
    try:
        return binascii.a2b_base64("".join(value.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        return None
