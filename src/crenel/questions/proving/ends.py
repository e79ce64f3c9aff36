"""Whom the ends of statements mean: sets of endpoints, and the traffic that is asked about at them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from crenel.bits import members, union
from crenel.dialects.scope import NO_KEYS
from crenel.dialects.service import Backend, resolve
from crenel.intents import End, Selection
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.selectors import LabelIndex
from crenel.network.addresses import AddressSet, Family
from crenel.network.endpoints import Kind
from crenel.network.lowering import View
from crenel.network.traffic import ALL, Match
from crenel.provenance import FieldPath
from crenel.questions import places
from crenel.questions.directory import Directory
from crenel.questions.exposure.targets import INTERNET, is_url
from crenel.questions.parties import EVERY
from crenel.questions.places import NowhereError, Place, PlaceError

NODES = "node/*"
_ALL_OF = "/*"


class EndError(ValueError):
    """An end that cannot be read. `field` leads to it in the statement's document."""

    def __init__(self, message: str, field_path: FieldPath) -> None:
        super().__init__(message)
        self.field = field_path


@dataclass(frozen=True, slots=True)
class Chosen:
    """A set of endpoints: `possible` ones have labels that only a running cluster knows, and `sure` is within it.

    `spoken` are the parts of it that were chosen by an address, and so are meant in its family alone.
    """

    sure: int = 0
    possible: int = 0
    spoken: tuple[tuple[Family, int], ...] = ()

    def __or__(self, other: Chosen) -> Chosen:
        return Chosen(self.sure | other.sure, self.possible | other.possible, (*self.spoken, *other.spoken))

    def without(self, other: Chosen) -> Chosen:
        """What is left when those go that another set surely has."""
        spoken = tuple((family, mask & ~other.sure) for family, mask in self.spoken)
        return Chosen(self.sure & ~other.sure, self.possible & ~other.sure, spoken)

    def seen(self, view: View) -> Chosen:
        """Who of it is meant in one view."""
        more = 0
        for family, mask in self.spoken:
            more |= mask if view.family in (None, family) else 0
        return Chosen(self.sure | more, self.possible | more)

    @property
    def everyone(self) -> int:
        """All of it, in whatever family."""
        return union(index for _, mask in self.spoken for index in members(mask)) | self.possible

    def __bool__(self) -> bool:
        return bool(self.everyone)


@dataclass(frozen=True, slots=True)
class Aim:
    """Targets that are asked about with one set of traffic; `matches` is what was written, None for all traffic."""

    chosen: Chosen
    traffic: int = ALL
    matches: tuple[Match, ...] | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets of an end. `lost` are those that have no such port, in words."""

    aims: tuple[Aim, ...]
    lost: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """What was named and is not there."""

    @property
    def everyone(self) -> int:
        """All endpoints."""
        mask = 0
        for aim in self.aims:
            mask |= aim.chosen.everyone
        return mask


@dataclass(slots=True)
class Sources:
    """All sources of an end; `internet` where the word was among them."""

    chosen: Chosen = field(default_factory=Chosen)
    internet: bool = False
    missing: list[str] = field(default_factory=list)


class Ends:
    """Resolves ends against one model."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.model = directory.model
        self.network = directory.model.network

    def sources(self, end: End, *, internet: bool = False) -> Sources:
        """The sources of an end. With `internet` that word is kept apart, as it means the ways in from outside.

        Raises:
            EndError: a part of it cannot be read, or is none to come from.
        """
        found = Sources()
        for part in end:
            if internet and part.text == INTERNET:
                found.internet = True
                continue
            try:
                found.chosen |= self._sources(part)
            except NowhereError as error:
                found.missing.append(str(error))
            except PlaceError as error:
                raise EndError(str(error), part.field) from None
        return found

    def targets(self, end: End) -> Targets:
        """The targets of an end, by the traffic that is asked about.

        Raises:
            EndError: a part of it cannot be read.
        """
        aims: list[Aim] = []
        lost: list[str] = []
        missing: list[str] = []
        for part in end:
            try:
                for aim in self._targets(part):
                    aims += self._numbered(aim, lost)
            except NowhereError as error:
                missing.append(str(error))
            except PlaceError as error:
                raise EndError(str(error), part.field) from None
        return Targets(tuple(aims), tuple(dict.fromkeys(lost)), tuple(missing))

    def place(self, part: Selection) -> tuple[frozenset[str], Service | None, tuple[Match, ...] | None]:
        """A target of ways in from outside: the names of its endpoints, or the Service, and its ports.

        Raises:
            EndError: it cannot be read.
        """
        try:
            text, traffic = places.split(part.text) if part.text else ("", None)
            found = self._text(text) if text else None
        except NowhereError:
            return frozenset(), None, None
        except PlaceError as error:
            raise EndError(str(error), part.field) from None
        asked = self._asked(part, traffic)
        if isinstance(found, Place) and found.service is not None:
            return frozenset(), found.service, asked
        chosen = self._chosen(part) if found is None else found if isinstance(found, Chosen) else _members(found)
        chosen = chosen.without(self._exceptions(part))
        return frozenset(self.network.endpoints[index].name for index in members(chosen.everyone)), None, asked

    def _sources(self, part: Selection) -> Chosen:
        found = self._text(part.text) if part.text else self._chosen(part)
        if isinstance(found, Place):
            if found.service is not None:
                raise PlaceError(
                    f"{part.text!r} is a Service: only a workload, a pod, a node or an address can be a source"
                )
            first = found.members[:1] if part.text.startswith("node/") else found.members
            found = _members(replace(found, members=first))
        return found.without(self._exceptions(part))

    def _targets(self, part: Selection) -> Iterator[Aim]:
        text, traffic = places.split(part.text) if part.text else ("", None)
        asked = self._asked(part, traffic)
        found = self._text(text) if text else self._chosen(part)
        if isinstance(found, Place) and found.service is not None:
            yield from self._behind(found.service, asked, part.text)
            return
        chosen = found if isinstance(found, Chosen) else _members(found)
        yield Aim(chosen.without(self._exceptions(part)), matches=asked)

    def _asked(self, part: Selection, traffic: tuple[Match, ...] | None) -> tuple[Match, ...] | None:
        more = [match for port in part.ports for match in places.port_matches(port, port)]
        return (*(traffic or ()), *more) if traffic or more else None

    def _exceptions(self, part: Selection) -> Chosen:
        return self.sources(part.exceptions).chosen if part.exceptions else Chosen()

    def _text(self, text: str) -> Place | Chosen:
        """What a place is: groups of workloads, or what the other commands make of it.

        Raises:
            PlaceError: it cannot be read, or is not there.
        """
        if is_url(text):
            raise PlaceError(f"{text!r}: a URL is a target of what comes from internet")
        if text == EVERY:
            return self._set(self.network.of_kind(Kind.WORKLOAD), "there is no workload in the input")
        if text == NODES:
            return self._set(self.network.of_kind(Kind.NODE), "there is no node in the input")
        if text.endswith(_ALL_OF):
            name = text.removesuffix(_ALL_OF)
            return self._set(self._by_namespace.get(name, 0), f"no workload in namespace {name!r}")
        return places.target(f"[{text}]" if ":" in text and not text.startswith("dns:") else text, self.directory)

    def _set(self, mask: int, otherwise: str) -> Chosen:
        if not mask:
            raise NowhereError(otherwise)
        return Chosen(mask, mask)

    @cached_property
    def _by_namespace(self) -> Mapping[str, int]:
        found: dict[str, list[int]] = defaultdict(list)
        for index, group in self.model.scope.groups.items():
            found[group.namespace].append(index)
        return {name: union(indices) for name, indices in found.items()}

    @cached_property
    def _pods(self) -> LabelIndex:
        """All workloads by their labels, those in the host network too, which policies do not see."""
        groups = self.model.scope.groups
        return LabelIndex((index, group.labels, group.unsettled) for index, group in groups.items())

    @cached_property
    def _namespaces(self) -> LabelIndex:
        """The namespaces by their labels, at the place of each in `_names`."""
        listed = self.model.scope.population.namespaces
        known = ((place, listed[name], NO_KEYS) for place, name in self._names)
        return LabelIndex(known, complete=self.model.scope.namespaces_complete)

    @cached_property
    def _names(self) -> list[tuple[int, str]]:
        return list(enumerate(self.model.scope.population.namespaces))

    def _chosen(self, part: Selection) -> Chosen:
        """The workloads that names and labels choose.

        Raises:
            NowhereError: there are none.
        """
        unknown = [name for name in part.namespaces if name not in self.model.scope.population.namespaces]
        if unknown and len(unknown) == len(part.namespaces):
            raise NowhereError(f"there is no namespace {unknown[0]!r}")
        sure, possible = self._pods.match(part.labels)
        here, perhaps = self._inside(part)
        found = Chosen(sure & here, possible & perhaps)
        if not found.possible:
            raise NowhereError(f"no workload {_written(part)}")
        return found

    def _inside(self, part: Selection) -> tuple[int, int]:
        """The workloads of the namespaces that are meant."""
        named = union(place for place, name in self._names if not part.namespaces or name in part.namespaces)
        sure, possible = self._namespaces.match(part.namespace_labels)
        return self._workloads(sure & named), self._workloads(possible & named)

    def _workloads(self, namespaces: int) -> int:
        mask = 0
        for place in members(namespaces):
            mask |= self._by_namespace.get(self._names[place][1], 0)
        return mask

    def _behind(self, service: Service, asked: tuple[Match, ...] | None, text: str) -> Iterator[Aim]:
        found = resolve(service, asked, self.model.scope, self.model.given.decoded, self.network)
        if found.name:
            index = 1 << self.network.admit_name(found.name)
            yield Aim(Chosen(index, index), matches=asked)
        elif found.missing:
            raise NowhereError(f"{text} leads nowhere: {found.missing}")
        for backend in found.backends:
            yield Aim(self._backend(backend), matches=backend.traffic)

    def _backend(self, backend: Backend) -> Chosen:
        if backend.endpoint is not None:
            return Chosen(1 << backend.endpoint, 1 << backend.endpoint)
        text = f"[{backend.address}]" if ":" in backend.address else backend.address
        return _members(places.target(text, self.directory))

    def _numbered(self, aim: Aim, lost: list[str]) -> Iterator[Aim]:
        """The same with traffic as a set: a port by name means what it means at each target."""
        if aim.matches is None:
            yield aim
            return
        if all(match.name is None for match in aim.matches):
            yield replace(aim, traffic=self.network.table.sum(aim.matches))
            return
        meant: dict[tuple[Match, ...], int] = defaultdict(int)
        for index in members(aim.chosen.everyone):
            endpoint = self.network.endpoints[index]
            numbers = tuple(
                found for match in aim.matches for found in (endpoint.named(match) if match.name else (match,))
            )
            if numbers:
                meant[numbers] |= 1 << index
            else:
                names = " and no ".join(repr(match.name) for match in aim.matches if match.name)
                lost.append(f"{endpoint.title} declares no port named {names}")
        for numbers, mask in meant.items():
            yield Aim(_only(aim.chosen, mask), self.network.table.sum(numbers), numbers)


def cuts(ends: Iterable[End], inside: AddressSet) -> tuple[set[AddressSet], set[Match]]:
    """Where statements cut the address space and traffic; `inside` are the cluster's own ranges.

    What cannot be read cuts nothing: it is found when it is asked about.
    """
    addresses: set[AddressSet] = set()
    traffic: set[Match] = set()
    for part in _parts(ends):
        try:
            text, matches = places.split(part.text)
            more = [match for port in part.ports for match in places.port_matches(port, port)]
        except PlaceError:
            continue
        traffic |= {match for match in (*(matches or ()), *more) if match.name is None}
        if (meant := places.addresses_of(text, inside)) is not None:
            addresses.add(meant)
    return addresses, traffic


def _parts(ends: Iterable[End]) -> Iterator[Selection]:
    for end in ends:
        for part in end:
            yield part
            yield from _parts([part.exceptions])


def _members(place: Place) -> Chosen:
    mask = union(place.members)
    if place.addresses is None or len(place.addresses.families()) != 1:
        return Chosen(mask, mask)
    return Chosen(spoken=((place.addresses.families()[0], mask),))


def _only(chosen: Chosen, mask: int) -> Chosen:
    spoken = tuple((family, part & mask) for family, part in chosen.spoken)
    return Chosen(chosen.sure & mask, chosen.possible & mask, spoken)


def _written(part: Selection) -> str:
    """What a selection asks for, in words."""
    words = []
    if part.labels is not None:
        words.append("has the labels")
    if part.namespaces:
        words.append(f"is in namespace {' or '.join(map(repr, part.namespaces))}")
    if part.namespace_labels is not None:
        words.append("is in a namespace with the labels")
    return " and ".join(words) or "is there"
