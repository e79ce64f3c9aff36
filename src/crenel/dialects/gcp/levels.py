"""The levels of firewall policies around the rules of VPC networks, and whom each policy guards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from crenel.dialects.gcp.hierarchy import Hierarchy
from crenel.dialects.gcp.members import Guarded
from crenel.dialects.gcp.naming import last
from crenel.dialects.gcp.records import Effective, Estate, Policy
from crenel.dialects.gcp.seats import Seat

HIERARCHICAL = "gcp hierarchical firewall policy"
SYSTEM = "gcp system firewall policy"
GLOBAL = "gcp global network firewall policy"
REGIONAL = "gcp regional network firewall policy"
_SOMEWHERE = "?"


@dataclass(frozen=True, slots=True)
class Placed:
    """A policy, and whom it guards at one level."""

    policy: Policy
    guarded: Guarded


class Levels:
    """Sorts the policies of an estate by what they are attached to."""

    def __init__(self, estate: Estate, seats: Sequence[Seat]) -> None:
        self._estate = estate
        self._seats = seats
        self._policies = [_whole(each, estate) for each in estate.policies.values()]
        places = [place for each in self._policies if each.hierarchical for place, _ in each.attached]
        self._hierarchy = Hierarchy(estate, places)
        self._told = {each.network for each in estate.effective}
        self._untold = [seat for seat in seats if seat.nic.network not in self._told]
        self._first = {known.key for known in estate.networks.values() if known.policies_first}

    def before(self) -> Iterator[tuple[str, Sequence[Placed]]]:
        """Those that come before the rules of VPC networks, in order, each with the layer's name."""
        yield from self._hierarchical()
        yield from self._system()
        yield from self._of_networks(first=True)

    def after(self) -> Iterator[tuple[str, Sequence[Placed]]]:
        """Those that come after them."""
        yield from self._of_networks(first=False)

    def _hierarchical(self) -> Iterator[tuple[str, Sequence[Placed]]]:
        by_depth: dict[int, list[Placed]] = defaultdict(list)
        for policy in self._policies:
            for place, _ in policy.attached if policy.hierarchical else ():
                guarded = self._hierarchy.guarded(place, self._untold)
                by_depth[self._hierarchy.depth(place)].append(Placed(policy, guarded))
        yield from ((HIERARCHICAL, by_depth[depth]) for depth in sorted(by_depth))
        yield from self._effective(HIERARCHICAL, lambda policy: policy.hierarchical, self._seats)

    def _system(self) -> Iterator[tuple[str, Sequence[Placed]]]:
        yield from self._effective(SYSTEM, lambda policy: policy.system, self._seats)

    def _of_networks(self, first: bool) -> Iterator[tuple[str, Sequence[Placed]]]:
        mine = [seat for seat in self._seats if (seat.nic.network in self._first) is first]
        for layer, regional in ((GLOBAL, False), (REGIONAL, True)):
            by_order: dict[int, list[Placed]] = defaultdict(list)
            for policy in self._policies:
                for network, order in policy.attached if _is_of_network(policy, regional) else ():
                    by_order[order].append(Placed(policy, self._attached(policy, network, mine)))
            yield from ((layer, by_order[order]) for order in sorted(by_order))
            yield from self._effective(layer, partial(_is_of_network, regional=regional), mine)

    def _attached(self, policy: Policy, network: str, seats: Sequence[Seat]) -> Guarded:
        """The interfaces that a policy guards by its attachment to a network."""
        inside = [seat for seat in seats if seat.nic.network == network and seat.nic.network not in self._told]
        self._assume_order(inside)
        names = frozenset(seat.interface.name for seat in inside if policy.region in ("", seat.region))
        return Guarded(names)

    def _assume_order(self, seats: Sequence[Seat]) -> None:
        for network in sorted({seat.nic.network for seat in seats} - self._estate.networks.keys()):
            self._estate.assume(
                f"network firewall policies come after the vpc firewall rules of {last(network)}, as is the default"
            )

    def _effective(
        self, layer: str, wanted: Callable[[Policy], bool], seats: Sequence[Seat]
    ) -> Iterator[tuple[str, Sequence[Placed]]]:  # fmt: skip
        """Policies of answers about what is in effect, each a level of its own, in their order."""
        for answer in self._estate.effective:
            inside = self._meant(answer, seats)
            for policy in sorted(filter(wanted, answer.policies), key=_order):
                self._assume_order(() if policy.hierarchical or policy.system else inside)
                yield layer, (Placed(policy, self._in_effect(policy, answer, inside)),)

    def _meant(self, answer: Effective, seats: Sequence[Seat]) -> list[Seat]:
        return [seat for seat in seats if seat.nic.network == (answer.network or seat.nic.network)]

    def _in_effect(self, policy: Policy, answer: Effective, inside: Sequence[Seat]) -> Guarded:
        networks = {seat.nic.network for seat in self._seats}
        names = frozenset(seat.interface.name for seat in inside if policy.region in ("", _SOMEWHERE, seat.region))
        sure = (answer.network or len(networks) == 1) and policy.region != _SOMEWHERE
        return Guarded(names) if sure else Guarded(frozenset(), names)


def _is_of_network(policy: Policy, regional: bool) -> bool:
    return not policy.hierarchical and not policy.system and bool(policy.region) is regional


def _order(policy: Policy) -> int:
    return policy.attached[0][1] if policy.attached else 0


def _whole(policy: Policy, estate: Estate) -> Policy:
    """A policy with the rules and attachments that are resources of their own."""
    rules = [rule for name in {policy.key, last(policy.key)} for rule in estate.loose_rules.get(name, ())]
    more = [each for name in {policy.key, last(policy.key)} for each in estate.loose_attached.get(name, ())]
    own = policy.rules if policy.rules is not None or not rules else ()
    return replace(
        policy,
        rules=None if own is None else (*own, *rules),
        attached=tuple(dict.fromkeys((*policy.attached, *more))),
    )
