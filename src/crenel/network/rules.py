"""Rules, policies and stages: what dialects translate into.

A connection passes the stages of its source's egress, then those of its destination's ingress, each in order. Stages of
different enforcement points follow one another, from the source outwards and then inwards to the destination, and every
point has to let it through. Within a stage policies are ranked; within a rank they are parallel: each is tried on its
own from the same state, so that two of them that disagree leave the outcome open (an undefined order), while two that
agree do not. Within a policy the first rule that matches decides. What no rule decides goes on to the next stage,
unless the stage isolates its subjects: then it is denied. After the last stage of a point it is allowed there.

Every discipline lowers into this: *union of allows with isolation* is one rank of allowing policies in an isolating
stage; *first match* is one rank per policy; *deny over allow* is a rank of the denying rules before one of the
allowing; *tiers that end in deny* are isolating stages.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from crenel.network.addresses import AddressSet
from crenel.network.conditions import Condition, InputLacks
from crenel.network.traffic import Match
from crenel.provenance import NOWHERE, FieldPath, Origin


class Action(enum.IntEnum):
    """What a rule does with what it matches."""

    ALLOW = 0
    DENY = 1
    NEXT = 2
    """Leave this stage."""
    MAY_DENY = 3
    """Not understood: may deny it, and otherwise lets it go on."""
    MAY_DECIDE = 4
    """Not understood: may allow or deny it, whatever the other rules say."""


class Direction(enum.Enum):
    """Which end of a connection a rule guards."""

    EGRESS = "egress"
    INGRESS = "ingress"

    @property
    def other(self) -> Direction:
        """The one that the answer takes."""
        return Direction.INGRESS if self is Direction.EGRESS else Direction.EGRESS


@dataclass(frozen=True, slots=True)
class Peers:
    """The other end a rule speaks of: the union of its parts.

    `endpoints` and `possible` are bitsets; a member of `possible` matches only under `condition`. `addresses` match
    blocks, nodes and pods by their addresses, or with `outside_only` blocks and nodes alone. `names` are DNS names or
    ``*.`` patterns, which match possibly any address outside.
    """

    everyone: bool = False
    endpoints: int = 0
    possible: int = 0
    condition: Condition | None = None
    addresses: AddressSet | None = None
    outside_only: bool = False
    names: tuple[str, ...] = ()
    doubt: InputLacks | None = None
    """On what it depends whether any of them matches; None for nothing."""


EVERYONE = Peers(everyone=True)
NOBODY = Peers()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy. `traffic` None is all traffic; an empty tuple matches none."""

    action: Action
    peers: Peers
    traffic: tuple[Match, ...] | None = None
    field: FieldPath = ()
    """Where it stands in its object: ``("spec", "ingress", 0)``."""
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """The rules of one object for one direction, and whom they guard.

    `subjects` is a bitset; members of `possible` are guarded only under `condition`. `title` is how reports name the
    object. `origin` leads to its text.
    """

    title: str
    subjects: int
    rules: tuple[Rule, ...]
    possible: int = 0
    condition: Condition | None = None
    origin: Origin = field(default=NOWHERE)
    api: str = ""
    """Which API it belongs to, for the question who enforces it."""
    at: AddressSet | None = None
    """Addresses outside that it guards as well."""
    place: FieldPath = ("spec",)
    """Where it begins in its document."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The policies of one tier at one enforcement point.

    `isolating` stages deny what none of their rules allowed, for the subjects of any of their policies. `local_exempt`
    stages never stand between an endpoint and its own node. `point` is the enforcement point that it belongs to,
    counted from the guarded end outwards: 0 is where policies of workloads are enforced. `replies` says that its rules
    are about the packets that answer, which leave by the guarded end where connections come in.
    """

    name: str
    direction: Direction
    ranks: tuple[tuple[Policy, ...], ...]
    isolating: bool = False
    local_exempt: bool = False
    point: int = 0
    replies: bool = False
