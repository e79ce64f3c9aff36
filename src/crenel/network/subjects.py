"""Rules that speak of some of the interfaces that their filter guards, made into filters of their own for these.

What such a rule says is about the address that a packet bears at the guarded end, so it is decided for each interface,
and for each family of its addresses, before anything is solved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Infrastructure, Interface, Peer, Tier

_Meant: TypeAlias = tuple[tuple[Family, bool | None], ...]
"""For each family of an interface, whether a rule speaks of it there; None where that is not known."""


def apart(infrastructure: Infrastructure) -> list[Tier]:
    """The tiers of an infrastructure with rules for all whom their filter guards, and for nobody else."""
    known = {each.name: each for each in infrastructure.interfaces}
    return [
        replace(tier, ranks=tuple(tuple(part for each in rank for part in _parts(each, known)) for rank in tier.ranks))
        for tier in infrastructure.tiers
    ]


def _parts(filter_: Filter, known: Mapping[str, Interface]) -> Iterator[Filter]:
    subjects = list(dict.fromkeys(rule.subject for rule in filter_.rules if rule.subject != ANYONE))
    if not subjects:
        yield filter_
        return
    groups: dict[tuple[_Meant, ...], list[str]] = defaultdict(list)
    for name in sorted((filter_.guards | filter_.possible) & known.keys()):
        groups[tuple(_meant(subject, known[name]) for subject in subjects)].append(name)
    for answers, names in groups.items():
        by_subject = dict(zip(subjects, answers, strict=True))
        rules = tuple(part for rule in filter_.rules for part in _narrowed(rule, by_subject.get(rule.subject), known))
        some = frozenset(names)
        yield replace(filter_, guards=filter_.guards & some, possible=filter_.possible & some, rules=rules)


def _meant(subject: Peer, interface: Interface) -> _Meant:
    own = interface.addresses or interface.ranges
    return tuple((family, _is_subject(subject, interface, family)) for family in own.families() or FAMILIES)


def _is_subject(subject: Peer, interface: Interface, family: Family) -> bool | None:
    """Whether a subject covers what an interface has of a family; None: in part, or nobody knows."""
    if subject.everyone or interface.name in subject.interfaces:
        return True
    meant = (subject.addresses or AddressSet()).only(family)
    own = (interface.addresses or interface.ranges).only(family) or AddressSet.everything(family)
    if own <= meant:
        return True
    return None if own & meant or subject.unknown else False


def _narrowed(rule: FilterRule, answers: _Meant | None, known: Mapping[str, Interface]) -> Iterator[FilterRule]:
    """The parts of a rule that hold for interfaces with these answers."""
    if answers is None:
        yield rule
        return
    for answer in (True, None):
        families = [family for family, each in answers if each is answer]
        if not families:
            continue
        doubt = "" if answer else f"for {_words(rule.subject)}"
        only = " and ".join(text for text in (rule.only, doubt) if text)
        meant = replace(rule, only=only, subject=ANYONE)
        yield from (meant,) if len(families) == len(answers) else _of_families(meant, families, known)


def _of_families(rule: FilterRule, families: Iterable[Family], known: Mapping[str, Interface]) -> Iterator[FilterRule]:
    """The part of a rule that is about packets of some families."""
    peer, everything = rule.peer, AddressSet.everything(*families)
    total = everything if peer.everyone else (peer.addresses or AddressSet()) & everything
    for name in sorted(peer.interfaces & known.keys()):
        total |= (known[name].addresses or known[name].ranges) & everything
    yield replace(rule, peer=Peer(addresses=total))
    for text in peer.unknown:
        yield replace(rule, peer=Peer(addresses=everything), only=f"in {text}")


def _words(subject: Peer) -> str:
    parts = [str(subject.addresses)] if subject.addresses else []
    return ", ".join([*parts, *sorted(subject.interfaces), *subject.unknown]) or "nobody"
