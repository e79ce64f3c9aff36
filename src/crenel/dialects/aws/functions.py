"""Intrinsic functions of CloudFormation templates, as far as a template alone tells their values.

Source: CloudFormation user guide, "Intrinsic function reference", "Parameters", "Conditions" and "Mappings". A
reference to a resource of the template becomes the name of that resource, which stands for its id. The parser of YAML
leaves the short forms ``!Ref``, ``!GetAtt`` and ``!Sub`` as their texts; where a text is the name of a resource or of a
parameter it is read as such, since no id and no range looks like one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crenel.dialects.aws.records import Unresolved

_DEEPEST = 64
_LONGEST = 10_000
"""Characters of a text that is put together."""
_INSIDE = re.compile(r"\$\{(!?)([^}]*)\}")
_OWN = {
    "DefaultSecurityGroup": "default", "DefaultNetworkAcl": "default-acl", "ClusterSecurityGroupId": "cluster",
}  # fmt: skip
"""Attributes that are the ids of things which a resource brings along."""


@dataclass(slots=True)
class Functions:
    """Resolves the values of one template. What it cannot tell is `Unresolved`."""

    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    mappings: Mapping[str, Any]
    resources: Mapping[str, Any]
    prefix: str = ""
    used: dict[str, Any] = field(default_factory=dict)
    """The defaults of parameters that values rest on."""
    _known: dict[str, Any] = field(default_factory=dict)
    """What has been worked out of conditions and ranges, by their names."""

    @classmethod
    def of(cls, data: Mapping[str, Any], prefix: str = "") -> Functions:
        """Those of a template; what stands for ids begins with `prefix`."""
        parts = [data.get(name) for name in ("Parameters", "Conditions", "Mappings", "Resources")]
        first, second, third, fourth = (part if isinstance(part, dict) else {} for part in parts)
        return cls(first, second, third, fourth, prefix)

    def resolve(self, value: Any, depth: int = 0) -> Any:
        """A value with all functions in it applied. ``AWS::NoValue`` is None."""
        if depth > _DEEPEST:
            return Unresolved("a value that is too deep")
        if isinstance(value, list):
            found = [self.resolve(each, depth + 1) for each in value]
            return [each for each in found if each is not None]
        if isinstance(value, dict):
            return self._mapping(value, depth)
        return self._short(value, depth) if isinstance(value, str) else value

    def _mapping(self, value: dict[str, Any], depth: int) -> Any:
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref":
                return self._ref(argument)
            if str(name).startswith("Fn::"):
                return self._call(str(name).removeprefix("Fn::"), argument, depth)
        return {name: self.resolve(each, depth + 1) for name, each in value.items()}

    def _short(self, text: str, depth: int) -> Any:
        """A text that a short form has left."""
        if text in self.resources or text in self.parameters or text.startswith("AWS::"):
            return self._ref(text)
        head, dot, rest = text.partition(".")
        if dot and head in self.resources:
            return self._attribute(head, rest, depth)
        return self._substituted(text, {}, depth) if _INSIDE.search(text) else text

    def _ref(self, name: Any) -> Any:
        if name == "AWS::NoValue":
            return None
        if not isinstance(name, str):
            return Unresolved("a reference to nothing")
        if name in self.resources:
            return self.prefix + name
        parameter = self.parameters.get(name)
        if isinstance(parameter, dict) and "Default" in parameter:
            return self._default(name, parameter)
        return Unresolved(f"the parameter {name}" if name in self.parameters else name)

    def _default(self, name: str, parameter: Mapping[str, Any]) -> Any:
        """The default of a parameter; those of AWS::SSM are names of what has the value."""
        kind, value = parameter.get("Type"), parameter["Default"]
        if isinstance(kind, str) and kind.startswith("AWS::SSM"):
            return Unresolved(f"the parameter {name}")
        self.used[name] = value
        listed = isinstance(kind, str) and (kind.startswith("List<") or kind == "CommaDelimitedList")
        return [each.strip() for each in value.split(",")] if listed and isinstance(value, str) else value

    def _call(self, name: str, argument: Any, depth: int) -> Any:
        known = _FUNCTIONS.get(name)
        return Unresolved(f"Fn::{name}") if known is None else known(self, argument, depth)

    # Functions

    def _get_att(self, argument: Any, depth: int) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) == 2 and all(isinstance(each, str) for each in parts):
            return self._attribute(parts[0], parts[1], depth)
        return Unresolved("Fn::GetAtt")

    def _attribute(self, name: str, attribute: str, depth: int) -> Any:
        """The id of what a resource brings along, its own id, or, of a network, its range."""
        resource = self.resources.get(name)
        if not isinstance(resource, dict):
            return Unresolved(f"{name}.{attribute}")
        if attribute in _OWN:
            return f"{self.prefix}{name}/{_OWN[attribute]}"
        if attribute == "CidrBlock":
            return self._range(name, resource.get("Properties"), depth)
        return self.prefix + name if attribute.endswith(("Id", "Arn")) else Unresolved(f"{name}.{attribute}")

    def _range(self, name: str, properties: Any, depth: int) -> Any:
        """The range of a network or of a subnet."""
        if name not in self._known:
            value = properties.get("CidrBlock") if isinstance(properties, dict) else None
            self._known[name] = Unresolved(f"{name}.CidrBlock")
            if value is not None:
                self._known[name] = self.resolve(value, depth + 1)
        return self._known[name]

    def _sub(self, argument: Any, depth: int) -> Any:
        if isinstance(argument, str):
            return self._substituted(argument, {}, depth)
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str):
            return self._substituted(argument[0], argument[1] if isinstance(argument[1], dict) else {}, depth)
        return Unresolved("Fn::Sub")

    def _substituted(self, text: str, values: Mapping[str, Any], depth: int) -> Any:
        lacking: list[str] = []

        def put(match: re.Match[str]) -> str:
            literal, name = match[1], match[2]
            if literal:
                return f"${{{name}}}"
            found = self.resolve(values[name], depth + 1) if name in values else self._named(name, depth)
            if isinstance(found, Unresolved) or not isinstance(found, str | int):
                lacking.append(str(found))
            return str(found)

        made = _INSIDE.sub(put, text)
        return Unresolved(lacking[0]) if lacking else made[:_LONGEST]

    def _named(self, name: str, depth: int) -> Any:
        head, dot, rest = name.partition(".")
        return self._attribute(head, rest, depth) if dot else self._ref(name)

    def _join(self, argument: Any, depth: int) -> Any:
        found = self.resolve(argument, depth + 1)
        if not (
            isinstance(found, list) and len(found) == 2 and isinstance(found[0], str) and isinstance(found[1], list)
        ):
            return Unresolved("Fn::Join")
        lacking = next((each for each in found[1] if isinstance(each, Unresolved)), None)
        return lacking if lacking is not None else found[0].join(map(str, found[1]))[:_LONGEST]

    def _split(self, argument: Any, depth: int) -> Any:
        found = self.resolve(argument, depth + 1)
        if isinstance(found, list) and len(found) == 2 and all(isinstance(each, str) for each in found) and found[0]:
            return found[1] if isinstance(found[1], Unresolved) else found[1].split(found[0])
        return Unresolved("Fn::Split")

    def _select(self, argument: Any, depth: int) -> Any:
        found = self.resolve(argument, depth + 1)
        if not (isinstance(found, list) and len(found) == 2):
            return Unresolved("Fn::Select")
        position, values = found
        if isinstance(values, Unresolved):
            return values
        number = int(position) if isinstance(position, int | str) and str(position).isdecimal() else -1
        listed = isinstance(values, list) and 0 <= number < len(values)
        return values[number] if listed else Unresolved("Fn::Select")

    def _cidr(self, argument: Any, depth: int) -> Any:
        """Equal parts of a range: [range, count, bits of each part], 8 bits where none are given for IPv4, else 64."""
        found = self.resolve(argument, depth + 1)
        if not isinstance(found, list) or len(found) not in (2, 3) or isinstance(found[0], Unresolved):
            return found[0] if isinstance(found, list) and found else Unresolved("Fn::Cidr")
        try:
            whole, count = ipaddress.ip_network(str(found[0]), strict=False), int(found[1])
            bits = int(found[2]) if len(found) == 3 else 8 if whole.version == 4 else 64
            parts = whole.subnets(new_prefix=whole.max_prefixlen - bits)
            return [str(each) for _, each in zip(range(min(count, 256)), parts, strict=False)]
        except (ValueError, TypeError):
            return Unresolved("Fn::Cidr")

    def _find(self, argument: Any, depth: int) -> Any:
        found = self.resolve(argument, depth + 1)
        value: Any = self.mappings
        if not isinstance(found, list) or len(found) < 3:
            return Unresolved("Fn::FindInMap")
        for step in found[:3]:
            known = isinstance(value, dict) and isinstance(step, str) and not isinstance(step, Unresolved)
            if not known or step not in value:
                return Unresolved("Fn::FindInMap")
            value = value[step]
        return value

    def _if(self, argument: Any, depth: int) -> Any:
        if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str)):
            return Unresolved("Fn::If")
        holds = self.holds(argument[0], depth)
        if holds is None:
            return Unresolved(f"the condition {argument[0]}")
        return self.resolve(argument[1 if holds else 2], depth + 1)

    # Conditions

    def holds(self, name: Any, depth: int = 0) -> bool | None:
        """Whether a condition holds; None where the template does not tell."""
        if not isinstance(name, str) or name not in self.conditions:
            return None
        key = f"condition {name}"
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._true(self.conditions[name], depth + 1)
        found = self._known[key]
        return found if isinstance(found, bool) else None

    def _true(self, value: Any, depth: int) -> bool | None:
        if not isinstance(value, dict) or len(value) != 1 or depth > _DEEPEST:
            return None
        name, argument = next(iter(value.items()))
        if name == "Condition":
            return self.holds(argument, depth + 1)
        if not isinstance(argument, list):
            return None
        if name == "Fn::Equals" and len(argument) == 2:
            one, other = (self.resolve(each, depth + 1) for each in argument)
            vague = isinstance(one, Unresolved) or isinstance(other, Unresolved)
            return None if vague else _plain(one) == _plain(other)
        answers = [self._true(each, depth + 1) for each in argument]
        return _combined(str(name), answers)


def _plain(value: Any) -> Any:
    """A value as templates compare it: all scalars are texts."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else value


def _combined(name: str, answers: list[bool | None]) -> bool | None:
    if name == "Fn::Not" and len(answers) == 1:
        return None if answers[0] is None else not answers[0]
    if name == "Fn::And":
        return False if False in answers else None if None in answers else True
    if name == "Fn::Or":
        return True if True in answers else None if None in answers else False
    return None


_FUNCTIONS: dict[str, Callable[[Functions, Any, int], Any]] = {
    "GetAtt": Functions._get_att,
    "Sub": Functions._sub,
    "Join": Functions._join,
    "Split": Functions._split,
    "Select": Functions._select,
    "Cidr": Functions._cidr,
    "FindInMap": Functions._find,
    "If": Functions._if,
}
