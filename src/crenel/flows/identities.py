"""Who had which address, and when; who is called what; and who serves which port.

A pod has its address from its creation until it is gone. When that was is known from a deletion time, from the next
state of the cluster that no longer has the pod, or from the next pod that has its address.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from crenel.network.addresses import AddressSet

BEGINNING, END = 0, 2**62
"""The times before and after all others, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """An end had an address from `since` up to, not including, `until`: milliseconds since 1970.

    `certain` is the time up to which it was seen there; from then on it is only assumed that it still was.
    """

    address: str
    place: str
    since: int = BEGINNING
    until: int = END
    certain: int = END


@dataclass(frozen=True, slots=True)
class Identities:
    """All that maps records to places. Without any, every address stands for itself."""

    tenures: tuple[Tenure, ...] = ()
    pods: dict[tuple[str, str], str] = field(default_factory=dict)
    """Places by (namespace, pod)."""
    workloads: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Places by (namespace, workload) and lower-case kind."""
    prefixes: dict[tuple[str, str], str] = field(default_factory=dict)
    """Places by (namespace, what the names of their pods begin with); empty where several begin so."""
    serving: frozenset[tuple[str, int, int]] = frozenset()
    """(place, protocol, port): what is declared to be served."""
    inside: AddressSet = field(default_factory=AddressSet)
    """The cluster's own ranges: an address in there that nobody had is not outside."""


def settled(tenures: Iterable[Tenure]) -> list[Tenure]:
    """Tenures of which no two overlap: the next one ends the one before. What two had from the same time, nobody has.

    The same tenure seen twice is one.
    """
    by_address: dict[str, list[Tenure]] = defaultdict(list)
    for each in tenures:
        by_address[each.address].append(each)
    return [each for group in by_address.values() for each in _in_turn(group)]


def _in_turn(group: list[Tenure]) -> list[Tenure]:
    found: list[Tenure] = []
    contested: set[int] = set()
    for each in sorted(group, key=lambda tenure: (tenure.since, tenure.until)):
        before = found[-1] if found else None
        if before is not None and before.place == each.place and each.since < before.until:
            found[-1] = replace(before, until=max(before.until, each.until), certain=max(before.certain, each.certain))
        elif before is not None and before.since == each.since:
            contested.add(len(found) - 1)
            found[-1] = replace(before, until=max(before.until, each.until))
        else:
            if before is not None and before.until > each.since:
                found[-1] = replace(before, until=each.since)
            found.append(each)
    return [each for number, each in enumerate(found) if number not in contested and each.since < each.until]
