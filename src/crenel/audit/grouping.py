"""Findings about workloads, put as briefly as they can be: one for a namespace where all of it is concerned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from crenel.audit.finding import Thing
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload


def by_namespace(things: Iterable[Workload]) -> dict[str, list[Workload]]:
    """The workloads of each namespace, in order."""
    found: dict[str, list[Workload]] = defaultdict(list)
    for each in things:
        found[each.namespace].append(each)
    return dict(found)


def concerned(subject: Subject, chosen: Sequence[Workload]) -> Iterator[tuple[Thing, list[Workload]]]:
    """What findings about some workloads are to be about: their namespace where it is all of several, else each."""
    everyone = by_namespace(subject.applications)
    for namespace, mine in by_namespace(chosen).items():
        titles = list(dict.fromkeys(each.title for each in mine))
        if len(titles) > 1 and len(mine) == len(everyone.get(namespace, ())):
            yield subject.namespace(namespace), mine
            continue
        for title in titles:
            yield mine[[each.title for each in mine].index(title)], [each for each in mine if each.title == title]


def counted(things: Sequence[Workload]) -> str:
    """How many workloads, and which: ``shop/web``, ``its 7 workloads``."""
    titles = list(dict.fromkeys(each.title for each in things))
    return titles[0] if len(titles) == 1 else f"its {len(titles)} workloads"
