"""One connection out of a rectangle, followed with every step on its way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crenel.bits import members
from crenel.network.addresses import FAMILIES, INTERNET, address_text
from crenel.network.conditions import words
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.locality import LOCAL
from crenel.network.network import Network
from crenel.network.traffic import PORTED, TCP, Match, protocol_name
from crenel.questions.explain import Passage, condition, passage
from crenel.questions.proving.result import Counterexample
from crenel.questions.proving.solving import Certainty, Part, Solving
from crenel.questions.verdict import Decision, Outcome, Step

_OUTCOMES = {
    Certainty.SURE: Outcome.ALLOWED,
    Certainty.POSSIBLE: Outcome.UNKNOWN,
    Certainty.NONE: Outcome.DENIED,
}
_KINDS = (Kind.WORKLOAD, Kind.NODE, Kind.NAME, Kind.BLOCK)
"""Whom people like best as an example."""


_KNOWN = ((TCP, 443), (TCP, 80))


def chosen(network: Network, parts: Sequence[Part]) -> tuple[Part, int, int]:
    """The rectangle, the source and the target of an example: two workloads where there are any."""

    def rank(part: Part) -> tuple[int, int]:
        return _best(network, part.sources)[0], _best(network, part.targets)[0]

    part = min(parts, key=lambda each: sum(rank(each)))
    source, target = _best(network, part.sources)[1], _best(network, part.targets)[1]
    if source == target and (others := part.sources & ~(1 << target) or part.targets & ~(1 << source)):
        another = members(others)[0]
        source, target = (another, target) if part.sources >> another & 1 else (source, another)
    return part, source, target


def _best(network: Network, mask: int) -> tuple[int, int]:
    """The rank of the best kind in a set, and the first endpoint of it."""
    for rank, kind in enumerate(_KINDS):
        if found := mask & network.of_kind(kind):
            return rank, members(found)[0]
    return len(_KINDS), members(mask)[0]


def example(solving: Solving, parts: Sequence[Part]) -> Counterexample:
    """Follow one connection of some rectangles."""
    network = solving.network
    part, source, target = chosen(network, parts)
    start, end = network.endpoints[source], network.endpoints[target]
    atom, port = _port(network, part.traffic, end)
    found, note = _followed(network, part, source, target, atom)
    conditions = tuple(words(condition(network, found))) if part.certainty is Certainty.POSSIBLE else ()
    return Counterexample(
        _title(start),
        _title(end),
        port,
        _OUTCOMES[part.certainty],
        part.view.family,
        tuple(_telling(found.steps, part.certainty)),
        conditions,
        note,
    )


def _followed(network: Network, part: Part, source: int, target: int, atom: int) -> tuple[Passage, str]:
    """The passage of one connection: as the node that both run on where that is how it gets through."""
    found = passage(network, part.view, source, target, atom)
    near = network.locality.near(target)
    if not (near.sure | near.perhaps) >> source & 1 or found.outcome is _OUTCOMES[part.certainty]:
        return found, ""
    name = network.endpoints[target].title
    surely = "runs" if near.sure >> source & 1 else "may run"
    note = f"{network.endpoints[source].title} {surely} on the node of {name}, from where no NetworkPolicy stops it"
    return passage(network, part.view, LOCAL, target, atom), note


def _port(network: Network, traffic: int, target: Endpoint) -> tuple[int, str]:
    """One atom of some traffic, and how it is written: by a port that the target declares, or that everybody knows."""
    for protocol, port in (*target.listens, *_KNOWN):
        mask = network.table.mask(Match(protocol, (port, port)))
        if mask & traffic == mask:
            return mask, f"{protocol_name(protocol)}/{port}"
    sample = network.table.sample(traffic)
    assert sample is not None
    protocol, number = sample
    name = "other" if protocol < 0 else protocol_name(protocol)
    return traffic & -traffic, f"{name}/{number}" if protocol in PORTED else name


def _title(endpoint: Endpoint) -> str:
    """Its name, or one of its addresses, one that is routed if there is any."""
    if endpoint.kind is not Kind.BLOCK or endpoint.addresses is None:
        return endpoint.title
    for addresses in (endpoint.addresses & INTERNET, endpoint.addresses):
        for family in FAMILIES:
            if (value := addresses.first(family)) is not None:
                return address_text(family, value)
    return endpoint.title


def _telling(steps: Iterable[Step], certainty: Certainty) -> list[Step]:
    """The steps that say why: what blocks a connection, or else what lets it through at each end."""
    if certainty is Certainty.NONE:
        return [step for step in steps if step.decision is Decision.DENY]
    return [step for step in steps if step.decision is not Decision.DENY and step.decisive]
