"""Values of a Terraform plan or state of AWS, with what is known only after apply and what that will come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crenel.dialects.aws.making import Where
from crenel.dialects.aws.records import Unresolved
from crenel.dialects.terraform import Resource
from crenel.dialects.trees import Node
from crenel.provenance import FieldPath

_INDEX = re.compile(r"\[[^\]]*\]")


def key_of(resource: Resource) -> str:
    """What a resource is known by: its id, or its address where it has none yet."""
    identifier = resource.values.get("id")
    return identifier if isinstance(identifier, str) and identifier else f"terraform:{resource.address}"


def is_data(resource: Resource) -> bool:
    """Whether it is a data source: what it shows of a group or of a list is not all of it."""
    parts = _INDEX.sub("", resource.address).split(".")
    return parts[-3:-2] == ["data"] and parts[-4:-3] != ["module"]


@dataclass(slots=True)
class Joined:
    """All resources of one document, by their addresses."""

    all: dict[str, Resource] = field(default_factory=dict)
    plain: dict[str, list[str]] = field(default_factory=dict)
    """Addresses of instances by that without any index, as expressions refer to them."""
    spread: bool = False
    """Whether any list was taken for all instances of a resource."""

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Joined:
        """Join some resources."""
        made = cls()
        for each in resources:
            made.all[each.address] = each
            made.plain.setdefault(_INDEX.sub("", each.address), []).append(each.address)
        return made

    def referred(self, addresses: Iterable[str], own: str, kinds: tuple[str, ...], plural: bool) -> tuple[str, ...]:
        """The keys of resources of some types; none where one of them is not told apart.

        Of several instances the one in the same instance of the module is meant, and with the same index; in a list
        that no such index belongs to all of them, as in ``aws_subnet.private[*].id``.
        """
        listed = [each for each in addresses if _kind(each) in kinds]
        found: dict[str, None] = {}
        for address in listed:
            if any(other.startswith(f"{address}[") for other in listed):
                continue
            instances = self._instances(address, own, plural)
            if len(instances) != 1 and not (plural and instances):
                return ()
            self.spread = self.spread or len(instances) > 1
            found |= dict.fromkeys(key_of(self.all[each]) for each in instances)
        return tuple(found)

    def _instances(self, address: str, own: str, plural: bool) -> list[str]:
        if address in self.all:
            return [address]
        found = self.plain.get(_INDEX.sub("", address), [])
        same = [each for each in found if _module(each) == _module(own)]
        found = same if len(found) > 1 and same else found
        same = [each for each in found if _index(each) == _index(own)]
        fellows = [each for each in self.plain.get(_INDEX.sub("", own), ()) if _module(each) == _module(own)]
        return found if not same or (plural and len(fellows) != len(found)) else same


def _kind(address: str) -> str:
    parts = _INDEX.sub("", address).split(".")
    return parts[-2] if len(parts) > 1 else ""


def _module(address: str) -> str:
    """The part of an address that is its module."""
    return ".".join(_INDEX.sub(lambda match: match[0].replace(".", "_"), address).split(".")[:-2])


def _index(address: str) -> str:
    """The index at the end of an address."""
    return address[address.rfind("[") :] if address.endswith("]") else ""


@dataclass(frozen=True, slots=True)
class Block:
    """A resource, or a block inside of one. `path` leads to it from the resource."""

    resource: Resource
    joined: Joined
    node: Node
    unknown: Mapping[str, Any]
    path: FieldPath = ()

    @classmethod
    def of(cls, resource: Resource, joined: Joined) -> Block:
        """The whole of a resource."""
        return cls(resource, joined, Node(resource.values, resource.origin, resource.field), resource.unknown)

    @property
    def key(self) -> str:
        """What its resource is known by."""
        return key_of(self.resource)

    @property
    def where(self) -> Where:
        """Where it is written."""
        return Where(self.resource.address, self.node.origin, self.node.field)

    def is_open(self, name: str) -> bool:
        """Whether a value, or one in a list of it, that the configuration sets is known only after apply.

        Of a whole resource there are also those that the provider chooses where nobody sets them.
        """
        value = self.unknown.get(name)
        some = value is True or (isinstance(value, list) and any(each is True for each in value))
        return some and bool(self.path or self._written(name))

    def _written(self, name: str) -> bool:
        return any(each == name or each.startswith(f"{name}.") for each in self.resource.references)

    def later(self, name: str) -> Unresolved:
        """What a value stands for that is known only after apply."""
        return Unresolved(".".join(map(str, (self.resource.address, *self.path, name))))

    def text(self, name: str) -> str:
        """A text or a number as one; empty where there is none."""
        return self.later(name) if self.is_open(name) else self.node.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list."""
        return (*self.node.texts(name), self.later(name)) if self.is_open(name) else self.node.texts(name)

    def number(self, name: str) -> int | str | None:
        """A whole number, which may be negative, or what it will come from."""
        value = self.node.data.get(name)
        if self.is_open(name):
            return self.later(name)
        return value if isinstance(value, int | str) and not isinstance(value, bool) else None

    def blocks(self, name: str) -> Iterator[Block]:
        """The blocks of a name."""
        unknown = self.unknown.get(name)
        for each in self.node.nodes(name):
            position = each.field[-1]
            listed = isinstance(unknown, list) and isinstance(position, int) and position < len(unknown)
            inner = unknown[position] if listed and isinstance(unknown, list) and isinstance(position, int) else None
            path = (*self.path, name, position)
            yield Block(self.resource, self.joined, each, inner if isinstance(inner, dict) else {}, path)

    def refers(self, name: str, *kinds: str, plural: bool = True) -> tuple[str, ...]:
        """The keys of the resources of a field; among them what they will come from where that is not known.

        Blocks that are a set have no order, and the configuration of blocks that are an attribute is one expression for
        all of them: what several of the blocks refer to is meant by this one only if it is all the same.
        """
        known = self.node.texts(name)
        if not self.is_open(name):
            return known
        found = self.joined.referred(self._expressions(name), self.resource.address, kinds, plural)
        if not found or (len(found) > 1 and self._fellows(name) > 1):
            return (*known, self.later(name))
        return tuple(dict.fromkeys((*known, *found)))

    def _fellows(self, name: str) -> int:
        """How many blocks like this one, itself included, have a field that is known only after apply."""
        around = self.resource.unknown.get(str(self.path[0])) if self.path else None
        if not isinstance(around, list) or len(self.path) > 2:
            return len(self.path)
        return sum(isinstance(each, dict) and bool(each.get(name)) for each in around)

    def _expressions(self, name: str) -> Iterator[str]:
        """What the expressions of a field refer to: of the field itself, of all like it in its fellows, of them all."""
        parts = [*map(str, self.path), name]
        for path, addresses in self.resource.references.items():
            steps = path.split(".")
            alike = len(steps) <= len(parts) and all(
                one == other or (one.isdecimal() and other.isdecimal())
                for one, other in zip(steps, parts, strict=False)
            )
            if alike and (len(steps) == len(parts) or not steps[-1].isdecimal()):
                yield from addresses

    def one(self, name: str, *kinds: str) -> str:
        """The key of the one resource of a field; empty for none."""
        found = self.refers(name, *kinds, plural=False)
        return "" if not found else found[0] if len(found) == 1 else self.later(name)
