"""Narrows a difference to namespaces."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from crenel.questions.diff import Change, Difference
from crenel.questions.parties import EVERY, Party


def touching(difference: Difference, namespaces: Collection[str], homes: Mapping[str, str]) -> Difference:
    """Keep the changes with an end in one of some namespaces; `homes` has the namespace of each workload by name."""
    members = {space: [name for name, home in homes.items() if home == space] for space in namespaces}

    def wanted(change: Change) -> bool:
        ends = change.connection.sources, change.connection.destinations
        return any(_meets(end, space, members[space]) for end in ends for space in namespaces)

    added = tuple(filter(wanted, difference.added))
    removed = tuple(filter(wanted, difference.removed))
    used = {title for change in (*added, *removed) for title in change.causes}
    causes = tuple(cause for cause in difference.causes if cause.title in used)
    return replace(difference, added=added, removed=removed, causes=causes)


def _meets(party: Party, namespace: str, members: Collection[str]) -> bool:
    """Whether a party holds something of a namespace."""
    whole = f"{namespace}/*"
    if EVERY in party.names or whole in party.names:
        return whole not in party.exceptions and not set(members) <= set(party.exceptions)
    return any(name.startswith(f"{namespace}/") for name in party.names)
