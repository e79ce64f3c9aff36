"""Edits of parsed values: what a text has to mean once it has been edited."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from typing import Any

from crenel.editing.patches import Append, Edit, Remove, Set
from crenel.provenance import FieldPath, field_text


class RefusalError(ValueError):
    """A patch cannot be applied. The message is one line for a person."""


class NoSuchFieldError(RefusalError):
    """What an edit is about is not there."""


def applied(data: Any, edits: Sequence[Edit]) -> Any:
    """A copy of a value with edits, in the order that moves none of their paths.

    Raises:
        NoSuchFieldError: what an edit is about is not there.
    """
    found = copy.deepcopy(data)
    for edit in ordered(edits):
        try:
            apply(found, edit)
        except (KeyError, IndexError, TypeError, AttributeError):
            raise NoSuchFieldError(f"there is no {field_text(edit.path)}") from None
    return found


def ordered(edits: Sequence[Edit]) -> list[Edit]:
    """Each edit once; removals last, from the end of lists, so that no path is moved by another edit."""
    unique = [edit for number, edit in enumerate(edits) if edit not in edits[:number]]
    removals = [edit for edit in unique if isinstance(edit, Remove)]
    removals.sort(
        key=lambda edit: [(isinstance(step, int), step if isinstance(step, int) else 0) for step in edit.path]
    )
    return [*(edit for edit in unique if not isinstance(edit, Remove)), *reversed(removals)]


def apply(data: Any, edit: Edit) -> None:
    """Apply one edit to the parsed document."""
    match edit:
        case Set():
            _made(data, edit.path[:-1])[edit.path[-1]] = copy.deepcopy(edit.value)
        case Append():
            parent = _made(data, edit.path[:-1])
            if parent.get(edit.path[-1]) is None:
                parent[edit.path[-1]] = []
            parent[edit.path[-1]].append(copy.deepcopy(edit.value))
        case Remove():
            _remove(data, edit.path, edit.keep)


def _made(data: Any, path: FieldPath) -> Any:
    """The collection at a path, made where it is missing."""
    for step in path:
        if isinstance(step, str) and data.get(step) is None:
            data[step] = {}
        data = data[step]
    return data


def _remove(data: Any, path: FieldPath, keep: int) -> None:
    stations = [data]
    for step in path[:-1]:
        with contextlib.suppress(KeyError, IndexError, TypeError):
            stations.append(stations[-1][step])
            continue
        raise KeyError(field_text(path))
    for depth in range(len(path) - 1, keep - 1, -1):
        parent = stations[depth]
        if depth == len(path) - 1:
            if path[depth] not in (parent if isinstance(parent, dict) else range(len(parent))):
                raise KeyError(field_text(path))
        elif len(stations[depth + 1]):
            return
        del parent[path[depth]]
