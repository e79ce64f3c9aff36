"""Typed conditions: what a possible match depends on.

A `Formula` is a disjunction of conjunctions of literals, so two of them can be joined, intersected and compared. Words
are made only when something is printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class NameResolves:
    """The address is one that a DNS name (or ``*.`` pattern) resolves to."""

    pattern: str

    def text(self, holds: bool) -> str:
        """Write it, or its negation."""
        return f"the address {'is' if holds else 'is not'} one of {self.pattern}"


@dataclass(frozen=True, slots=True)
class AddressWithin:
    """The address that an unplaced endpoint will get lies in a block."""

    endpoint: str
    block: str

    def text(self, holds: bool) -> str:
        """Write it, or its negation."""
        return f"{self.endpoint} {'gets' if holds else 'does not get'} an address in {self.block}"


@dataclass(frozen=True, slots=True)
class LabelHolds:
    """A selector matches labels that are only known in the running cluster."""

    subject: str

    def text(self, holds: bool) -> str:
        """Write it, or its negation."""
        return f"{self.subject} {'has' if holds else 'does not have'} the labels selected, which only the cluster knows"


@dataclass(frozen=True, slots=True)
class PolicyDecides:
    """A policy that is not understood allows the connection."""

    policy: str

    def text(self, holds: bool) -> str:
        """Write it, or its negation."""
        return f"{self.policy}, which is not understood, {'allows' if holds else 'denies'} it"


@dataclass(frozen=True, slots=True)
class ComesFirst:
    """Of several policies with the same priority, this one is applied first; the order is undefined."""

    policy: str

    def text(self, holds: bool) -> str:
        """Write it, or its negation."""
        return f"{self.policy} {'comes' if holds else 'does not come'} first among policies of the same priority"


@dataclass(frozen=True, slots=True)
class SameNode:
    """Both ends run on one node, whose own traffic no NetworkPolicy stops."""

    source: str
    destination: str

    def text(self, holds: bool) -> str:
        """Write it, or its negation."""
        return f"{self.source} and {self.destination} {'run' if holds else 'do not run'} on one node"


@dataclass(frozen=True, slots=True)
class InputLacks:
    """Something that the input does not say: ``whether it is in prefix list pl-1``; `otherwise` is its negation."""

    what: str
    otherwise: str = ""

    def text(self, holds: bool) -> str:
        """Write it, or its negation."""
        subject = self.what.removeprefix("whether ")
        return subject if holds else self.otherwise or f"not ({subject})"


Condition: TypeAlias = NameResolves | AddressWithin | LabelHolds | PolicyDecides | ComesFirst | SameNode | InputLacks
Literal: TypeAlias = tuple[Condition, bool]
Formula: TypeAlias = frozenset[frozenset[Literal]]

NEVER: Formula = frozenset()
ALWAYS: Formula = frozenset({frozenset()})
_LIMIT = 64


def is_(condition: Condition, holds: bool = True) -> Formula:
    """The formula of one literal."""
    return frozenset({frozenset({(condition, holds)})})


def _simplified(terms: set[frozenset[Literal]]) -> Formula:
    """Drop contradictions and terms that another one implies."""
    sound = [term for term in terms if not any((condition, not holds) in term for condition, holds in term)]
    return frozenset(term for term in sound if not any(other < term for other in sound))


def any_of(left: Formula, right: Formula) -> Formula:
    """Their disjunction."""
    return _simplified(set(left | right))


def all_of(left: Formula, right: Formula) -> Formula:
    """Their conjunction."""
    return _simplified({one | other for one in left for other in right})


def negated(formula: Formula) -> Formula:
    """Its negation."""
    result = ALWAYS
    for term in formula:
        result = all_of(result, frozenset(frozenset({(condition, not holds)}) for condition, holds in term))
    return result


def too_long(formula: Formula) -> bool:
    """Whether a formula has more terms than anybody would read."""
    return len(formula) > _LIMIT


def conditions_of(formula: Formula) -> list[Condition]:
    """The conditions that it mentions, in a stable order."""
    return sorted(
        {condition for term in formula for condition, _ in term}, key=lambda each: (type(each).__name__, repr(each))
    )


def words(formula: Formula) -> list[str]:
    """One line per term, in a stable order; empty for what always or never holds."""
    return sorted(" and ".join(sorted(condition.text(holds) for condition, holds in term)) for term in formula if term)
