"""Security group rules as rules of the neutral model.

Source: Neutron API v2.0 "Security group rules"; neutron.common.ovn.acl, which turns them into filters: a rule is of one
IP version; its remote end is a prefix, the addresses of a group's members or an address group, or else everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crenel.dialects import trees
from crenel.dialects.openstack.protocols import misplaced, traffic
from crenel.dialects.openstack.records import Estate, Group, GroupRule
from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import FilterRule, Peer
from crenel.network.rules import Action, Direction
from crenel.provenance import Origin

_NOBODY = AddressSet()
_DIRECTIONS = ("ingress", "egress")


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a security group, as rules that name it see them.

    `addresses` are the fixed ones and those of allowed address pairs (neutron.db.securitygroups_rpc_base,
    `_select_ips_for_remote_group`); `nameless` are the interfaces that have none yet, with where they will have them.
    """

    addresses: AddressSet = _NOBODY
    nameless: Mapping[str, AddressSet] | None = None


class Translator:
    """Translates the rules of groups, and reports what is wrong with them, once."""

    def __init__(self, estate: Estate, members: Mapping[str, Members]) -> None:
        self._estate = estate
        self._members = members
        self._peers: dict[tuple[str, Family], Peer] = {}
        self._reported: set[tuple[str, str, str]] = set()

    def rules(self, group: Group, direction: Direction) -> dict[Origin, tuple[FilterRule, ...]]:
        """What a group allows in one direction, by where it was read from; its own document is always among these."""
        written = [*(group.rules or ()), *self._estate.loose_rules.get(group.id, ())]
        found: dict[Origin, list[FilterRule]] = {group.origin: []}
        if group.rules is None and not self._told(group):
            nowhere = Peer(unknown=(f"what {group.title} allows, whose rules are not all in the input",))
            found[group.origin].append(FilterRule(Action.ALLOW, nowhere))
        for each in written:
            if each.direction not in _DIRECTIONS or each.direction == direction.value:
                found.setdefault(each.origin, []).extend(self._parts(each, group))
        return {origin: tuple(rules) for origin, rules in found.items()}

    def _told(self, group: Group) -> bool:
        """Whether the rules of a group are all in the input though it does not list them itself."""
        return group.planned or self._estate.rules_listed

    def _parts(self, rule: GroupRule, group: Group) -> Iterator[FilterRule]:
        what, doubt = traffic(rule)
        self._check(rule, group)
        doubts = [doubt] if doubt else []
        if rule.direction not in _DIRECTIONS:
            doubts.append("a rule for this direction")
        for peer, more in self._ends(rule, group):
            only = " and ".join([*doubts, *([more] if more else [])])
            yield FilterRule(Action.ALLOW, peer, what, only, rule.field)

    def _check(self, rule: GroupRule, group: Group) -> None:
        if wrong := misplaced(rule):
            self._report(rule, group, wrong)
        if rule.direction not in ("", *_DIRECTIONS):
            self._report(rule, group, f"direction {rule.direction!r} is neither ingress nor egress")

    def _ends(self, rule: GroupRule, group: Group) -> Iterator[tuple[Peer, str]]:
        """The remote ends of a rule, for each IP version that it may be of, with what is doubtful about that."""
        prefix, wrong = trees.addresses(rule.prefix) if rule.prefix else (_NOBODY, ())
        if wrong:
            self._report(rule, group, f"{rule.prefix!r} is no address or CIDR")
            yield Peer(unknown=(f"the prefix {rule.prefix!r}",)), ""
            return
        told = rule.family or next(iter(prefix.families()), None)
        families: tuple[Family, ...] = (told,) if told else (4, 6)
        for family in families:
            doubt = "" if told else f"a rule for IPv{family}"
            yield from ((peer, doubt or more) for peer, more in self._remote(rule, prefix, family, group))

    def _remote(
        self, rule: GroupRule, prefix: AddressSet, family: Family, group: Group
    ) -> Iterator[tuple[Peer, str]]:  # fmt: skip
        if rule.prefix:
            if not prefix.only(family):
                self._report(rule, group, f"{rule.prefix} is not of IPv{family}: the rule matches nothing")
            yield Peer(addresses=prefix.only(family)), ""
        elif rule.address_group:
            yield self._address_group(rule.address_group, family), ""
        elif rule.group:
            yield from self._group(rule.group, family)
        else:
            yield Peer(addresses=AddressSet.everything(family)), ""

    def _address_group(self, key: str, family: Family) -> Peer:
        known = self._estate.address_groups.get(key)
        if known is None:
            return Peer(unknown=(f"address group {key}, which is not in the input",))
        return Peer(addresses=known[1].only(family))

    def _group(self, key: str, family: Family) -> Iterator[tuple[Peer, str]]:
        """The members of a group: those that have addresses by these, the others by name."""
        if key not in self._members and key not in self._estate.groups:
            yield Peer(unknown=(f"security group {key}, whose members are not in the input",)), ""
            return
        members = self._members.get(key, Members())
        if (peer := self._peers.get((key, family))) is None:
            peer = self._peers[key, family] = Peer(addresses=members.addresses.only(family))
        yield peer, ""
        for name, where in (members.nameless or {}).items():
            if family in where.families() or not where:
                both = len(where.families()) != 1
                yield Peer(interfaces=frozenset({name})), f"a packet of IPv{family}" if both else ""

    def _report(self, rule: GroupRule, group: Group, message: str) -> None:
        key = (group.id, rule.name, message)
        if key not in self._reported:
            self._reported.add(key)
            self._estate.report(message, rule.origin, rule.field, group.title)


def default_rules(group: Group) -> tuple[GroupRule, ...]:
    """The rules that Neutron makes with a group: all egress (Terraform's `delete_default_rules` removes them)."""
    families: tuple[Family, ...] = (4, 6)
    return tuple(
        GroupRule("egress", family, name=f"default egress of IPv{family}", origin=group.origin, field=group.field)
        for family in families
    )
