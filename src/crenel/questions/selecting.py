"""Narrows the map to what somebody wants to see of it."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.bits import union
from crenel.dialects.service import resolve
from crenel.network.traffic import ALL, Match, parse_traffic
from crenel.questions import places
from crenel.questions.connections import Selection
from crenel.questions.directory import Directory
from crenel.questions.parties import Parties
from crenel.questions.places import Place, PlaceError


def narrowed(
    directory: Directory,
    parties: Parties,
    whole: Selection,
    namespaces: Sequence[str],
    sources: Sequence[str],
    targets: Sequence[str],
    traffic: Sequence[str],
) -> Selection:
    """Narrow a selection to namespaces (either end), sources, targets and traffic; each empty for all.

    Raises:
        PlaceError: one of them cannot be found or read.
    """
    starts, ends = whole.sources, whole.destinations
    wanted: list[Match] = []
    if sources:
        starts = union(index for text in sources for index in places.source(text, directory).members)
    if targets:
        found = [places.target(text, directory) for text in targets]
        ends = union(index for place in found for index in _ends(place, directory))
        wanted += [match for place in found for match in place.traffic or ()]
    for text in traffic:
        wanted += _matches(text)
    return Selection(starts, ends, _mask(wanted, ends, directory) if wanted else ALL, _touching(namespaces, parties))


def _matches(text: str) -> tuple[Match, ...]:
    """Read ``5432``, ``53/UDP``, ``TCP/5432`` or a port's name."""
    number, _, protocol = text.partition("/")
    if number[:1].isdigit() and number.replace("-", "").isdigit():
        text = f"{protocol or 'TCP'}/{number}"
    elif number and not protocol and number.upper() not in {"TCP", "UDP", "SCTP", "ICMP", "ICMPV6"}:
        return (Match(None, name=number),)
    try:
        return parse_traffic(text)
    except ValueError as error:
        raise PlaceError(str(error)) from None


def _mask(wanted: list[Match], destinations: int, directory: Directory) -> int:
    """The atoms of some traffic; a port by name means what it means at any of the destinations."""
    network = directory.model.network
    numbered = [match for match in wanted if match.name is None]
    for match in wanted:
        if match.name is None:
            continue
        meant = [
            found
            for index, each in network.endpoints.items()
            if destinations >> index & 1
            for found in each.named(match)
        ]
        if not meant:
            raise PlaceError(f"no workload declares a port named {match.name!r}")
        numbered += meant
    return network.table.sum(numbered)


def _ends(place: Place, directory: Directory) -> tuple[int, ...]:
    if place.service is None:
        return place.members
    model = directory.model
    found = resolve(place.service, None, model.scope, model.given.decoded, model.network)
    return tuple(backend.endpoint for backend in found.backends if backend.endpoint is not None)


def _touching(namespaces: Sequence[str], parties: Parties) -> int | None:
    if not namespaces:
        return None
    mask = 0
    for name in namespaces:
        if name not in parties.groups:
            raise PlaceError(f"no workload in namespace {name!r}")
        mask |= parties.groups[name]
    return mask
