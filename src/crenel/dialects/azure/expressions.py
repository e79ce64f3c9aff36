"""Expressions of templates: ``[concat(parameters('prefix'), '-nsg')]``.

Source: "Syntax and expressions in ARM templates": a text in brackets is an expression, ``[[`` stands for a bracket that
is none, and in literals two apostrophes stand for one. Expressions are calls, with access to members and elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d{1,18})|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))"
)
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, its name in lower case; a name of its own space (``my.function``) has its dot."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A member or an element of a value."""

    value: Expression
    member: Expression


Expression: TypeAlias = "Call | Access | str | int"
"""A call, an access, or a literal."""


def is_expression(text: str) -> bool:
    """Whether a text is an expression rather than a literal."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def parse(text: str) -> Expression:
    """Parse what is_expression().

    Raises:
        ValueError: it is no expression.
    """
    reader = _Reader(_tokens(text[1:-1]))
    found = reader.expression(0)
    if reader.left:
        raise ValueError("text behind the end of the expression")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError("a character that no expression has")
        found.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
        place = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.left = tokens[::-1]

    def _take(self, *signs: str) -> str:
        """Take the next token if it is one of some signs."""
        if self.left and self.left[-1][0] == "sign" and self.left[-1][1] in signs:
            return self.left.pop()[1]
        return ""

    def _demand(self, sign: str) -> None:
        if not self._take(sign):
            raise ValueError(f"{sign} is missing")

    def expression(self, depth: int) -> Expression:
        """One expression, with all that is accessed of it."""
        if depth > _DEEPEST or not self.left:
            raise ValueError("an expression is missing, or nested too deeply")
        found = self._primary(depth)
        while sign := self._take(".", "["):
            if sign == ".":
                found = Access(found, self._name())
            else:
                found = Access(found, self.expression(depth + 1))
                self._demand("]")
        return found

    def _name(self) -> str:
        kind, text = self.left.pop() if self.left else ("", "")
        if kind != "name":
            raise ValueError("a name is missing")
        return text

    def _primary(self, depth: int) -> Expression:
        kind, text = self.left.pop()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        if kind != "name":
            raise ValueError(f"{text} in the place of a value")
        while self._take("."):
            text = f"{text}.{self._name()}"
        self._demand("(")
        arguments: list[Expression] = []
        if not self._take(")"):
            arguments.append(self.expression(depth + 1))
            while self._take(","):
                arguments.append(self.expression(depth + 1))
            self._demand(")")
        return Call(text.lower(), tuple(arguments))


def written(expression: Expression) -> str:
    """The text of an expression, the same for equal ones and without slashes, so that it can be part of an id."""
    if isinstance(expression, Call):
        return f"{expression.name}({','.join(map(written, expression.arguments))})"
    if isinstance(expression, Access):
        return f"{written(expression.value)}[{written(expression.member)}]"
    return str(expression) if isinstance(expression, int) else "'" + expression.replace("/", "|") + "'"
