"""Effective security rules: what Azure itself made of the groups at an interface, service tags resolved.

Source: Azure REST API, "Network Interfaces - List Effective Network Security Groups", as ``az network nic
list-effective-nsg`` prints it. Rules in a list name their group by its id, and what it is attached to.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from crenel.dialects.azure.fields import Node, Unresolved, last
from crenel.dialects.azure.records import End, Estate, Group, Nic, SecurityRule
from crenel.dialects.azure.rulereading import security_rule
from crenel.network.addresses import AddressSet
from crenel.provenance import Origin

_TAG = "virtualnetwork"
_PERHAPS_EVERYTHING = Unresolved("0.0.0.0/0 of effective rules, which may have been written *")


def take_effective(node: Node, estate: Estate, origin: Origin) -> None:
    """Add one group of effective rules, and what it is attached to."""
    rules = tuple(map(_plain, node.nodes("effectiveSecurityRules")))
    association = node.node("association") or Node({})
    subnet, nic = association.reference("subnet"), association.reference("networkInterface")
    places = [each for each in (subnet, nic) if each]
    if association.reference("networkManager"):
        for place in places:
            estate.admin_rules.setdefault(place, []).extend(replace(rule, origin=origin) for rule in rules)
        return
    group = node.reference("networkSecurityGroup")
    if not group:
        estate.report("effective rules of a group without an id; not applied", origin, node.field)
        return
    if group not in estate.groups or estate.groups[group].partial:
        estate.groups[group] = Group(group, last(group), rules, (), origin=origin)
    for place in places:
        if space := _space(node, rules):
            estate.spaces[place] = space
    if subnet:
        estate.subnet_groups[subnet] = group
    elif nic:
        estate.nic_groups[nic] = group
        if nic not in estate.nics:
            estate.nics[nic] = Nic(nic, last(nic), group=None, origin=origin)


def _plain(node: Node) -> SecurityRule:
    """A rule, with ``*`` for the ranges that stand for it here, and its name without the word for its sort."""
    rule = security_rule(node)
    return replace(
        rule, name=last(rule.name), source_ports=_ports(rule.source_ports), ports=_ports(rule.ports),
        source=_end(rule.source), destination=_end(rule.destination),
    )  # fmt: skip


def _ports(written: tuple[str, ...]) -> tuple[str, ...]:
    return ("*",) if "0-65535" in written else written


def _end(end: End) -> End:
    """``*`` is written 0.0.0.0/0 here, as the IPv4 prefix is: which of them was meant decides about IPv6."""
    if "0.0.0.0/0" not in end.prefixes or "::/0" in end.prefixes:
        return end
    return End((*end.prefixes, _PERHAPS_EVERYTHING), end.groups, end.expanded)


def _space(node: Node, rules: tuple[SecurityRule, ...]) -> AddressSet:
    """What VirtualNetwork means there: by the map of tags, or as a rule was expanded."""
    listed = _tag_map(node).get(_TAG, ())
    if not listed:
        ends = [end for rule in rules for end in (rule.source, rule.destination) if end.expanded]
        listed = next((end.expanded for end in ends if [each.lower() for each in end.prefixes] == [_TAG]), ())
    return readable(listed)


def _tag_map(node: Node) -> dict[str, tuple[str, ...]]:
    written: Any = node.find("tagMap")[0]
    if isinstance(written, str):
        try:
            written = json.loads(written)
        except ValueError:
            written = None
    found = written if isinstance(written, dict) else {}
    return {
        name.lower(): tuple(each for each in listed if isinstance(each, str))
        for name, listed in found.items()
        if isinstance(name, str) and isinstance(listed, list)
    }


def readable(texts: tuple[str, ...]) -> AddressSet:
    """The union of those texts that are addresses or prefixes."""
    found: list[AddressSet] = []
    for text in texts:
        try:
            found.append(AddressSet.of(text))
        except ValueError:
            continue
    v4 = tuple(each for one in found for each in one.v4)
    v6 = tuple(each for one in found for each in one.v6)
    return AddressSet() | AddressSet(v4, v6)
