"""Resources of a CloudFormation template with all functions applied, and the blocks in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crenel.dialects.aws.functions import Functions
from crenel.dialects.aws.making import Where
from crenel.dialects.aws.records import Estate, Unresolved
from crenel.dialects.trees import Node
from crenel.provenance import FieldPath, Origin, Severity


@dataclass(frozen=True, slots=True)
class Piece:
    """A resource, or a block inside of one.

    `condition` is what it depends on, in words, where the template does not tell whether that holds.
    """

    kind: str
    id: str
    node: Node
    condition: str = ""

    @property
    def where(self) -> Where:
        """Where it is written."""
        return Where(self.id, self.node.origin, self.node.field)

    def text(self, name: str) -> str:
        """A text or a number as one; empty where there is none, `Unresolved` where a list or a mapping is in its place.

        Short forms of functions leave such lists.
        """
        value = self.node.data.get(name)
        return Unresolved(f"{self.id}.{name}") if isinstance(value, list | dict) else self.node.text(name)

    def number(self, name: str) -> int | str | None:
        """A whole number, which may be negative, or a text for it."""
        value = self.node.data.get(name)
        return value if isinstance(value, int | str) and not isinstance(value, bool) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list, unresolved ones among them."""
        value = self.node.data.get(name)
        odd = isinstance(value, list) and any(isinstance(each, list | dict) for each in value)
        return (*self.node.texts(name), Unresolved(f"{self.id}.{name}")) if odd else self.node.texts(name)

    def known(self, *names: str) -> tuple[str, ...]:
        """The texts that some properties have, without those that are not resolved."""
        found = (text for name in names for text in self.texts(name))
        return tuple(text for text in found if not isinstance(text, Unresolved))

    def inner(self, name: str) -> Iterator[Piece]:
        """The blocks of a property, which may be one alone."""
        value = self.node.data.get(name)
        single = Node(value, self.node.origin, (*self.node.field, name)) if isinstance(value, dict) else None
        for each in self.node.nodes(name) if single is None else (single,):
            yield Piece(self.kind, self.id, each, self.condition)

    def hidden(self, name: str) -> str:
        """What blocks of a property come from that the template does not tell; empty for none."""
        value = self.node.data.get(name)
        listed = value if isinstance(value, list) else [value]
        return next((each for each in listed if isinstance(each, Unresolved)), "")

    def first(self, name: str) -> Piece | None:
        """The first block of a property."""
        return next(self.inner(name), None)

    def is_vague(self, *names: str) -> bool:
        """Whether some property is not resolved, or has something in it that is not."""
        return any(isinstance(text, Unresolved) for name in names for text in self.texts(name))

    def not_applied(self, what: str, estate: Estate) -> None:
        """Note that it belongs nowhere that is known."""
        message = f"it is not known which {what} this belongs to; it is not applied"
        estate.complain(message, self.node.origin, self.node.field, self.id, Severity.NOTICE)


def pieces(functions: Functions, origin: Origin, estate: Estate) -> Iterator[Piece]:
    """The resources of a template, without those whose condition does not hold."""
    for name, resource in functions.resources.items():
        if not isinstance(resource, dict) or not isinstance(name, str):
            continue
        condition = resource.get("Condition")
        holds = True if condition is None else functions.holds(condition)
        if holds is False:
            continue
        if holds is None:
            estate.assume(f"the condition {condition} of the template holds for all but single rules")
        yield _piece(name, resource, functions, origin, f"there: the condition {condition}" if holds is None else "")


def _piece(name: str, resource: dict[str, Any], functions: Functions, origin: Origin, condition: str) -> Piece:
    kind = resource.get("Type")
    properties = functions.resolve(resource.get("Properties"))
    field: FieldPath = ("Resources", name, "Properties")
    data = properties if isinstance(properties, dict) else {}
    return Piece(kind if isinstance(kind, str) else "", functions.prefix + name, Node(data, origin, field), condition)
