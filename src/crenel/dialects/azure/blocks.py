"""Values of a plan or a state, with what is unknown before it is applied, and what that will come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crenel.dialects.azure.fields import Unresolved, key
from crenel.dialects.azure.records import Reference
from crenel.dialects.terraform import Resource
from crenel.provenance import FieldPath


@dataclass(slots=True)
class Joined:
    """All resources of one document, known by their ids, or by their addresses where ids are not known yet."""

    keys: dict[str, str] = field(default_factory=dict)
    """By address."""
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    """By type and name; empty where several have the name."""

    plain: dict[str, list[str]] = field(default_factory=dict)
    """Addresses of instances by that without any index, as expressions refer to them."""

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Joined:
        """Join some resources."""
        made = cls()
        for each in resources:
            known = made.keys[each.address] = key_of(each)
            made.plain.setdefault(_INDEX.sub("", each.address), []).append(each.address)
            name = each.values.get("name")
            if isinstance(name, str):
                place = (each.type, name.lower())
                made.named[place] = "" if made.named.get(place, known) != known else known
        return made

    def referred(self, addresses: Iterable[str], own: str) -> Reference:
        """The key of the resource that an expression refers to; None where that is none, or not told apart.

        Of several instances the one in the same instance of the module is meant, and with the same index.
        """
        for address in addresses:
            if address in self.keys:
                return self.keys[address]
            found = self.plain.get(_INDEX.sub("", address), [])
            for alike in (_module, _index):
                same = [each for each in found if alike(each) == alike(own)]
                found = same if len(found) > 1 and same else found
            if len(found) == 1:
                return self.keys[found[0]]
        return None


_INDEX = re.compile(r"\[[^\]]*\]")


def _module(address: str) -> str:
    """The part of an address that is its module."""
    parts = _INDEX.sub(lambda match: match[0].replace(".", "_"), address).split(".")
    return ".".join(parts[:-2])


def _index(address: str) -> str:
    """The index at the end of an address."""
    return address[address.rfind("[") :] if address.endswith("]") else ""


def key_of(resource: Resource) -> str:
    """What a resource is known by."""
    identifier = resource.values.get("id")
    return key(identifier) if isinstance(identifier, str) and identifier else f"terraform:{resource.address}".lower()


@dataclass(frozen=True, slots=True)
class Block:
    """A resource, or a block inside of one. `path` leads to it from the resource."""

    resource: Resource
    joined: Joined
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]
    path: FieldPath = ()

    @classmethod
    def of(cls, resource: Resource, joined: Joined) -> Block:
        """The whole of a resource."""
        return cls(resource, joined, resource.values, resource.unknown)

    @property
    def field(self) -> FieldPath:
        """The way to it from the document."""
        return (*self.resource.field, *self.path)

    def is_unknown(self, name: str) -> bool:
        """Whether a value is not known before it is applied."""
        return self.unknown.get(name) is True

    def is_written(self, name: str) -> bool:
        """Whether an expression of the configuration makes a value, or anything in it."""
        path = self._path(name)
        return any(each == path or each.startswith(f"{path}.") for each in self.resource.references)

    def _path(self, name: str) -> str:
        return ".".join(map(str, (*self.path, name)))

    def text(self, name: str) -> str:
        """A text; empty where there is none."""
        if self.is_unknown(name):
            return self._unresolved(name)
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def known_text(self, name: str) -> str:
        """A text; empty where there is none, or none yet."""
        return "" if self.is_unknown(name) else self.text(name)

    def _unresolved(self, name: str) -> Unresolved:
        return Unresolved(f"{self.resource.address}.{self._path(name)}")

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list."""
        if self.is_unknown(name):
            return (self._unresolved(name),)
        value, unknown = self.values.get(name), self.unknown.get(name)
        found = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
        some = isinstance(unknown, list) and any(each is True for each in unknown)
        return (*found, self._unresolved(name)) if some else tuple(found)

    def number(self, name: str) -> int | None:
        """A whole number."""
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool | None:
        """A truth value."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else None

    def blocks(self, name: str) -> Iterator[Block]:
        """The blocks of a name; one that is written as a mapping is one."""
        value, unknown = self.values.get(name), self.unknown.get(name)
        listed = value if isinstance(value, list) else [value]
        for position, each in enumerate(listed):
            if isinstance(each, dict):
                not_known = unknown[position] if isinstance(unknown, list) and position < len(unknown) else unknown
                inner = not_known if isinstance(not_known, dict) else {}
                yield Block(self.resource, self.joined, each, inner, (*self.path, name, position))

    def reference(self, name: str) -> Reference:
        """The key of another resource; empty for none, None where it is not known which."""
        value = self.values.get(name)
        if isinstance(value, str) and value:
            return key(value)
        found = self.joined.referred(self.resource.references.get(self._path(name), ()), self.resource.address)
        return found if found or self.is_unknown(name) else ""

    def references(self, name: str) -> tuple[str, ...]:
        """The keys of the resources of a list."""
        value = self.values.get(name)
        found = [key(each) for each in value if isinstance(each, str) and each] if isinstance(value, list) else []
        unknown = self.unknown.get(name)
        if not found or (isinstance(unknown, list) and any(unknown)):
            addresses = self.resource.references.get(self._path(name), ())
            others = (self.joined.referred((address,), self.resource.address) for address in addresses)
            found += filter(None, others)
        return tuple(dict.fromkeys(found))

    def parent(self, name: str, kind: str) -> Reference:
        """The key of a resource that is told by its name, or referred to."""
        path = self.resource.references.get(self._path(name), ())
        return self.joined.referred(path, self.resource.address) or self.joined.named.get(
            (kind, self.text(name).lower())
        )
