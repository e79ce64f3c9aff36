"""Machines of which only the group that they are in is told: one interface stands for those in each subnet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crenel.dialects.aws.records import Card, Estate, Launch, Unresolved
from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import Answer
from crenel.provenance import Origin


def stand_for(name: str, launch: Launch, subnets: Iterable[str], origin: Origin, estate: Estate) -> None:
    """Add the interfaces of a group of instances."""
    for subnet in tuple(subnets) or ("",):
        where = "" if isinstance(subnet, Unresolved) else subnet
        identifier = f"machines of {name}{f' in {where}' if where else ''}"
        estate.cards[identifier] = Card(
            identifier, where, "", AddressSet(), AddressSet(), AddressSet(), launch.groups, fleet=True,
            pending=pending(launch.public, where, estate), fresh=True, origin=origin,
        )  # fmt: skip


def pending(asked: bool | None, subnet: str, estate: Estate, *, six: bool = False) -> Mapping[Family, Answer]:
    """In which families an interface will have public addresses that the input does not tell.

    `asked` is whether one of IPv4 is asked for; without that the subnet decides. `six` is whether IPv6 is.
    """
    known = estate.subnets.get(subnet)
    if asked is None and known is not None:
        asked = known.publishes
    given = six or (known is not None and known.gives_six)
    return {4: _answer(asked), 6: _answer(None if known is None and not given else given)}


def _answer(holds: bool | None) -> Answer:
    return Answer.UNKNOWN if holds is None else Answer.YES if holds else Answer.NO
