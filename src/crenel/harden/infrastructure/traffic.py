"""Traffic of openings as sets, and as what rules say of it."""

from __future__ import annotations

from collections.abc import Iterable

from crenel.dialects.hosts.kinds import ALL, Kinds
from crenel.network.traffic import PORTED, Match, protocol_name


def kinds_of(traffic: Iterable[Match] | None) -> Kinds:
    """Some traffic as a set; None is everything.

    Raises:
        ValueError: a port is named and not numbered.
    """
    if traffic is None:
        return ALL
    found = Kinds.of(())
    for each in traffic:
        if each.name is not None:
            raise ValueError(f"the port {each.name!r} has no number")
        if each.protocol is None:
            return ALL
        own = [(each.protocol, each.protocol)]
        found |= Kinds.of(own, [each.ports]) if each.ports and each.protocol in PORTED else Kinds.of(own)
    return found


def rows(kinds: Kinds) -> tuple[Match | None, ...]:
    """What single rules say of a set: one protocol with one range of ports each, or None for everything."""
    matches = kinds.matches()
    return (None,) if matches is None else matches


def written(kinds: Kinds) -> str:
    """A set in words: ``TCP/443, UDP/53``."""
    return ", ".join(text_of(each) for each in rows(kinds)) or "nothing"


def text_of(match: Match | None) -> str:
    """One row in words."""
    if match is None or match.protocol is None:
        return "all traffic"
    name = protocol_name(match.protocol)
    if match.ports is None:
        return name
    first, last = match.ports
    return f"{name}/{first}" if first == last else f"{name}/{first}-{last}"
