"""All of the infrastructure that an input speaks of: each document is given to the platforms that know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from importlib import import_module
from typing import Any, NamedTuple

from crenel.network.firewalls import Infrastructure
from crenel.provenance import Origin

PLATFORMS = ("azure", "hosts")
"""The packages that have `recognises` and `read`."""


class Platform(NamedTuple):
    """A dialect of clouds or hosts: whether it knows a document, and what its documents say together."""

    name: str
    recognises: Callable[[Any], bool]
    read: Callable[[Sequence[tuple[Any, Origin]]], Infrastructure]


def platforms() -> tuple[Platform, ...]:
    """All platforms; they are imported when the first document needs them."""
    modules = {name: import_module(f"crenel.dialects.{name}") for name in PLATFORMS}
    return tuple(Platform(name, module.recognises, module.read) for name, module in modules.items())


def gather(documents: Sequence[tuple[Any, Origin]]) -> tuple[Infrastructure, set[int]]:
    """Read all documents that some platform knows. Returns what they say, and the positions of those documents.

    A Terraform plan may be known to several.
    """
    found: list[Infrastructure] = []
    known: set[int] = set()
    for platform in platforms() if documents else ():
        mine = [number for number, (data, _) in enumerate(documents) if platform.recognises(data)]
        if mine:
            known.update(mine)
            found.append(platform.read([documents[number] for number in mine]))
    return reduce(Infrastructure.__or__, found, Infrastructure()), known
