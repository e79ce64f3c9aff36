"""Rules as records, whatever document they are written in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crenel.dialects.aws.records import Entry, Estate, Permission, Unresolved
from crenel.dialects.aws.traffic import traffic
from crenel.dialects.trees import addresses
from crenel.network.addresses import AddressSet
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match
from crenel.provenance import FieldPath, Origin, Severity


@dataclass(frozen=True, slots=True)
class Where:
    """Where something is written, and what reports call that."""

    title: str
    origin: Origin
    field: FieldPath


@dataclass(frozen=True, slots=True)
class What:
    """The packets that a rule speaks of, as they are written. A value may be `Unresolved`."""

    protocol: str
    low: int | str | None = None
    high: int | str | None = None

    @property
    def lacking(self) -> str:
        """What of it is not known, in words."""
        return next((each for each in (self.protocol, self.low, self.high) if isinstance(each, Unresolved)), "")

    def read(self) -> tuple[tuple[Match, ...] | None, str]:
        """As `crenel.dialects.aws.traffic.traffic`.

        Raises:
            ValueError: there is no such protocol, or its ports are impossible.
        """
        if self.lacking:
            return None, f"what {self.lacking} stands for"
        return traffic(self.protocol, _whole(self.low), _whole(self.high))


def _whole(value: int | str | None) -> int | None:
    if value is None or isinstance(value, int):
        return value
    return int(value)


def union(texts: Iterable[str], where: Where, estate: Estate) -> AddressSet:
    """The addresses of some CIDRs; those that are none are complained of."""
    found, wrong = addresses(*(text for text in texts if text))
    for text in wrong:
        estate.complain(f"{text!r} is not a CIDR", where.origin, where.field, where.title)
    return found


def permission(
    direction: Direction, what: What, where: Where, estate: Estate, ranges: Iterable[str] = (),
    groups: Iterable[str] = (), lists: Iterable[str] = (), name: str = "",
) -> Permission:  # fmt: skip
    """One rule of a security group; what of its peers is unresolved, or no range, matches possibly.

    Groups have no others than rules that allow, so one that cannot be read may let in anything.
    """
    known, unknown = _apart(ranges)
    (named, vague), (listed, vaguer) = _apart(groups), _apart(lists)
    unknown += [f"what {text} stands for" for text in (*vague, *vaguer)]
    try:
        matches, only = what.read()
    except ValueError as error:
        estate.complain(f"a rule that cannot be read: {error}", where.origin, where.field, where.title)
        unreadable = ("a rule that cannot be read",)
        return Permission(
            direction, None, "", AddressSet(), (), (), where.origin, where.field, name, unknown=unreadable
        )
    found = union(known, where, estate)
    return Permission(
        direction, matches, only, found, tuple(named), tuple(listed), where.origin, where.field, name, tuple(unknown)
    )


def _apart(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those that are known, and in words those that are not."""
    known: list[str] = []
    unknown: list[str] = []
    for text in texts:
        if text:
            (unknown if isinstance(text, Unresolved) else known).append(text)
    return known, unknown


_ACTIONS = {"allow": Action.NEXT, "deny": Action.DENY}


def entry(
    number: int | None, direction: Direction | None, action: str, what: What, cidr: str, where: Where, estate: Estate
) -> Entry:
    """One rule of a network ACL. One of which anything is not known may decide anything from its number on."""
    lacking = what.lacking or next((text for text in (cidr, action) if isinstance(text, Unresolved)), "")
    why = "no rule number, or no direction" if number is None or direction is None else ""
    try:
        matches, only = what.read()
        found = AddressSet.of(cidr or "no range") if not lacking else AddressSet()
        verdict = _ACTIONS[action.lower()] if not lacking else Action.MAY_DECIDE
    except ValueError as error:
        why = why or str(error)
    except KeyError:
        why = why or f"{action!r} is no action"
    if lacking and not why:
        text = f"an entry of which {lacking} is not known"
        estate.complain(text, where.origin, where.field, where.title, Severity.NOTICE)
    elif why:
        estate.complain(f"an entry that cannot be read: {why}", where.origin, where.field, where.title)
    place = (where.origin, where.field)
    if lacking or why:
        return Entry(number or 0, direction or Direction.INGRESS, Action.MAY_DECIDE, None, "", AddressSet(), *place)
    assert direction is not None
    return Entry(number or 0, direction, verdict, matches, only, found, *place)
