"""Label selectors, matched against many label sets at once.

The rules are those of apimachinery's labels.Requirement.Matches: ``NotIn`` and ``DoesNotExist`` match what has no such
key, ``matchLabels: {k: ""}`` needs the key. Labels whose values only a running cluster gives out match possibly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from crenel.bits import union
from crenel.kubernetes.objects.meta import LabelSelector

Masks: TypeAlias = tuple[int, int]
"""Two bitsets: what matches surely, and what matches possibly (a superset)."""


class LabelIndex:
    """An index over (position, labels, keys of unknown value): answers which positions a selector matches.

    With `complete` false there may be further labels at every position: only those that are given are settled.
    """

    def __init__(self, items: Iterable[tuple[int, Mapping[str, str], frozenset[str]]], complete: bool = True) -> None:
        everything: list[int] = []
        by_label: dict[tuple[str, str], list[int]] = defaultdict(list)
        by_key: dict[str, list[int]] = defaultdict(list)
        unknown: dict[str, list[int]] = defaultdict(list)
        for position, labels, uncertain in items:
            everything.append(position)
            for key, value in labels.items():
                by_label[key, value].append(position)
                by_key[key].append(position)
            for key in uncertain:
                if key not in labels:
                    unknown[key].append(position)
        self.everything = union(everything)
        self._by_label = {label: union(positions) for label, positions in by_label.items()}
        self._by_key = {key: union(positions) for key, positions in by_key.items()}
        self._unknown = {key: union(positions) for key, positions in unknown.items()}
        self._open = 0 if complete else self.everything
        self._memo: dict[object, Masks] = {}

    def match(self, selector: LabelSelector | None) -> Masks:
        """The positions that a selector matches; None and an empty selector match all of them."""
        if selector is None or not (selector.match_labels or selector.match_expressions):
            return self.everything, self.everything
        if not selector.match_expressions and len(selector.match_labels or ()) == 1:
            return self._match(selector)
        key = _canonical(selector)
        if (known := self._memo.get(key)) is None:
            known = self._memo[key] = self._match(selector)
        return known

    def _match(self, selector: LabelSelector) -> Masks:
        sure = possible = self.everything
        for key, value in (selector.match_labels or {}).items():
            found = self._by_label.get((key, value or ""), 0)
            sure &= found
            possible &= found | self._unsettled(key)
        for requirement in selector.match_expressions or ():
            certain, maybe = self._requirement(requirement.key, requirement.operator, requirement.values or [])
            sure &= certain
            possible &= maybe
        return sure, possible

    def _unsettled(self, key: str) -> int:
        return self._unknown.get(key, 0) | self._open & ~self._by_key.get(key, 0)

    def _requirement(self, key: str, operator: str, values: list[str]) -> Masks:
        unknown = self._unsettled(key)
        has = self._by_key.get(key, 0)
        if operator in ("In", "NotIn"):
            has = 0
            for value in values:
                has |= self._by_label.get((key, value), 0)
        if operator in ("In", "Exists"):
            return has, has | unknown
        without = self.everything & ~has
        return without & ~unknown, without


def _canonical(selector: LabelSelector) -> object:
    return (
        frozenset((selector.match_labels or {}).items()),
        tuple((each.key, each.operator, tuple(each.values or ())) for each in selector.match_expressions or ()),
    )
