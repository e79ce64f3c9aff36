"""Name resolution: whoever connects to something by its name has to ask the DNS of the cluster first.

Which pods, caches on nodes or addresses of a cloud answer is found by `crenel.audit.clusterdns`, for this cluster or
else for the usual one.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

from crenel.audit import clusterdns
from crenel.bits import members
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, End, Evidence, EvidenceKind, Outside, Pods
from crenel.network.addresses import AddressSet
from crenel.network.traffic import TCP, UDP, Match


class Resolving(enum.Enum):
    """Who may ask the DNS."""

    NEEDED = "needed"
    """Whoever connects to anything."""
    ALL = "all"
    NONE = "none"


WORDS = "the cluster's DNS"


def resolved(ground: Ground, basket: Basket, wanted: Resolving) -> None:
    """Add the needs of those that ask for names."""
    if wanted is Resolving.NONE:
        return
    talking = {source for source, _, _ in basket.found if isinstance(source, Pods)}
    targets = list(servers(ground))
    for pods in ground.owners:
        if ground.hosted(pods) or (wanted is Resolving.NEEDED and pods not in talking):
            continue  # what is in the network of a node asks whom the node asks
        text = "it connects to others by their names" if pods in talking else "every pod may ask for names"
        for target, ports in targets:
            if target != pods:
                basket.add(pods, target, ports, Evidence(EvidenceKind.FACT, text))


def servers(ground: Ground) -> Iterator[tuple[End, list[Match]]]:
    """Where names are asked for, with the ports."""
    found = clusterdns.find(ground.model)
    if found.address:
        yield Outside(AddressSet.of(found.address), f"{WORDS} at {found.address}"), _ports(53)
    for pods in dict.fromkeys(map(ground.of, members(found.pods))):
        yield pods, list(_declared(ground, pods)) or _ports(53)


def _declared(ground: Ground, pods: Pods) -> Iterator[Match]:
    """The ports that a DNS server declares for it: 53 as a rule, another one behind some Services."""
    for name, protocol, number in ground.group(pods).ports:
        if number == 53 or name in ("dns", "dns-tcp", "dns-udp"):
            yield Match(UDP if protocol == "UDP" else TCP, (number, number))


def _ports(number: int) -> list[Match]:
    return [Match(UDP, (number, number)), Match(TCP, (number, number))]
