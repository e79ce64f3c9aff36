"""The firewall of hosts for an intent: a table of nftables of its own, with one chain for each direction.

What comes in is judged before destinations are translated, so that node ports are judged by the port that they were
sent to, and only if it is for the host itself: what goes on to pods as it is, and what pods send, is left to the
network plugin. What the host sends is judged after that translation. No chain accepts anything for others: those of
kube-proxy, of the network plugin and of users still have their say (nft(8), "accept" ends a base chain alone).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from crenel.harden.infrastructure.fitting import by_addresses
from crenel.harden.infrastructure.lines import Line, lines
from crenel.harden.infrastructure.model import End, Opening, Wanted
from crenel.harden.infrastructure.traffic import rows
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.rules import Direction
from crenel.network.traffic import LAST_PORT, PORTED, Ports, parse_traffic

TABLE = "crenel-host"
CHAINS = {Direction.INGRESS: "arriving", Direction.EGRESS: "leaving"}
_LONGEST = 120
_EVERYONE = AddressSet.everything(*FAMILIES)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that accepts. `cidrs` are of the other end, none for all of a family; `family` None is both.

    `protocol` None is every protocol, and `ports` none are all of it.
    """

    direction: Direction
    family: Family | None
    cidrs: tuple[str, ...]
    protocol: int | None
    ports: tuple[Ports, ...] = ()
    why: str = ""


def kept(wanted: Wanted) -> Wanted:
    """The intent as hosts keep it: other ends by addresses, and what a host never shuts out.

    That is control messages and neighbour discovery, its pods and what it asks of those, and leases of its addresses.
    """
    spoken = by_addresses(wanted, *Direction)
    more = [each for group in wanted.groups for each in _always(group.name, wanted.pods)]
    return replace(spoken, openings=[*spoken.openings, *more])


def _always(group: str, pods: AddressSet) -> Iterator[Opening]:
    for direction in Direction:
        everyone = End(addresses=_EVERYONE)
        messages = (*parse_traffic("ICMP"), *parse_traffic("ICMPv6"))
        yield Opening(group, direction, everyone, messages, "control messages, neighbour discovery")
        if pods:
            yield Opening(group, direction, End(addresses=pods), None, "pods, which policies decide on")
    lease = "leases of addresses"
    servers = End(addresses=AddressSet.of("fe80::/10"))
    yield Opening(group, Direction.INGRESS, servers, parse_traffic("UDP/546"), lease)
    yield Opening(group, Direction.EGRESS, End(addresses=AddressSet.everything(4)), parse_traffic("UDP/67"), lease)
    yield Opening(group, Direction.EGRESS, End(addresses=AddressSet.of("ff02::/16")), parse_traffic("UDP/547"), lease)


def rules(wanted: Wanted, group: str) -> list[Rule]:
    """The rules of one group of an intent whose other ends are addresses."""
    return [rule for way in Direction for line in lines(wanted.of(group, way)) for rule in _of(line, way)]


def _of(line: Line, direction: Direction) -> Iterator[Rule]:
    why = "; ".join(line.why).replace('"', "'").replace("\\", "/")
    why = why if len(why) <= _LONGEST else f"{why[: _LONGEST - 3]}..."
    for protocol, ports in _services(line):
        for family, cidrs in _ends(line.addresses):
            yield Rule(direction, family, cidrs, protocol, ports, why)


def _ends(addresses: AddressSet) -> Iterator[tuple[Family | None, tuple[str, ...]]]:
    if addresses == _EVERYONE:
        yield None, ()
        return
    for family in addresses.families():
        yield family, () if addresses.covers(family) else tuple(map(_plain, addresses.only(family).cidrs()))


def _plain(cidr: str) -> str:
    """A CIDR, or the one address that it is, as nft lists it."""
    return cidr.removesuffix("/128" if ":" in cidr else "/32")


def _services(line: Line) -> Iterator[tuple[int | None, tuple[Ports, ...]]]:
    found: dict[int | None, list[Ports]] = defaultdict(list)
    for match in rows(line.kinds):
        if match is None or match.protocol is None:
            yield None, ()
            return
        whole = match.protocol not in PORTED or match.ports in (None, (1, LAST_PORT))
        found[match.protocol] += [] if whole or match.ports is None else [match.ports]
    yield from ((protocol, tuple(ports)) for protocol, ports in found.items())


def said(found: Sequence[Rule], direction: Direction) -> list[Rule]:
    """The rules of one direction."""
    return [each for each in found if each.direction is direction]
