"""What changes are looked for in: one network with what checks know of it, and what the user wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from crenel.audit.finding import Finding
from crenel.audit.subject import Subject
from crenel.harden.needs.gather import Gathered, Sources, gather
from crenel.harden.services.model import Change, Stays, Thing, Wishes, Withheld
from crenel.library import Network
from crenel.network.addresses import AddressSet
from crenel.provenance import FieldPath, Origin


class Context:
    """One network. What is learnt on the way is collected in `stays` and `withheld`."""

    def __init__(self, network: Network, wishes: Wishes) -> None:
        self.network = network
        self.wishes = wishes
        self.stays: list[Stays] = []
        self.withheld: list[Withheld] = []

    @cached_property
    def subject(self) -> Subject:
        """What checks look at."""
        return self.network.subject(self.wishes.settings)

    @cached_property
    def gathered(self) -> Gathered:
        """The needs of the application that are more than guessed."""
        return self.wishes.gathered or self._gathered(guess=False)

    @cached_property
    def reached(self) -> Gathered:
        """The needs that policies are written for."""
        wishes = self.wishes
        if wishes.gathered is None and (wishes.guess or wishes.api_server):
            return self._gathered(guess=wishes.guess)
        return self.gathered

    def _gathered(self, *, guess: bool) -> Gathered:
        return gather(
            self.network.given,
            Sources(
                documents=self.network.documents,
                intents=self.wishes.intents,
                observed=self.wishes.observed,
                proxies=self.network.proxies,
                api_server=self.wishes.api_server,
                guess=guess,
            ),
        )

    @cached_property
    def _things(self) -> dict[tuple[str, int, FieldPath], Thing]:
        found = {}
        for each in self.network.documents:
            metadata = each.data.get("metadata")
            named = metadata if isinstance(metadata, dict) else {}
            thing = Thing(
                str(each.data.get("apiVersion", "")),
                str(each.data.get("kind", "")),
                str(named.get("namespace") or ""),
                str(named.get("name") or ""),
                each.origin,
            )
            found[thing.place] = thing
        return found

    def thing(self, origin: Origin, namespace: str = "") -> Thing | None:
        """The object that was read from a place; None for one that no text of the input has.

        Its namespace is `namespace` where the text says none.
        """
        found = self._things.get((origin.source, origin.document, origin.item))
        if found is None or found.namespace or not namespace:
            return found
        return Thing(found.api_version, found.kind, namespace, found.name, found.origin)

    def titled(self, title: str) -> Thing | None:
        """The object of a title, such as ``service shop/web``; None for one that no text of the input has."""
        return self._by_title.get(title)

    @cached_property
    def _by_title(self) -> dict[str, Thing]:
        spaces = ("", self.network.default_namespace)
        things = self._things.values()
        return {
            each.title: each
            for thing in things
            for each in ([thing] if thing.namespace else [replace(thing, namespace=space) for space in spaces])
        }

    def of(self, finding: Finding) -> Thing | None:
        """The object that a finding is about."""
        return self.thing(finding.origin, finding.namespace)

    def keep(self, subject: str, why: str, origin: Origin, field: FieldPath = ()) -> None:
        """Note what stays as it is."""
        self.stays.append(Stays(subject, why, origin, field))

    def withhold(self, change: Change, why: str) -> None:
        """Note a change that is not to be made."""
        self.withheld.append(Withheld(change, why))

    @property
    def pod_ranges(self) -> AddressSet:
        """Where pods get their addresses from; empty where that is not known."""
        return self.subject.scope.surroundings.pod_ranges


def mended(findings: Sequence[Finding]) -> tuple[tuple[str, str], ...]:
    """Findings by what stays the same when they are looked for again."""
    return tuple(dict.fromkeys((each.check.id, each.object) for each in findings))
