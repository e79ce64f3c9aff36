"""Label and field selectors of list requests, parsed and matched without any help from src."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

Match: TypeAlias = Callable[[dict[str, Any]], bool]

FIELDS = {
    "pods": {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
             "status.phase", "status.podIP", "status.nominatedNodeName"},
    "services": {"spec.clusterIP", "spec.type"},
    "secrets": {"type"},
    "namespaces": {"status.phase"},
    "nodes": {"spec.unschedulable"},
}  # fmt: skip
"""Fields that may be selected on, beside name and namespace (pkg/apis/core/v1/conversion.go)."""

_EXPRESSION = re.compile(
    r"\s*(?:(?P<absent>!)\s*)?(?P<key>[A-Za-z0-9./_-]+)\s*"
    r"(?:(?P<set>in|notin)\s*\((?P<values>[^)]*)\)|(?P<operator>==|!=|=)\s*(?P<value>[A-Za-z0-9._-]*))?\s*(?:,|$)"
)


class BadSelectorError(Exception):
    """The selector cannot be parsed, or selects on a field that is not indexed."""


def labels(text: str) -> Match:
    """Parse a label selector: ``app=web,tier!=db,n in (1,2),!old``."""
    tests: list[Match] = []
    position = 0
    while position < len(text):
        found = _EXPRESSION.match(text, position)
        if not found:
            raise BadSelectorError(f"unable to parse requirement: found '{text[position:]}'")
        tests.append(_label_test(found))
        position = found.end()
    return lambda item: all(test(item.get("metadata", {}).get("labels") or {}) for test in tests)


def _label_test(found: re.Match[str]) -> Match:
    key = found["key"]
    if found["absent"]:
        return lambda own: key not in own
    if found["set"]:
        values = {value.strip() for value in found["values"].split(",")}
        if found["set"] == "in":
            return lambda own: own.get(key) in values
        return lambda own: own.get(key) not in values
    if found["operator"] == "!=":
        return lambda own: own.get(key) != found["value"]
    if found["operator"]:
        return lambda own: own.get(key) == found["value"]
    return lambda own: key in own


def fields(resource: str, text: str) -> Match:
    """Parse a field selector: ``spec.nodeName=a,status.phase!=Running``."""
    tests: list[Match] = []
    for term in filter(None, text.split(",")):
        found = re.fullmatch(r"([^=!]+)(==|!=|=)(.*)", term)
        if not found:
            raise BadSelectorError(f"invalid selector: '{term}'; can't understand '{term}'")
        path, operator, value = found.groups()
        if path not in {"metadata.name", "metadata.namespace"} | FIELDS.get(resource, set()):
            raise BadSelectorError(f"field label not supported: {path}")
        tests.append(_field_test(path.split("."), operator == "!=", value))
    return lambda item: all(test(item) for test in tests)


def _field_test(path: list[str], negated: bool, value: str) -> Match:
    def test(item: dict[str, Any]) -> bool:
        found: Any = item
        for step in path:
            found = found.get(step, "") if isinstance(found, dict) else ""
        return (str(found) == value) is not negated

    return test
