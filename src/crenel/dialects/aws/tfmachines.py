"""Instances and network interfaces of Terraform's provider aws, planned or deployed, as records.

Source: the documentation of each resource in the registry. An instance that is given no interfaces has one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from crenel.dialects.aws.blocks import Block
from crenel.dialects.aws.making import union
from crenel.dialects.aws.records import Card, Estate, Unresolved
from crenel.dialects.aws.tfrules import GROUPS, SUBNETS, groups_of, not_applied
from crenel.network.addresses import Family
from crenel.network.firewalls import Answer

_CARD, _INSTANCE = "aws_network_interface", "aws_instance"


def _groups(block: Block, name: str, subnet: str, estate: Estate) -> tuple[str, ...] | None:
    """The groups of an interface; none for one that gets the default group of a network which the input makes."""
    if found := groups_of(block, name, estate):
        return found
    known = estate.subnets.get(subnet)
    made = known is not None and known.network in estate.vpcs and estate.vpcs[known.network].made
    templated = any(block.blocks("launch_template"))
    return () if made and not templated else None


def _is_left_open(block: Block, name: str) -> bool:
    """Whether a value is known only after apply, be it that the provider chooses it."""
    return bool(block.unknown.get(name))


def _pending(block: Block, subnet: str, estate: Estate) -> Iterator[tuple[Family, Answer]]:
    """The families in which it will have, or may have, public addresses that are not known."""
    known = estate.subnets.get(subnet)
    if _is_left_open(block, "public_ip"):
        asked = block.node.flag("associate_public_ip_address")
        asked = asked if asked is not None or known is None else known.publishes
        if asked is not False:
            yield 4, Answer.UNKNOWN if asked is None else Answer.YES
    if _is_left_open(block, "ipv6_addresses"):
        if block.is_open("ipv6_addresses") or block.node.number("ipv6_address_count"):
            yield 6, Answer.YES
        elif known is None or 6 in known.vague or known.addresses.only(6):
            yield 6, Answer.UNKNOWN


def _card(block: Block, estate: Estate) -> None:
    """A network interface."""
    listed = block.node.texts("private_ips")
    first = block.node.text("private_ip")
    own, handed = ((first,), [each for each in listed if each != first]) if first else (listed, [])
    estate.cards[block.key] = _made(block, block.key, "security_groups", (own, handed), estate)
    for each in block.blocks("attachment"):
        _attach(block.key, each.one("instance", _INSTANCE), estate)


def _made(
    block: Block, identifier: str, groups: str, addresses: tuple[tuple[str, ...], list[str]], estate: Estate
) -> Card:
    """A card with its addresses of IPv4, its own ones and those that it hands on."""
    subnet, six = block.one("subnet_id", *SUBNETS), block.node.texts("ipv6_addresses")
    own, handed = (*addresses[0], *six[:1]), [*addresses[1], *six[1:]]
    for name in ("ipv4_prefixes", "ipv6_prefixes"):
        handed += block.node.texts(name)
    public = (block.node.text("public_ip"), *six)
    found = [union(texts, block.where, estate) for texts in (own, handed, public)]
    mine = _groups(block, groups, subnet, estate)
    return Card(
        identifier, subnet, "", found[0], found[1], found[2], mine, pending=dict(_pending(block, subnet, estate)),
        fresh=not block.node.text("id"), origin=block.node.origin,
    )  # fmt: skip


def _attach(identifier: str, instance: str, estate: Estate) -> None:
    if identifier in estate.cards and instance and not isinstance(instance, Unresolved):
        estate.cards[identifier] = replace(estate.cards[identifier], instance=instance)


def _instance(block: Block, estate: Estate) -> None:
    """An instance, with the interfaces that it is given or the one of its own."""
    estate.zones[block.key] = block.node.text("availability_zone") or estate.zones.get(block.key, "")
    given = [each for name in ("network_interface", "primary_network_interface") for each in block.blocks(name)]
    cards = [each.one("network_interface_id", _CARD) for each in given]
    for each in cards:
        _attach(each, block.key, estate)
    identifier = block.node.text("primary_network_interface_id") or block.key
    if identifier in estate.cards:
        _attach(identifier, block.key, estate)
    elif not any(each in estate.cards for each in cards):
        first, names = block.node.text("private_ip"), "vpc_security_group_ids"
        addresses = ((first,) if first else (), list(block.node.texts("secondary_private_ips")))
        made = _made(block, identifier, names, addresses, estate)
        estate.cards[identifier] = replace(made, instance=block.key, groups=None if given else made.groups)


def _attachment(block: Block, estate: Estate) -> None:
    card, instance = block.one("network_interface_id", _CARD), block.one("instance_id", _INSTANCE)
    if card not in estate.cards or isinstance(instance, Unresolved):
        not_applied(block, "network interface or instance", estate)
    else:
        _attach(card, instance, estate)


def _group_of_card(block: Block, estate: Estate) -> None:
    card, group = block.one("network_interface_id", _CARD, _INSTANCE), block.one("security_group_id", *GROUPS)
    if card not in estate.cards:
        not_applied(block, "network interface", estate)
        return
    known = estate.cards[card]
    if known.groups is not None:
        estate.cards[card] = replace(known, groups=tuple(dict.fromkeys((*known.groups, group))))


def _public(block: Block, estate: Estate) -> None:
    """A public address that is given to an instance or to an interface."""
    address = block.node.text("public_ip")
    card = next((key for name in ("network_interface", "network_interface_id") if (key := block.one(name, _CARD))), "")
    instance = next((key for name in ("instance", "instance_id") if (key := block.one(name, _INSTANCE))), "")
    for each in list(estate.cards.values()):
        if each.id == card or (instance and not card and each.instance == instance):
            public = each.public | union((address,), block.where, estate)
            pending = {**each.pending, 4: Answer.YES} if not address else each.pending
            estate.cards[each.id] = replace(each, public=public, pending=pending)
            return
    if isinstance(card, Unresolved) or isinstance(instance, Unresolved):
        not_applied(block, "network interface or instance", estate)


MACHINES: dict[str, Callable[[Block, Estate], None]] = {
    "network_interface": _card,
    "instance": _instance,
    "network_interface_attachment": _attachment,
    "network_interface_sg_attachment": _group_of_card,
    "eip": _public,
    "eip_association": _public,
}
"""By type, in the order in which they have to be read."""
