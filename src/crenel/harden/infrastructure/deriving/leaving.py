"""What machines ask others for: names, time, images, the cloud's API, and what their pods may say to the world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crenel.dialects.destinations import METADATA, NOWHERE, PRIVATE, internet
from crenel.harden.infrastructure.deriving.draft import Draft
from crenel.harden.infrastructure.model import End
from crenel.harden.infrastructure.texts import shown
from crenel.network.addresses import AddressSet
from crenel.network.endpoints import Kind
from crenel.network.rules import Direction
from crenel.network.traffic import LAST_PORT, PORTED, Match, parse_traffic, protocol_number
from crenel.questions.exposure.outbound import Outlet, Where

_GIVES = ("aws", "azure", "gcp")
"""Clouds whose resolver, clock and metadata no firewall of theirs filters."""
_NETWORKS = PRIVATE - NOWHERE - AddressSet.of("169.254.0.0/16")
"""Private networks; other addresses that the internet does not route are nobody's."""
_CREDENTIALS = AddressSet.of("169.254.169.254")


def leaving(draft: Draft) -> None:
    """Open what every machine needs, and what policies let pods say."""
    for name in draft.machines:
        _machine(name, draft)
        _pods(name, draft)


def _machine(name: str, draft: Draft) -> None:
    registries = draft.given.registries or draft.everywhere
    draft.add(name, Direction.EGRESS, End(addresses=registries), parse_traffic("TCP/443"), "images and the cloud's API")
    if not draft.given.registries:
        draft.note("HTTPS is open from machines to everywhere: name the registries and the cloud's API to narrow it")
    if draft.cloud in _GIVES:
        return
    resolvers, clocks = (each or draft.everywhere for each in (draft.given.resolvers, draft.given.clocks))
    names = (*parse_traffic("UDP/53"), *parse_traffic("TCP/53"))
    draft.add(name, Direction.EGRESS, End(addresses=resolvers), names, "DNS of machines")
    draft.add(name, Direction.EGRESS, End(addresses=clocks), parse_traffic("UDP/123"), "time")
    if draft.cloud:
        draft.add(name, Direction.EGRESS, End(addresses=_CREDENTIALS), parse_traffic("TCP/80"), "metadata")


def _pods(name: str, draft: Draft) -> None:
    """Pods leave as their node does, or through its interface: what policies let them say their node has to be let."""
    free: dict[str, None] = {}
    reached: dict[tuple[Match | None, ...], AddressSet] = {}
    named: dict[tuple[Match | None, ...], dict[str, None]] = defaultdict(dict)
    for each in _guarded(draft):
        traffic = tuple(_traffic(each))
        traffic = (None,) if None in traffic else traffic
        addresses = _addresses(each, draft)
        if traffic and addresses:
            reached[traffic] = reached.get(traffic, AddressSet()) | addresses
            (free if traffic == (None,) else named[traffic])[each.workload] = None
    nobody = NOWHERE | METADATA | draft.joined.model.assembly.blueprint.inside
    for traffic, addresses in reached.items():
        matches = [match for match in traffic if match is not None]
        why = f"{shown(named[traffic])}, by policies" if named[traffic] else "pods, which no policy keeps from it"
        draft.add(name, Direction.EGRESS, End(addresses=rounded(addresses, nobody)), matches or None, why)
    if free:
        draft.note(
            f"machines may send anything to where {shown(free)} may: no policy narrows what they send; a policy"
            " for their egress closes this as well"
        )


def _guarded(draft: Draft) -> Iterator[Outlet]:
    """The outlets of pods that policies guard; those in the network of their nodes are as these."""
    endpoints = draft.joined.model.network.endpoints.values()
    hosted = {each.name: None for each in endpoints if each.kind is Kind.WORKLOAD and each.hosted}
    if hosted:
        draft.note(f"{shown(hosted)}: what pods in the network of their nodes send is what their nodes may send")
    return (each for each in draft.asked.outlets() if each.where is not Where.METADATA and each.workload not in hosted)


def _addresses(outlet: Outlet, draft: Draft) -> AddressSet:
    """Where an outlet leads. The internet as a whole is everywhere; a name may be anywhere."""
    if outlet.where is Where.NAME:
        return draft.everywhere
    if outlet.where is Where.OTHER:
        return outlet.addresses & _NETWORKS
    whole = internet(draft.joined.model.assembly.blueprint.inside).only(outlet.family)
    return AddressSet.everything(outlet.family) if whole <= outlet.addresses else outlet.addresses


def rounded(addresses: AddressSet, others: AddressSet) -> AddressSet:
    """Addresses in fewer ranges, with `others` that do not matter between them."""
    whole = (addresses | others).cidrs()
    return AddressSet.of(*(each for each in whole if AddressSet.of(each) & addresses))


def _traffic(outlet: Outlet) -> Iterator[Match | None]:
    """What gets out, surely or possibly; None for everything."""
    for protocol, ports in (*outlet.traffic, *outlet.possible):
        if protocol == "other":
            yield None
            continue
        number = protocol_number(protocol)
        if number not in PORTED or ports == f"1-{LAST_PORT}":
            yield Match(number)
        else:
            yield from parse_traffic(f"{protocol}/{ports}")
