"""All of the infrastructure that an input speaks of: each document is given to the platforms that know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from importlib import import_module
from typing import Any, NamedTuple

from crenel.dialects import terraform
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Infrastructure
from crenel.provenance import Origin

CLOUDS = ("aws", "azure", "gcp", "openstack")
"""The packages of clouds, which have `recognises` and `read`."""


class Platform(NamedTuple):
    """A dialect of clouds or hosts: whether it knows a document, and what its documents say together."""

    name: str
    recognises: Callable[[Any], bool]
    read: Callable[[Sequence[tuple[Any, Origin]]], Infrastructure]


def platforms(nodes: Mapping[str, AddressSet]) -> tuple[Platform, ...]:
    """All platforms; they are imported when the first document needs them."""
    modules = {name: import_module(f"crenel.dialects.{name}") for name in CLOUDS}
    clouds = [Platform(name, module.recognises, module.read) for name, module in modules.items()]
    hosts = import_module("crenel.dialects.hosts")
    sites = {name: hosts.Site(addresses) for name, addresses in nodes.items()}
    planes = import_module("crenel.dialects.controlplanes")
    clouds.append(Platform("controlplanes", planes.recognises, planes.read))
    return (*clouds, Platform("hosts", hosts.recognises, partial(hosts.read, sites=sites)))


def is_declared(data: Any) -> bool:
    """Whether a document says what somebody wants there to be, with the ids of what is: plans and states of Terraform.

    What others print, and the services themselves answer, is there. Templates bear no ids to be compared by.
    """
    return terraform.recognises(data)


def gather(
    documents: Sequence[tuple[Any, Origin]], nodes: Mapping[str, AddressSet] | None = None
) -> tuple[Infrastructure, set[int]]:
    """Read all documents that some platform knows. Returns what they say, and the positions of those documents.

    A Terraform plan may be known to several; what it says comes in the place of what is there. `nodes` has the
    addresses of hosts, as far as they are known.
    """
    found: list[Infrastructure] = []
    known: set[int] = set()
    for platform in platforms(nodes or {}) if documents else ():
        mine = [number for number, (data, _) in enumerate(documents) if platform.recognises(data)]
        mine.sort(key=lambda number: is_declared(documents[number][0]))
        if mine:
            known.update(mine)
            found.append(platform.read([documents[number] for number in mine]))
    return reduce(Infrastructure.__or__, found, Infrastructure()), known
