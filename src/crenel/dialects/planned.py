"""Resources of Terraform as they refer to each other before they have ids.

A resource is known by its id, or by what stands for one while that is not known. Where an attribute is not known yet,
what its expression refers to takes its place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.dialects.terraform import Resource

_INDEX = re.compile(r"\[[^\]]*\]\Z")


@dataclass(frozen=True, slots=True)
class Plan:
    """Ids by address, and addresses by address without index."""

    ids: Mapping[str, str]
    instances: Mapping[str, list[str]]

    @classmethod
    def of(cls, resources: Iterable[Resource], identify: Callable[[Resource], str]) -> Plan:
        """The resources of a plan; `identify` tells the id of one, or what stands for it."""
        ids: dict[str, str] = {}
        instances: dict[str, list[str]] = defaultdict(list)
        for each in resources:
            ids[each.address] = identify(each)
            instances[_INDEX.sub("", each.address)].append(each.address)
        return cls(ids, instances)

    def resolve(self, address: str, asking: str) -> str:
        """The id of a resource that an expression of another refers to; empty where it cannot be told.

        Where it names no index, as with ``count.index`` and ``each.key``, that with the same index is meant.
        """
        if address in self.ids:
            return self.ids[address]
        several = self.instances.get(_INDEX.sub("", address), [])
        index = _INDEX.search(asking)
        same = [each for each in several if index is not None and each.endswith(index[0])]
        chosen = same or several
        return self.ids[chosen[0]] if len(chosen) == 1 else ""


@dataclass(frozen=True, slots=True)
class Block:
    """A resource of a plan, ready to be converted."""

    resource: Resource
    plan: Plan

    @property
    def id(self) -> str:
        """Its id, or what stands for it."""
        return self.plan.ids[self.resource.address]

    @property
    def is_data(self) -> bool:
        """Whether it is read, and not managed."""
        return ".data." in f".{self.resource.address}"

    @property
    def is_new(self) -> bool:
        """Whether it does not exist yet."""
        return bool(self.resource.unknown.get("id"))

    def get(self, name: str) -> Any:
        """A value; None where it is not known or not written."""
        return self.resource.values.get(name)

    def text(self, name: str) -> str:
        """A text; empty where there is none."""
        value = self.get(name)
        return value if isinstance(value, str) else ""

    def lacks(self, name: str) -> bool:
        """Whether something of a value is known only after apply."""
        return bool(self.resource.unknown.get(name))

    def reference(self, name: str) -> str:
        """The id of another resource; a name of its own where it is not known at all. Empty where none is meant."""
        if value := self.text(name):
            return value
        own = f"{self.resource.address}.{name}" if self.lacks(name) else ""
        return next(iter(self.referred(name)), own)

    def references(self, name: str) -> list[str] | None:
        """The ids of a list; None where none is written, or known."""
        value = self.get(name)
        known = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
        if not self.lacks(name):
            return known if value is not None else None
        return list(dict.fromkeys([*known, *self.referred(name)])) or None

    def referred(self, path: str) -> list[str]:
        """The ids of what the expression of an attribute refers to: ``name``, or ``block.0.name``."""
        own = self.resource.address
        found = [self.plan.resolve(each, own) for each in self.resource.references.get(path, ())]
        return [each for each in found if each]

    def blocks(self, name: str) -> list[dict[str, Any]]:
        """The blocks of a name."""
        value = self.get(name)
        return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

    def inner(self, name: str, position: int, attribute: str) -> str:
        """A reference in a block; empty where none is written, or known."""
        blocks = self.blocks(name)
        value = blocks[position].get(attribute) if position < len(blocks) else None
        if isinstance(value, str) and value:
            return value
        return next(iter(self.referred(f"{name}.{position}.{attribute}")), "")
