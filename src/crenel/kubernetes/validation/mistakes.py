"""A mistake in one field, in the words of the API server.

Source of the words: apimachinery pkg/util/validation/field/errors.go for the built-in kinds, and kube-openapi
pkg/validation/errors for what a custom resource definition refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from crenel.provenance import FieldPath, Severity, field_text


class Mistake(NamedTuple):
    """What is wrong with one field of an object."""

    field: FieldPath
    message: str
    severity: Severity = Severity.ERROR


def shown(value: Any) -> str:
    """A value as a message writes it: JSON, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= 100 else f"{text[:97]}..."


def required(field: FieldPath, detail: str = "") -> Mistake:
    """A field that must be there is not."""
    return Mistake(field, f"Required value: {detail}" if detail else "Required value")


def invalid(field: FieldPath, value: Any, detail: str) -> Mistake:
    """A value that breaks a rule."""
    return Mistake(field, f"Invalid value: {shown(value)}: {detail}")


def forbidden(field: FieldPath, detail: str) -> Mistake:
    """A value that is right elsewhere."""
    return Mistake(field, f"Forbidden: {detail}")


def unsupported(field: FieldPath, value: Any, supported: Iterable[str]) -> Mistake:
    """A word that is not on the list."""
    listed = ", ".join(map(shown, supported))
    return Mistake(field, f"Unsupported value: {shown(value)}: supported values: {listed}")


def duplicate(field: FieldPath, value: Any) -> Mistake:
    """A value that must be unique and is not."""
    return Mistake(field, f"Duplicate value: {shown(value)}")


def too_many(field: FieldPath, count: int, most: int) -> Mistake:
    """A list or an object with more entries than allowed."""
    return Mistake(field, f"Too many: {count}: must have at most {most} {'item' if most == 1 else 'items'}")


def too_few(field: FieldPath, what: str = "items") -> Mistake:
    """A list or an object without an entry (minItems, minProperties of 1)."""
    return Mistake(field, f"Invalid value: 0: {field_text(field)} in body should have at least 1 {what}")


def too_long(field: FieldPath, most: int) -> Mistake:
    """A string that is longer than allowed."""
    return Mistake(field, f"Too long: may not be more than {most} bytes")


def unknown(field: FieldPath) -> Mistake:
    """A field that the API does not know."""
    return Mistake(field, f'unknown field "{field_text(field)}"')


def warning(field: FieldPath, message: str) -> Mistake:
    """Something the API takes, but that does not do what it seems to say."""
    return Mistake(field, message, Severity.WARNING)


def bounded(value: int, least: int, most: int, field: FieldPath, found: list[Mistake]) -> None:
    """Add a mistake where a number is out of bounds (minimum, maximum)."""
    if not least <= value <= most:
        bound = f"less than or equal to {most}" if value > most else f"greater than or equal to {least}"
        found.append(invalid(field, value, f"{field_text(field)} in body should be {bound}"))


def listed(values: Sequence[object], field: FieldPath, most: int, found: list[Mistake]) -> None:
    """Add a mistake where a list is empty or too long (minItems of 1, maxItems)."""
    if not values:
        found.append(too_few(field))
    elif len(values) > most:
        found.append(too_many(field, len(values), most))


def exactly_one(values: Sequence[object], field: FieldPath, found: list[Mistake]) -> None:
    """Add a mistake unless exactly one of the fields is there (minProperties and maxProperties of 1)."""
    count = len(values) - values.count(None)
    if count > 1:
        found.append(too_many(field, count, 1))
    elif not count:
        found.append(too_few(field, "properties"))
