"""The slow, thorough look at the fields of an object that did not decode: every mistake, and what is left without them.

The types in `crenel.kubernetes.objects` declare every field that the API knows, so one that is not declared is a
mistake. ``null`` is an absent field; in a list or a map of strings it is the empty value, as Go reads it. A number
that YAML writes as ``80.0`` is an integer. A value that cannot be used is dropped, with whatever cannot be without
it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

from crenel.kubernetes.validation.mistakes import Mistake, required, shown, unknown
from crenel.provenance import FieldPath


class _Dropped:
    """Stands for a value that cannot be used."""


_DROPPED = _Dropped()


@dataclass(slots=True)
class Examined:
    """What was found in one object."""

    data: dict[str, Any]
    """The object without its mistakes: it decodes."""
    mistakes: list[Mistake] = field(default_factory=list)
    advise: bool = True
    """Whether to look for the field that was meant by an unknown one, which takes longer than all the rest."""
    positions: dict[FieldPath, list[int]] = field(default_factory=dict)
    """For each list that lost items, where those that are left were written."""

    def written(self, path: FieldPath) -> FieldPath:
        """Where a field of `data` was written."""
        found: FieldPath = ()
        for step in path:
            kept = self.positions.get(found)
            found = (*found, kept[step] if kept is not None and isinstance(step, int) else step)
        return found


_Walk: TypeAlias = Callable[[Any, FieldPath, Examined], Any]


def examine(data: Mapping[str, Any], type_: type[msgspec.Struct], *, advise: bool = True) -> Examined:
    """Find every unknown field and every wrong type of an object; with advice on what was meant."""
    examined = Examined({}, advise=advise)
    walked = _walker_of(type_)(data, (), examined)
    if isinstance(walked, dict):
        examined.data = walked
    return examined


def without(data: Mapping[str, Any], paths: Iterable[FieldPath], type_: type[msgspec.Struct]) -> dict[str, Any]:
    """An object without the given fields, and without whatever cannot be without them."""
    left: Any = data
    for path in paths:
        left = _marked(left, path)
    return examine(left, type_, advise=False).data


def _marked(value: Any, path: FieldPath) -> Any:
    """A copy of a value in which the one at a path is dropped; the value itself where there is none."""
    if not path:
        return _DROPPED
    step = path[0]
    if isinstance(value, dict) and step in value:
        return {**value, step: _marked(value[step], path[1:])}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], _marked(value[step], path[1:]), *value[step + 1 :]]
    return value


@cache
def _walker_of(type_: type[msgspec.Struct]) -> _Walk:
    return _walker(inspect.type_info(type_))


def _walker(info: inspect.Type) -> _Walk:
    """The walk for one type."""
    match info:
        case inspect.UnionType():
            walk = _union(info)
        case inspect.StructType():
            walk = _struct(info)
        case inspect.ListType():
            walk = _list(info)
        case inspect.DictType():
            walk = _map(info)
        case inspect.StrType():
            walk = _scalar("string", str)
        case inspect.BoolType():
            walk = _scalar("boolean", bool)
        case inspect.IntType():
            walk = _scalar("integer", int)
        case _:
            walk = _anything
    return walk


def _anything(value: Any, _path: FieldPath, _examined: Examined) -> Any:
    return value


def _union(info: inspect.UnionType) -> _Walk:
    """An optional type, or an integer or a string; null never gets here."""
    types = [each for each in info.types if not isinstance(each, inspect.NoneType)]
    return _walker(types[0]) if len(types) == 1 else _scalar("integer or string", int, str)


def _wrong(value: Any, expected: str, path: FieldPath, examined: Examined) -> _Dropped:
    if value is not _DROPPED:
        examined.mistakes.append(Mistake(path, f"expected {expected}, got {shown(value)}"))
    return _DROPPED


def _scalar(name: str, *accepted: type) -> _Walk:
    def walk(value: Any, path: FieldPath, examined: Examined) -> Any:
        if type(value) in accepted:
            return value
        if int in accepted and isinstance(value, float) and value.is_integer():
            return int(value)
        return _wrong(value, name, path, examined)

    return walk


def _empty(info: inspect.Type) -> Any:
    """What a null in a list or a map stands for."""
    types = info.types if isinstance(info, inspect.UnionType) else (info,)
    if any(isinstance(each, inspect.StructType) for each in types):
        return {}
    return "" if any(isinstance(each, inspect.StrType) for each in types) else None


def _list(info: inspect.ListType) -> _Walk:
    item_walk, empty = _walker(info.item_type), _empty(info.item_type)

    def walk(value: Any, path: FieldPath, examined: Examined) -> Any:
        if not isinstance(value, list):
            return _wrong(value, "array", path, examined)
        items = (empty if item is None else item for item in value)
        walked = [item_walk(item, (*path, position), examined) for position, item in enumerate(items)]
        kept = [position for position, item in enumerate(walked) if item is not _DROPPED]
        if len(kept) == len(walked):
            return walked
        examined.positions[path] = kept
        return [walked[position] for position in kept]

    return walk


def _map(info: inspect.DictType) -> _Walk:
    value_walk, empty = _walker(info.value_type), _empty(info.value_type)

    def walk(value: Any, path: FieldPath, examined: Examined) -> Any:
        if not isinstance(value, dict):
            return _wrong(value, "object", path, examined)
        walked = {}
        for written, item in value.items():
            key = written if isinstance(written, str) else shown(written)
            kept = value_walk(empty if item is None else item, (*path, key), examined)
            if kept is not _DROPPED:
                walked[key] = kept
        return walked

    return walk


def _struct(info: inspect.StructType) -> _Walk:
    fields = {each.encode_name: _walker(each.type) for each in info.fields if not each.encode_name.startswith("(")}
    needed = [each.encode_name for each in info.fields if each.required]
    closed = info.forbid_unknown_fields

    def walk(value: Any, path: FieldPath, examined: Examined) -> Any:
        if not isinstance(value, dict):
            return _wrong(value, "object", path, examined)
        walked: dict[str, Any] = {}
        for written, item in value.items():
            name = written if isinstance(written, str) else shown(written)
            if (field_walk := fields.get(name)) is None:
                if closed:
                    examined.mistakes.append(_unknown((*path, name), fields if examined.advise else ()))
                else:
                    walked[name] = item
            elif item is not None:
                kept = field_walk(item, (*path, name), examined)
                if kept is not _DROPPED:
                    walked[name] = kept
        absent = [name for name in needed if name not in walked]
        examined.mistakes += [required((*path, name)) for name in absent if value.get(name) is None]
        return _DROPPED if absent else walked

    return walk


def _unknown(path: FieldPath, fields: Iterable[str]) -> Mistake:
    """An unknown field, with the known one that was probably meant."""
    mistake = unknown(path)
    close = difflib.get_close_matches(str(path[-1]), fields, 1, 0.75)
    return mistake._replace(message=f'{mistake.message}, did you mean "{close[0]}"?') if close else mistake


_SHARED = ("minReadySeconds", "selector", "template")
FIELDS_OF: Mapping[str, frozenset[str]] = {
    "Deployment": frozenset(
        (*_SHARED, "paused", "progressDeadlineSeconds", "replicas", "revisionHistoryLimit", "strategy")
    ),
    "StatefulSet": frozenset(
        (*_SHARED, "ordinals", "persistentVolumeClaimRetentionPolicy", "podManagementPolicy", "replicas",
         "revisionHistoryLimit", "serviceName", "updateStrategy", "volumeClaimTemplates")
    ),
    "DaemonSet": frozenset((*_SHARED, "revisionHistoryLimit", "updateStrategy")),
    "ReplicaSet": frozenset((*_SHARED, "replicas")),
    "ReplicationController": frozenset((*_SHARED, "replicas")),
    "Job": frozenset(
        ("activeDeadlineSeconds", "backoffLimit", "backoffLimitPerIndex", "completionMode", "completions", "managedBy",
         "manualSelector", "maxFailedIndexes", "parallelism", "podFailurePolicy", "podReplacementPolicy", "scheduling",
         "selector", "successPolicy", "suspend", "template", "ttlSecondsAfterFinished")
    ),
}  # fmt: skip
"""Which fields of `WorkloadSpec` each kind has (apps/v1, core/v1, batch/v1)."""


def check_fields_of(kind: str, data: Mapping[str, Any], found: list[Mistake]) -> None:
    """Find the fields of a workload's spec that only other kinds have."""
    spec, known = data.get("spec"), FIELDS_OF[kind]
    if isinstance(spec, dict) and not spec.keys() <= known:
        found += [_unknown(("spec", name), known) for name in spec if name not in known]
