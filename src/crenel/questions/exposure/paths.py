"""Paths from outside to a pod: the layers on the way, and who gets through them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from crenel.dialects.entries import Entry
from crenel.network.addresses import AddressSet, Family
from crenel.provenance import FieldPath, Origin
from crenel.questions.verdict import Step, Witness


class State(enum.Enum):
    """What holds for a layer, or for a path as a whole."""

    OPEN = "open"
    """Somebody outside surely gets through."""
    POSSIBLE = "possible"
    """Somebody may: it depends on something that the input does not say."""
    CLOSED = "closed"
    """Nobody gets through."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Who gets through: bitsets over the blocks of addresses outside, `sure` within `possible`."""

    sure: int
    possible: int

    @property
    def state(self) -> State:
        """What that means."""
        if self.sure:
            return State.OPEN
        return State.POSSIBLE if self.possible else State.CLOSED

    def __and__(self, other: Reach) -> Reach:
        return Reach(self.sure & other.sure, self.possible & other.possible)

    def __or__(self, other: Reach) -> Reach:
        return Reach(self.sure | other.sure, self.possible | other.possible)


NOBODY = Reach(0, 0)


def past_all(reaches: Iterable[Reach]) -> Reach:
    """Who gets through all of some layers, of which there is at least one."""
    first, *others = reaches
    sure, possible = first.sure, first.possible
    for each in others:
        sure &= each.sure
        possible &= each.possible
    return Reach(sure, possible)


def past_any(reaches: Iterable[Reach]) -> Reach:
    """Who gets through any of some ways."""
    sure = possible = 0
    for each in reaches:
        sure |= each.sure
        possible |= each.possible
    return Reach(sure, possible)


def everybody(universe: int) -> Reach:
    """All of some blocks, surely."""
    return Reach(universe, universe)


def perhaps(universe: int) -> Reach:
    """All of some blocks, if something holds that is not known."""
    return Reach(0, universe)


def unless_no(answer: bool | None, universe: int) -> Reach:
    """All of some blocks where the answer is yes, nobody where it is no; None is not known."""
    if answer is None:
        return perhaps(universe)
    return everybody(universe) if answer else NOBODY


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a path, judged on its own.

    `name` is what sort of layer (``load balancer``, ``network policy``), `where` the thing that it stands at. `says` is
    one line; `lacks` says what the input does not, where that leaves the layer open. `explain` yields the rules that
    decide for one sample packet.
    """

    name: str
    where: str
    reach: Reach
    says: str
    lacks: str = ""
    explain: Callable[[], Sequence[Step]] = field(default=tuple, compare=False)

    @property
    def state(self) -> State:
        """What the layer does on its own."""
        return self.reach.state


@dataclass(frozen=True, slots=True)
class Leg:
    """One connection of a path. `tls` is ``none``, ``terminate``, ``passthrough``, ``tls`` or ``unknown``."""

    source: str
    target: str
    tls: str


@dataclass(frozen=True)
class Path:
    """One way from outside to one destination, in one family.

    `through` are the stations between, as reports name them; `target` is a pod's endpoint, `port` the one that is
    addressed and `target_port` that of the pod. `joined` is who gets through all layers, as sets of addresses in
    `sources` (surely) and `possible`.
    """

    entry: Entry
    family: Family
    protocol: int
    port: int
    through: tuple[str, ...]
    target: str
    endpoint: int | None
    target_port: int
    layers: tuple[Layer, ...]
    joined: Reach
    sources: AddressSet
    possible: AddressSet
    seen_as: str
    """Whom the pod takes for its peer: the client, a node, a load balancer or a proxy."""
    witness: Witness | None = None
    request: str = ""
    """For a path through a proxy, the requests that take it: ``https://shop.example.com/cart*``."""
    tls: tuple[Leg, ...] = ()
    route: tuple[Origin, FieldPath] | None = None
    """Where the rule of the proxy is written."""
    behind: tuple[str, str, int] | None = None
    """The Service behind a proxy: its namespace, name and port."""

    @cached_property
    def state(self) -> State:
        """Whether anybody gets through."""
        return self.joined.state

    @property
    def blocking(self) -> tuple[Layer, ...]:
        """The layers that let nobody through; every one of them would have to change."""
        return tuple(layer for layer in self.layers if layer.state is State.CLOSED)

    @property
    def lacking(self) -> tuple[str, ...]:
        """What the input does not say and the state hangs on."""
        if self.state is not State.POSSIBLE:
            return ()
        return tuple(dict.fromkeys(layer.lacks for layer in self.layers if layer.lacks))
