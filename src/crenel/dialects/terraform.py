"""Plans and states of Terraform as ``terraform show -json`` prints them: resources, and what expressions refer to.

Source of the shapes: Terraform documentation, "JSON Output Format": ``planned_values`` and ``values`` with child
modules, ``resource_changes[].change.after_unknown``, ``configuration`` with ``module_calls``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crenel.provenance import FieldPath, Origin

_DEEPEST = 32
"""How many modules, or references, are followed from one to the next."""
_INDEX = re.compile(r"\[[^\]]*\]")
_RESOURCE = re.compile(r"(?:data\.)?[a-z][a-z0-9]*_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\[[^\]]*\])?")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. `address` has its module and index: ``module.net.aws_security_group.web[0]``.

    `unknown` are the attributes that are known only after apply. `references` has by attribute, or by the dotted path
    of one in a nested block (``ingress.0.security_groups``), the addresses of the resources that its expression refers
    to. `field` leads to it from the document.
    """

    type: str
    address: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]
    references: Mapping[str, tuple[str, ...]]
    origin: Origin
    field: FieldPath = ()


def recognises(data: Any) -> bool:
    """Whether a document is a plan or a state."""
    if not isinstance(data, dict) or not isinstance(data.get("format_version"), str):
        return False
    return isinstance(data.get("planned_values"), dict) or isinstance(data.get("values"), dict)


def resources(data: Any, origin: Origin) -> Iterator[Resource]:
    """All resources of a plan or a state, those of its modules included. What has no such shape is left out."""
    if not recognises(data):
        return
    place = "planned_values" if isinstance(data.get("planned_values"), dict) else "values"
    unknown = dict(_unknown(data))
    written = _Configuration(_mapping(_mapping(data.get("configuration")).get("root_module")))
    for found, path in _listed(_mapping(data[place]).get("root_module"), (place, "root_module")):
        kind, address, values = found.get("type"), found.get("address"), found.get("values")
        if isinstance(kind, str) and isinstance(address, str) and isinstance(values, dict):
            yield Resource(
                kind, address, values, unknown.get(address, {}), written.references(address), origin,
                (*path, "values"),
            )  # fmt: skip


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _unknown(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in _sequence(data.get("resource_changes")):
        change = _mapping(_mapping(each).get("change"))
        if isinstance(address := _mapping(each).get("address"), str):
            yield address, _mapping(change.get("after_unknown"))


def _listed(module: Any, path: FieldPath, depth: int = 0) -> Iterator[tuple[dict[str, Any], FieldPath]]:
    found = _mapping(module)
    for number, each in enumerate(_sequence(found.get("resources"))):
        yield _mapping(each), (*path, "resources", number)
    for number, each in enumerate(_sequence(found.get("child_modules")) if depth < _DEEPEST else ()):
        yield from _listed(each, (*path, "child_modules", number), depth + 1)


@dataclass(slots=True)
class _Module:
    """One module of the configuration: its resources, outputs and calls, and how it was called itself."""

    prefix: str
    body: dict[str, Any]
    parent: _Module | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, _Module] = field(default_factory=dict)


class _Configuration:
    """Looks up what expressions refer to, through inputs and outputs of modules."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._expressions: dict[str, tuple[_Module, dict[str, Any]]] = {}
        self._known: dict[str, dict[str, tuple[str, ...]]] = {}
        self._add(_Module("", root), 0)

    def _add(self, module: _Module, depth: int) -> None:
        for each in _sequence(module.body.get("resources")):
            found = _mapping(each)
            if isinstance(address := found.get("address"), str):
                self._expressions[module.prefix + address] = module, _mapping(found.get("expressions"))
        for name, call in _mapping(module.body.get("module_calls")).items() if depth < _DEEPEST else ():
            inner = _Module(f"{module.prefix}module.{name}.", _mapping(_mapping(call).get("module")), module)
            inner.inputs = _mapping(_mapping(call).get("expressions"))
            module.calls[name] = inner
            self._add(inner, depth + 1)

    def references(self, address: str) -> dict[str, tuple[str, ...]]:
        """By attribute, what the expressions of a resource refer to; those of all instances are the same."""
        plain = _INDEX.sub("", address)
        if plain not in self._known:
            found = self._expressions.get(plain)
            self._known[plain] = {} if found is None else dict(self._flat(found[0], found[1], ""))
        return self._known[plain]

    def _flat(
        self, module: _Module, expressions: Any, path: str, depth: int = 0
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The expressions of a block and of the blocks in it."""
        parts = expressions.items() if isinstance(expressions, dict) else enumerate(_sequence(expressions))
        for name, each in parts if depth < _DEEPEST else ():
            inner = f"{path}.{name}" if path else str(name)
            listed = each.get("references") if isinstance(each, dict) else None
            if isinstance(listed, list):
                yield inner, tuple(dict.fromkeys(self._resolved(module, listed)))
            elif isinstance(each, dict | list):
                yield from self._flat(module, each, inner, depth + 1)

    def _resolved(self, module: _Module, listed: Sequence[Any], depth: int = 0) -> Iterator[str]:
        """The addresses of resources that references lead to."""
        for text in listed if depth < _DEEPEST else ():
            if not isinstance(text, str):
                continue
            head, _, rest = text.partition(".")
            if (found := _RESOURCE.match(text)) is not None:
                yield module.prefix + found[0]
            elif head == "var" and module.parent is not None:
                given = _mapping(module.inputs.get(rest.partition(".")[0].partition("[")[0]))
                yield from self._resolved(module.parent, _sequence(given.get("references")), depth + 1)
            elif head == "module":
                yield from self._output(module, rest, depth)

    def _output(self, module: _Module, text: str, depth: int) -> Iterator[str]:
        name, _, output = text.partition(".")
        inner = module.calls.get(name.partition("[")[0])
        if inner is None or not output:
            return
        told = _mapping(_mapping(inner.body.get("outputs")).get(output.partition(".")[0].partition("[")[0]))
        expression = _mapping(told.get("expression"))
        yield from self._resolved(inner, _sequence(expression.get("references")), depth + 1)
