"""Values of a template: parameters, variables, loops and outputs, as far as they are known before it is deployed.

What is not known becomes a text of its own (`Unresolved`), the same for the same expression, so that names made from
a parameter without a default still lead to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crenel.dialects.azure.expressions import Access, Call, Expression, is_expression, parse, written
from crenel.dialects.azure.fields import Unresolved
from crenel.dialects.azure.functions import as_text, call

MOST_TURNS = 1000
"""How often a loop is read at most; Azure allows no more than 800 ("Resource iteration in ARM templates")."""
_MOST_STEPS = 1_000_000
_JOINING = ("concat", "format")
_IDENTIFYING = ("resourceid", "subscriptionresourceid", "tenantresourceid")
_WRONG = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)


@dataclass(slots=True)
class Budget:
    """How much may still be evaluated: templates can be written that never end."""

    left: int = _MOST_STEPS


@dataclass(slots=True)
class Scope:
    """What names mean in one template. `prefix` is what stands for the resource group in ids."""

    template: Mapping[str, Any]
    given: Mapping[str, Any]
    prefix: str
    budget: Budget = field(default_factory=Budget)
    deployments: dict[str, Scope] = field(default_factory=dict)
    loops: dict[str, int] = field(default_factory=dict)
    """The turn of each loop around; the innermost one is also there under an empty name."""
    _known: dict[tuple[str, str], Any] = field(default_factory=dict)

    def value(self, data: Any) -> Any:
        """A value with all expressions in it worked out."""
        self.budget.left -= 1
        if self.budget.left < 0:
            return Unresolved("more than can be worked out")
        if isinstance(data, str):
            return self._text(data)
        if isinstance(data, list):
            return [self.value(each) for each in data]
        if isinstance(data, dict):
            found = {str(name): self.value(each) for name, each in data.items() if name != "copy"}
            return {**found, **self._copies(data.get("copy"))}
        return data

    def text(self, data: Any) -> str:
        """A value as text; empty if it is none."""
        found = self.value(data)
        return found if isinstance(found, str) else ""

    def _text(self, text: str) -> Any:
        if not is_expression(text):
            return text[1:] if text.startswith("[[") else text
        try:
            expression = parse(text)
        except ValueError:
            return Unresolved(text.replace("/", "|"))
        return self._evaluate(expression)

    def _copies(self, loops: Any) -> dict[str, Any]:
        """Properties that a loop makes ("Property iteration in ARM templates")."""
        found: dict[str, Any] = {}
        for loop in loops if isinstance(loops, list) else ():
            if isinstance(loop, dict) and isinstance(name := loop.get("name"), str):
                found[name] = self.repeated(name, loop.get("count"), loop.get("input"))
        return found

    def repeated(self, name: str, count: Any, data: Any) -> Any:
        """A list with a value for each turn of a loop."""
        times = self.value(count)
        if not isinstance(times, int) or not 0 <= times <= MOST_TURNS:
            return Unresolved(f"the loop {name}")
        return [self.turn(name, number).value(data) for number in range(times)]

    def turn(self, name: str, number: int) -> Scope:
        """The scope inside of a loop. Variables do not depend on loops, so what is known of them stays."""
        loops = {**self.loops, name.lower(): number, "": number}
        return Scope(self.template, self.given, self.prefix, self.budget, self.deployments, loops, self._known)

    # Expressions

    def _evaluate(self, expression: Expression) -> Any:
        self.budget.left -= 1
        if self.budget.left < 0:
            return Unresolved("more than can be worked out")
        if isinstance(expression, Access):
            return self._member(expression)
        return self._call(expression) if isinstance(expression, Call) else expression

    def _call(self, expression: Call) -> Any:
        if expression.name in ("parameters", "variables"):
            return self._named(expression)
        arguments = [self._evaluate(each) for each in expression.arguments]
        found = self._special(expression.name, arguments)
        if found is not None:
            return found
        if any(isinstance(each, Unresolved) for each in arguments):
            return self._doubtful(expression, arguments)
        try:
            return call(expression.name, arguments)
        except _WRONG:
            return Unresolved(written(expression))

    def _member(self, access: Access) -> Any:
        value, member = self._evaluate(access.value), self._evaluate(access.member)
        if isinstance(value, Unresolved) or isinstance(member, Unresolved):
            return Unresolved(written(access))
        try:
            if isinstance(value, dict):
                names = {str(name).lower(): each for name, each in value.items()}
                return names[str(member).lower()]
            return value[member] if isinstance(value, list) else Unresolved(written(access))
        except _WRONG:
            return Unresolved(written(access))

    def _named(self, call_: Call) -> Any:
        name = call_.arguments[0] if call_.arguments else ""
        if not isinstance(name, str):
            return Unresolved(written(call_))
        key = (call_.name, name.lower())
        if key not in self._known:
            self._known[key] = Unresolved(written(call_))  # for what refers to itself
            outer = Scope(self.template, self.given, self.prefix, self.budget, self.deployments, {}, self._known)
            found = outer._parameter(name) if call_.name == "parameters" else outer._variable(name)
            self._known[key] = self._known[key] if found is _MISSING else found
        return self._known[key]

    def _parameter(self, name: str) -> Any:
        given = _lookup(self.given, name)
        if given is not _MISSING:
            return given
        declared = _lookup(self.template.get("parameters"), name)
        if isinstance(declared, dict) and "defaultValue" in declared:
            return self.value(declared["defaultValue"])
        return _MISSING

    def _variable(self, name: str) -> Any:
        variables = self.template.get("variables")
        found = _lookup(variables, name)
        if found is not _MISSING:
            return self.value(found)
        loops = variables.get("copy") if isinstance(variables, dict) else None
        return self._copies(loops).get(name, _MISSING)

    def _special(self, name: str, arguments: list[Any]) -> Any:
        """What depends on where and what is deployed; None for all other functions."""
        if name in _IDENTIFYING:
            return self.identifier([each for each in arguments if isinstance(each, str)])
        if name == "resourcegroup":
            return {"id": self.prefix, "name": Unresolved("resourcegroup()[name]")}
        if name == "copyindex":
            return self._turn_of(arguments)
        if name == "reference" and arguments and isinstance(arguments[0], str):
            inner = self.deployments.get(arguments[0].lower().rpartition("/")[2])
            return inner.outputs() if inner is not None else None
        return None

    def _turn_of(self, arguments: list[Any]) -> Any:
        names = [each for each in arguments if isinstance(each, str)]
        offsets = [each for each in arguments if isinstance(each, int)]
        turn = self.loops.get(names[0].lower() if names else "")
        return None if turn is None else turn + sum(offsets)

    def identifier(self, parts: list[str]) -> str:
        """An id: types and names by turns. What comes before the type says where, which is taken to be here."""
        place = next((number for number, part in enumerate(parts) if "/" in part and "." in part.split("/")[0]), 0)
        provider, *types = parts[place].split("/") if parts else ["", ""]
        names = [name for part in parts[place + 1 :] for name in part.split("/")]
        pairs = "/".join(f"{one}/{name}" for one, name in zip(types, names, strict=False))
        return f"{self.prefix}/providers/{provider}/{pairs}"

    def outputs(self) -> dict[str, Any]:
        """What ``reference()`` returns of a deployment: its outputs."""
        declared = self.template.get("outputs")
        found = declared.items() if isinstance(declared, dict) else ()
        return {
            "outputs": {
                name: {"value": self.value(each.get("value"))} for name, each in found if isinstance(each, dict)
            }
        }

    def _doubtful(self, expression: Call, arguments: list[Any]) -> Any:
        """A call with arguments that are not known: their texts joined where that is what it would do."""
        if expression.name == "if" and len(arguments) == 3 and isinstance(arguments[0], bool):
            return arguments[1] if arguments[0] else arguments[2]
        if expression.name == "createarray" or (expression.name == "array" and isinstance(arguments[0], Unresolved)):
            return arguments
        if expression.name in _JOINING:
            try:
                shown = [f"{{{each}}}" if isinstance(each, Unresolved) else as_text(each) for each in arguments]
                return Unresolved(call(expression.name, shown))
            except _WRONG:
                pass
        return Unresolved(written(expression))


_MISSING = object()


def _lookup(names: Any, wanted: str) -> Any:
    """A value by a name whose case means nothing."""
    if not isinstance(names, Mapping):
        return _MISSING
    if wanted in names:
        return names[wanted]
    return next((value for name, value in names.items() if str(name).lower() == wanted.lower()), _MISSING)
