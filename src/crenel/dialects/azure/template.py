"""The resources that a template of Azure Resource Manager would deploy.

Sources: "Understand the structure and syntax of ARM templates", "Child resources in ARM templates", "Using linked and
nested templates", "Resource iteration in ARM templates".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crenel.dialects.azure.fields import Node, Unresolved
from crenel.dialects.azure.records import Estate
from crenel.dialects.azure.resources import Found
from crenel.dialects.azure.scopes import MOST_TURNS, Scope
from crenel.provenance import FieldPath, Origin, Severity

_DEPLOYMENT = "microsoft.resources/deployments"
_DIRECTIVES = ("resources", "dependsOn", "copy", "condition", "type", "name", "apiVersion")
_DEEPEST = 20
"""How deep deployments may be nested."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for all resources of one template."""

    origin: Origin
    estate: Estate
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Declared:
    """A resource as it is written, with the type and the name that its parents give it."""

    data: dict[str, Any]
    field: FieldPath
    scope: Scope
    kind: str
    name: str


def resources(
    data: Mapping[str, Any], origin: Origin, prefix: str, parameters: Sequence[Any], estate: Estate
) -> Iterator[Found]:  # fmt: skip
    """All resources of a template, those of nested deployments included.

    `parameters` are the contents of files of parameters; each counts where the template knows all of its names.
    """
    declared = data.get("parameters")
    known = {str(name).lower() for name in declared} if isinstance(declared, dict) else set()
    given = {
        name.lower(): each["value"]
        for file in parameters
        if isinstance(file, dict) and {str(name).lower() for name in file} <= known
        for name, each in file.items()
        if isinstance(name, str) and isinstance(each, dict) and "value" in each
    }
    scope = Scope(data, {**given}, prefix)
    yield from _all(scope, data.get("resources"), ("resources",), _Context(origin, estate))


def _all(scope: Scope, listed: Any, field: FieldPath, context: _Context) -> Iterator[Found]:
    found = list(_written(scope, listed, field, context))
    for each in found:
        if each.kind == _DEPLOYMENT:
            scope.deployments[each.name.lower()] = _inner(each)
            for symbol in each.field[-1:]:
                scope.deployments.setdefault(str(symbol).lower(), scope.deployments[each.name.lower()])
    for each in found:
        yield from _deployed(each, context)


def _written(
    scope: Scope, listed: Any, field: FieldPath, context: _Context, parent: _Declared | None = None
) -> Iterator[_Declared]:  # fmt: skip
    """The resources of a list, or in newer templates of a mapping by symbolic names; loops unrolled."""
    pairs = enumerate(listed) if isinstance(listed, list) else listed.items() if isinstance(listed, dict) else ()
    for place, data in pairs:
        if isinstance(data, dict) and data.get("existing") is not True:
            for turn in _turns(scope, data.get("copy"), context):
                kind, name = turn.text(data.get("type")).lower(), turn.text(data.get("name"))
                if parent is not None and not kind.startswith("microsoft."):
                    kind, name = f"{parent.kind}/{kind}", f"{parent.name}/{name}"
                each = _Declared(data, (*field, place), turn, kind, name)
                if _is_deployed(each, context):
                    yield each
                    yield from _written(turn, data.get("resources"), (*field, place, "resources"), context, each)


def _turns(scope: Scope, loop: Any, context: _Context) -> Iterator[Scope]:
    if not isinstance(loop, dict):
        yield scope
        return
    name, count = scope.text(loop.get("name")), scope.value(loop.get("count"))
    if isinstance(count, int) and 0 <= count <= MOST_TURNS:
        yield from (scope.turn(name, number) for number in range(count))
    else:
        context.estate.assume(f"the loop {name} of the template, whose count is not known, is gone through once")
        yield scope


def _is_deployed(each: _Declared, context: _Context) -> bool:
    """Whether its condition holds; one that is not known is taken to."""
    condition = each.scope.value(each.data.get("condition", True))
    if isinstance(condition, Unresolved):
        context.estate.assume(f"{each.kind.rpartition('/')[2]} {each.name} is deployed, as it is if {condition}")
    return condition is not False


def _deployed(each: _Declared, context: _Context) -> Iterator[Found]:
    if each.kind == _DEPLOYMENT:
        yield from _nested(each, context)
        return
    data = {name: each.scope.value(value) for name, value in each.data.items() if name not in _DIRECTIVES}
    identifier = each.scope.identifier([each.kind, each.name]) if "/" in each.kind else ""
    node = Node({**data, "name": each.name, "id": identifier}, each.field)
    yield Found(each.kind, node, identifier.lower(), context.origin, planned=True)


def _inner(each: _Declared) -> Scope:
    """The scope of a nested deployment: its own, or that of the template around ("Expression evaluation scope")."""
    properties = _mapping(each.data.get("properties"))
    template = _mapping(properties.get("template"))
    options = _mapping(properties.get("expressionEvaluationOptions"))
    outer = each.scope
    if outer.text(options.get("scope")).lower() != "inner":
        same = Scope(outer.template, outer.given, outer.prefix, outer.budget, {}, outer.loops)
        same.template = {**outer.template, "outputs": template.get("outputs")}
        return same
    given = {
        str(name).lower(): outer.value(value["value"])
        for name, value in _mapping(properties.get("parameters")).items()
        if isinstance(value, dict) and "value" in value
    }
    return Scope(template, given, outer.prefix, outer.budget)


def _nested(each: _Declared, context: _Context) -> Iterator[Found]:
    properties = _mapping(each.data.get("properties"))
    template = properties.get("template")
    if not isinstance(template, dict) or context.depth > _DEEPEST:
        message = "the template of this deployment is not in the input"
        context.estate.report(message, context.origin, each.field, f"deployment {each.name}", Severity.NOTICE)
        return
    scope = each.scope.deployments.get(each.name.lower()) or _inner(each)
    field = (*each.field, "properties", "template", "resources")
    yield from _all(scope, template.get("resources"), field, replace(context, depth=context.depth + 1))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
