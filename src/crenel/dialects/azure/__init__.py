"""Azure: network security groups, and all that decides where they stand and what they mean.

Read are lists and single resources as ``az`` prints them and as the service answers, effective rules, lists of service
tags, templates of Azure Resource Manager, and plans and states of Terraform.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crenel.dialects.azure import shapes, template, terraform
from crenel.dialects.azure.balancers import Balancers, balanced, fronted, merged, translated
from crenel.dialects.azure.effective import readable, take_effective
from crenel.dialects.azure.fields import Node, key
from crenel.dialects.azure.records import Estate
from crenel.dialects.azure.resources import Found, take
from crenel.dialects.azure.routing import Routing
from crenel.dialects.azure.rules import Translator
from crenel.dialects.azure.seats import Seat, Seating
from crenel.dialects.azure.spaces import HOST, Spaces
from crenel.dialects.azure.tags import Vocabulary
from crenel.dialects.azure.tiers import API, Tiers
from crenel.network.firewalls import Filter, Infrastructure, Interface, Role
from crenel.provenance import Origin

__all__ = ["read", "recognises"]

PLATFORM = Interface("the platform of Azure", Role.OTHER, HOST)
"""The host of each machine: its address is a public one, but nobody else can send from it, and it is nowhere on the
internet ("What is IP address 168.63.129.16?")."""


def recognises(data: Any) -> bool:
    """Whether a parsed document is one of Azure's. Looks at a few elements only; never raises."""
    return shapes.recognises(data) or terraform.recognises(data)


def read(documents: Sequence[tuple[Any, Origin]]) -> Infrastructure:
    """What all documents of an input say together. What is wrong in them is among the problems; raises nothing."""
    estate = collect(documents)
    balancers = [merged(each, estate) for each in estate.balancers.values()]
    spaces = Spaces(estate)
    seats = Seating(estate, Routing(estate, translated(balancers), balanced(balancers)), spaces).seats()
    balancing = Balancers(estate, balancers, seats).all()
    everywhere = [*seats, *balancing.seats]
    translator = Translator(estate, _vocabulary(estate, everywhere, spaces))
    tiers = Tiers(estate, translator, spaces, fronted(balancers)).all(everywhere)
    if tiers and not estate.admin_rules:
        estate.assume("no security admin rules of an Azure Virtual Network Manager apply")
    interfaces = [seat.interface for seat in everywhere]
    return Infrastructure(
        [*interfaces, PLATFORM] if interfaces else [], tiers, balancing.balancers, list(estate.assumptions),
        estate.problems, idle=list(_idle(estate)),
    )  # fmt: skip


def _idle(estate: Estate) -> Iterator[Filter]:
    """The groups of which Azure itself names no subnet and no interface: where it prints rules of its own, it would."""
    attached = {*estate.subnet_groups.values(), *estate.nic_groups.values()}
    attached |= {each.group or "" for each in estate.subnets.values()}
    attached |= {each.group or "" for each in estate.nics.values()}
    for group in estate.groups.values():
        if group.defaults is not None and not group.partial and group.key not in attached:
            yield Filter(group.title, frozenset(), (), origin=group.origin, api=API)


def collect(documents: Sequence[tuple[Any, Origin]]) -> Estate:
    """All resources of some documents."""
    estate = Estate()
    parameters = [data["parameters"] for data, _ in documents if shapes.is_parameters(data)]
    for number, (data, origin) in enumerate(documents):
        try:
            _take(data, origin, estate, f"/templates/{number}", parameters)
        except RecursionError:
            estate.report("nested too deeply to be read", origin)
    return estate


def _take(data: Any, origin: Origin, estate: Estate, prefix: str, parameters: Sequence[Any]) -> None:
    """Add the resources of one document. `prefix` begins the ids of what a template has not deployed yet."""
    if shapes.is_service_tags(data):
        _take_tags(data, estate)
    elif shapes.is_template(data):
        for found in template.resources(data, origin, prefix, parameters, estate):
            take(found, estate)
    elif terraform.recognises(data):
        terraform.take_plan(data, origin, estate)
    elif not shapes.is_parameters(data):
        _take_output(data, origin, estate)


def _take_output(data: Any, origin: Origin, estate: Estate) -> None:
    for node in shapes.elements(data):
        if shapes.is_effective(node.data):
            take_effective(node, estate, origin)
        elif kind := shapes.kind_of(node.data):
            identifier = key(node.text("id")) or f"/{kind}/{node.text('name').lower()}"
            take(Found(kind, node, identifier, origin), estate)


def _take_tags(data: Mapping[str, Any], estate: Estate) -> None:
    for node in Node(dict(data)).nodes("values"):
        if name := node.text("name"):
            estate.tags[name.lower()] = readable(node.texts("addressPrefixes"))


def _vocabulary(estate: Estate, seats: Sequence[Seat], spaces: Spaces) -> Vocabulary:
    """What words in rules mean. Interfaces belong to their network by name where their addresses do not show it."""
    members: dict[str, set[str]] = defaultdict(set)
    residents: dict[str, set[str]] = defaultdict(set)
    for seat in seats:
        for group in seat.nic.groups:
            members[group].add(seat.interface.name)
        own = seat.interface.addresses or seat.interface.ranges
        known = spaces.at(seat.subnet, seat.nic.key).own(estate)
        if seat.subnet and not seat.floating and not (own and own <= known):
            residents[estate.network_of(seat.subnet)].add(seat.interface.name)
    if members:
        estate.assume("application security groups have the members that interfaces in the input name, and no others")
    return Vocabulary(
        estate.tags,
        {group: frozenset(names) for group, names in members.items()},
        {network: frozenset(names) for network, names in residents.items()},
    )
