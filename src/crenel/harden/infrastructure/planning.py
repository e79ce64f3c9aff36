"""The plan that Terraform makes of a configuration that needs nobody to plan it: literal values and references.

So what is written as configuration is read back by the readers of plans. Source of the shapes: Terraform documentation,
"JSON Configuration Syntax" and "JSON Output Format". What a provider computes is unknown here but for ids, so this is
for configurations of rules, whose meaning is all in what is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_EXPRESSION = re.compile(r"\$\{([^{}]+)\}\Z")
_REPEATED = ("count", "for_each", "dynamic", "provider", "lifecycle", "depends_on")


def planned(configuration: Mapping[str, Any], variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A plan as ``terraform show -json`` prints it. `variables` are the values that some variables are given.

    Raises:
        ValueError: the configuration has modules, repeats resources, or has an expression that is no reference.
    """
    if "module" in configuration:
        raise ValueError("modules are not planned")
    given = {f"${{var.{name}}}": value for name, value in (variables or {}).items()}
    listed, changes, written = [], [], []
    for kind, resources in configuration.get("resource", {}).items():
        for name, raw in resources.items():
            body = {key: given.get(value, value) if isinstance(value, str) else value for key, value in raw.items()}
            address = f"{kind}.{name}"
            if wrong := [each for each in _REPEATED if each in body]:
                raise ValueError(f"{address}: {wrong[0]} is not planned")
            values, unknown, expressions = _block(body, address)
            known = {"address": address, "mode": "managed", "type": kind, "name": name}
            listed.append({**known, "values": values})
            changes.append({**known, "change": {"actions": ["create"], "after_unknown": {"id": True, **unknown}}})
            written.append({**known, "expressions": expressions})
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": listed}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": written}},
    }


def _block(body: Mapping[str, Any], address: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The values of a block, what of it is unknown, and its expressions."""
    values: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    expressions: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            parts = [_block(each, address) for each in value]
            values[name], unknown[name], expressions[name] = (list(each) for each in zip(*parts, strict=True))
        elif references := _references(value, address):
            unknown[name], expressions[name] = True, {"references": references}
        else:
            values[name], expressions[name] = value, {"constant_value": value}
    return values, unknown, expressions


def _references(value: Any, address: str) -> list[str]:
    """What a value refers to; empty for a literal."""
    texts = value if isinstance(value, list) else [value]
    found: list[str] = []
    for text in texts:
        if isinstance(text, str) and "${" in text:
            if (match := _EXPRESSION.match(text)) is None:
                raise ValueError(f"{address}: {text!r} is no plain reference")
            whole = match[1].strip()
            found += [whole, whole.rpartition(".")[0]] if whole.count(".") > 1 else [whole]
    return found
