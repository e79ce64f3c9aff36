"""From one ruleset to the next: the commands that change only what differs, as one transaction.

Sets and maps change by their elements; a chain that differs is emptied and filled again. Counters of what stays go on
counting. Since all of it is one transaction, no packet meets a state in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crenel.enforce.ruleset import AnySet, Chain, Ruleset, VerdictMap
from crenel.enforce.text import element_texts, interval, rule_text, set_lines, set_type

_CHUNK = 1000
"""Elements in one command."""


def delta(old: Ruleset, new: Ruleset) -> str:
    """The commands that turn the one table into the other; empty when nothing differs.

    Raises:
        ValueError: they are not the same table, or its base chains differ: then it has to be written anew.
    """
    if (old.table, old.hooks, old.log_group) != (new.table, new.hooks, new.log_group):
        raise ValueError("the base chains differ")
    return "".join(f"{line}\n" for line in _Delta(old, new).lines())


class _Delta:
    def __init__(self, old: Ruleset, new: Ruleset) -> None:
        self.old, self.new = old, new
        self.table = f"inet {new.table}"
        self.remade = {
            name for name in old.sets.keys() & new.sets.keys() if _shape(old.sets[name]) != _shape(new.sets[name])
        }
        """Sets that become another kind of set: what refers to them has to let go first."""

    def lines(self) -> Iterator[str]:
        old, new = self.old, self.new
        gone = [name for name in old.chains if name not in new.chains]
        added = [name for name in new.chains if name not in old.chains]
        changed = [name for name in new.chains if name in old.chains and self._differs(name)]
        yield from (f"add counter {self.table} {name}" for name in sorted(new.counters.keys() - old.counters.keys()))
        yield from (f"add chain {self.table} {name}" for name in sorted(added))
        yield from (f"flush chain {self.table} {name}" for name in sorted([*changed, *gone]))
        yield from self._sets()
        yield from self._rules(sorted([*changed, *added]))
        yield from (f"delete chain {self.table} {name}" for name in sorted(gone))
        yield from (f"delete counter {self.table} {name}" for name in sorted(old.counters.keys() - new.counters.keys()))

    def _differs(self, name: str) -> bool:
        before, after = self.old.chains[name], self.new.chains[name]
        return before.rules != after.rules or any(uses(after, each) for each in self.remade)

    def _sets(self) -> Iterator[str]:
        old, new = self.old.sets, self.new.sets
        for name in sorted((old.keys() - new.keys()) | self.remade):
            yield f"delete {_word(old[name])} {self.table} {name}"
        for name in sorted((new.keys() - old.keys()) | self.remade):
            header, *body = set_lines(new[name])
            yield f"add {_word(new[name])} {self.table} {header.split()[1]} {{ {'; '.join(_declared(body))}; }}"
            yield from self._elements("add", new[name], element_texts(new[name]))
        for name in sorted((old.keys() & new.keys()) - self.remade):
            if old[name] != new[name]:
                before, after = element_texts(old[name]), element_texts(new[name])
                yield from self._elements("delete", old[name], _without(before, after))
                yield from self._elements("add", new[name], _without(after, before))

    def _elements(self, verb: str, one: AnySet, elements: list[str]) -> Iterator[str]:
        for start in range(0, len(elements), _CHUNK):
            listed = ", ".join(elements[start : start + _CHUNK])
            yield f"{verb} element {self.table} {one.name} {{ {listed} }}"

    def _rules(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            for rule in self.new.chains[name].rules:
                yield f"add rule {self.table} {name} {rule_text(rule, self.new.log_group)}"


def uses(chain: Chain, name: str) -> bool:
    """Whether a rule of a chain refers to a set."""
    return any(
        getattr(part, "name", "") == name or getattr(part, "map", "") == name
        for rule in chain.rules
        for part in (*rule.matches, rule.verdict)
    )


def _shape(one: AnySet) -> tuple[str, bool]:
    return set_type(one), interval(one)


def _word(one: AnySet) -> str:
    return "map" if isinstance(one, VerdictMap) else "set"


def _declared(body: Iterable[str]) -> Iterator[str]:
    """The properties of a set's declaration, without its elements."""
    for line in body:
        text = line.strip()
        if text != "}" and not text.startswith("elements"):
            yield text


def _without(elements: list[str], others: list[str]) -> list[str]:
    known = set(others)
    return [each for each in elements if each not in known]
