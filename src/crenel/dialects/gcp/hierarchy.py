"""Organisations, folders and projects: whom a hierarchical policy guards.

Source: "Hierarchical firewall policies": a policy guards all instances of all projects below what it is attached to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.dialects.gcp.members import Guarded
from crenel.dialects.gcp.naming import project_of
from crenel.dialects.gcp.records import Estate
from crenel.dialects.gcp.seats import Seat

_ORGANIZATION = "organizations/"
_DEEPEST = 20
"""More levels than there can be: folders nest ten deep ("Resource hierarchy")."""


class Hierarchy:
    """What is known of it in one estate."""

    def __init__(self, estate: Estate, attached: Sequence[str]) -> None:
        self._estate = estate
        named = {each for each in (*attached, *estate.parents.values()) if each.startswith(_ORGANIZATION)}
        self._single = named.pop() if len(named) == 1 else ""

    def depth(self, place: str) -> int:
        """How far below its organisation something is, as far as that is known."""
        return 0 if place.startswith(_ORGANIZATION) else max(1, sum(1 for _ in self._above(place)))

    def guarded(self, place: str, seats: Sequence[Seat]) -> Guarded:
        """The interfaces below an organisation or folder."""
        answers = {project: self._below(project, place) for project in {_project(seat) for seat in seats}}
        return Guarded(
            frozenset(seat.interface.name for seat in seats if answers[_project(seat)] is True),
            frozenset(seat.interface.name for seat in seats if answers[_project(seat)] is None),
        )

    def _below(self, project: str, place: str) -> bool | None:
        chain = list(self._above(f"projects/{project}"))
        if place in chain:
            return True
        if chain and chain[-1].startswith(_ORGANIZATION):
            return False
        if place == self._single:
            self._estate.assume(f"project {project} belongs to {place}, the only organization that the input names")
            return True
        return None

    def _above(self, place: str) -> Iterator[str]:
        for _ in range(_DEEPEST):
            if not (place := self._estate.parents.get(place, "")):
                return
            yield place


def _project(seat: Seat) -> str:
    """Policies guard by the project of the instance, not by that of a shared network that it is in.

    Source: "Hierarchical firewall policies", "Shared VPC".
    """
    return project_of(seat.instance.key) or project_of(seat.nic.network)
