"""What of an intent a platform can say: protocols and ports that it has words for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from crenel.harden.infrastructure.model import End, Opening, Sort, Wanted
from crenel.harden.infrastructure.traffic import text_of
from crenel.harden.infrastructure.written import Unfit
from crenel.network.rules import Direction
from crenel.network.traffic import Match


def fitted(wanted: Wanted, says: Callable[[Match], str]) -> tuple[Wanted, list[Unfit]]:
    """The intent without the traffic that `says` has a reason against, and what that is."""
    kept: list[Opening] = []
    unfit: list[Unfit] = []
    for each in wanted.openings:
        wrong = [(match, why) for match in each.traffic or () if (why := says(match))]
        for match, why in wrong:
            alone = replace(each, traffic=(match,))
            unfit.append(Unfit(where(each), f"{text_of(match)} is not opened: {why}", alone))
        left = each.traffic if not wrong else tuple(one for one in each.traffic or () if not says(one))
        if left is None or left:
            kept.append(replace(each, traffic=left))
    return replace(wanted, openings=kept), unfit


def where(opening: Opening) -> str:
    """What an opening is about, in words."""
    return f"{opening.group}, {opening.direction.value} ({opening.why})" if opening.why else opening.group


def without(wanted: Wanted, groups: Iterable[str]) -> Wanted:
    """The intent without what some groups get; openings to them stay."""
    gone = set(groups)
    left = [each for each in wanted.openings if each.group not in gone]
    kept = [each for each in wanted.groups if each.name not in gone]
    named = gone & {name for each in left for name in each.end.groups}
    return replace(wanted, groups=kept, openings=[_by_addresses(wanted, each, named) for each in left])


def _by_addresses(wanted: Wanted, opening: Opening, gone: set[str]) -> Opening:
    mine = opening.end.groups & gone
    if not mine:
        return opening
    end = replace(opening.end, groups=opening.end.groups - gone)
    spoken = wanted.addresses_of(replace(opening.end, groups=mine, addresses=end.addresses))
    return replace(opening, end=replace(end, addresses=spoken))


def nameless(wanted: Wanted, groups: Iterable[str], *directions: Direction) -> list[Unfit]:
    """The openings to some groups that have to be named by addresses, of which none is known."""
    lost = {name for name in groups if not wanted.addresses_of(End(frozenset({name})))}
    return [
        Unfit(where(each), f"nothing is opened to {name}, of which no address is known", each)
        for each in wanted.openings
        for name in sorted(each.end.groups & lost)
        if each.direction in directions and each.group not in lost
    ]


def by_addresses(wanted: Wanted, *directions: Direction) -> Wanted:
    """The intent with groups named by their addresses, where a platform knows no groups as other ends."""
    named = {each.name for each in wanted.groups}
    openings = [
        _by_addresses(wanted, each, named) if each.direction in directions else each for each in wanted.openings
    ]
    return replace(wanted, openings=openings)


def without_balancers(wanted: Wanted) -> tuple[Wanted, list[str], list[Unfit]]:
    """The intent without load balancers, for platforms where these have no firewall of their own.

    Returns it with notes of them, and what cannot be said of them.
    """
    names = [each.name for each in wanted.groups if each.sort is Sort.BALANCER]
    notes = [
        f"{name}: load balancers have no rules of their own here; its clients are let in at the nodes" for name in names
    ]
    return without(wanted, names), notes, nameless(wanted, names, *Direction)
