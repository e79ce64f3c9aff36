"""Rule sets for AWS: security groups and network ACLs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from crenel.dialects import aws
from crenel.harden.infrastructure.aws.acls import Acls, acls
from crenel.harden.infrastructure.aws.groups import Groups, groups
from crenel.harden.infrastructure.aws.rules import inexpressible
from crenel.harden.infrastructure.aws.template import logical, template
from crenel.harden.infrastructure.aws.terraform import GROUP, configuration
from crenel.harden.infrastructure.comparing import Blind, Seen
from crenel.harden.infrastructure.fitting import fitted, without
from crenel.harden.infrastructure.model import Wanted
from crenel.harden.infrastructure.planning import planned
from crenel.harden.infrastructure.texts import document, named, shown
from crenel.harden.infrastructure.written import Form, Seats, Written
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.provenance import Origin

TERRAFORM, TEMPLATE = "crenel-aws.tf.json", "crenel-aws.template.json"
_SERVICES = AddressSet.of("169.254.0.0/16", "fd00:ec2::/32")
_RESERVED = 4
_VPC = "vpc-of-the-nodes"
"""Stands for a network whose id is not known."""
_RANGE = "192.0.2.0/28"
"""Stands for the range of the network, which says where its resolver is: among addresses that nobody has (RFC 5737)."""


def write(wanted: Wanted) -> Written:
    """Write an intent."""
    said, unfit = fitted(wanted, inexpressible)
    made = groups(said)
    kept = without(said, [each.where for each in made.unfit]) if made.unfit else said
    made = replace(groups(kept), unfit=made.unfit) if made.unfit else made
    lists = acls(kept)
    seats = {each.name: made.of(each.name) for each in kept.groups}
    forms = [
        Form(
            "terraform", {TERRAFORM: document(configuration(made, lists, wanted.network))},
            Seats({name: [f"terraform:{GROUP}.{each}" for each in mine] for name, mine in seats.items()}),
        ),
        Form(
            "cloudformation", {TEMPLATE: document(template(made, lists, wanted.network))},
            Seats({name: [logical(each) for each in mine] for name, mine in seats.items()}),
        ),
    ]  # fmt: skip
    notes = [*_notes(kept, made, lists)]
    return Written("aws", forms, notes, [*unfit, *made.unfit, *lists.unfit], kept)


def _notes(wanted: Wanted, made: Groups, lists: Acls) -> Iterator[str]:
    for group in wanted.groups:
        names = ", ".join(map(named, made.of(group.name)))
        members = shown(each.name for each in group.members)
        yield f"{group.name}: put {names} in the place of all other security groups of {members}"
    for acl in lists.acls:
        if acl.coarse:
            yield f"{acl.subnet.name}: its network ACL lets all traffic of the same addresses through, to have room"
    if lists.acls:
        yield "network ACLs take the place of those of their subnets at once, for connections that are open as well"
        yield "what else is in these subnets and not in the input, such as NAT gateways and endpoints, they cut off"


def meaning(written: Written) -> Wanted:
    """The intent that the files keep."""
    return written.wanted


def read(written: Written, form: Form) -> list[Seen]:
    """What our own dialect makes of one form, with the interfaces in their places."""
    text = next(iter(form.files.values()))
    data = json.loads(text)
    rules = planned(data) if form.name == "terraform" else data
    documents = [(rules, Origin(form.name)), *((each, Origin("places")) for each in _places(written.wanted, form))]
    found = aws.read(documents)
    names = {one.name: one.name for each in written.wanted.groups for one in each.members}
    return [Seen(found, names, names)]


def _places(wanted: Wanted, form: Form) -> Iterator[dict[str, Any]]:
    """The interfaces with their groups, as the command line prints them, and subnets without a list of their own."""
    vpc = wanted.network or _VPC
    cards = [
        {
            "NetworkInterfaceId": one.name, "SubnetId": one.subnet or "elsewhere", "VpcId": vpc,
            "PrivateIpAddress": _first(one.addresses.v4, 4),
            "PrivateIpAddresses": [{"PrivateIpAddress": _first(one.addresses.v4, 4), "Primary": True}],
            "Ipv6Addresses": [{"Ipv6Address": _first(one.addresses.v6, 6)}] if one.addresses.v6 else [],
            "Groups": [{"GroupId": each} for each in form.seats.groups[group.name]],
        }
        for group in wanted.groups
        for one in group.members
    ]  # fmt: skip
    yield {"NetworkInterfaces": cards}
    yield {"Vpcs": [{"VpcId": vpc, "CidrBlock": _RANGE}]}
    yield {"Subnets": [_subnet(each.name, vpc, each.addresses) for each in wanted.subnets]}
    written = {each.subnet.name for each in acls(wanted).acls}
    placed = {one.subnet or "elsewhere" for group in wanted.groups for one in group.members}
    bare = [{"SubnetId": name} for name in sorted(placed - written)]
    if bare:
        entries = [
            {"RuleNumber": 100 + family, "Egress": egress, "RuleAction": "allow", "Protocol": "-1", name: everywhere}
            for family, name, everywhere in ((4, "CidrBlock", "0.0.0.0/0"), (6, "Ipv6CidrBlock", "::/0"))
            for egress in (True, False)
        ]
        yield {"NetworkAcls": [{"NetworkAclId": "acl-open", "VpcId": vpc, "Entries": entries, "Associations": bare}]}


def _first(ranges: tuple[tuple[int, int], ...], family: int) -> str:
    found = AddressSet(ranges, ()) if family == 4 else AddressSet((), ranges)
    return found.cidrs()[0].partition("/")[0] if ranges else ""


def _subnet(name: str, vpc: str, addresses: AddressSet) -> dict[str, Any]:
    four, six = (addresses.only(family).cidrs() for family in FAMILIES)
    sixes = [{"Ipv6CidrBlock": each, "Ipv6CidrBlockState": {"State": "associated"}} for each in six]
    return {"SubnetId": name, "VpcId": vpc, "CidrBlock": four[0] if four else "", "Ipv6CidrBlockAssociationSet": sixes}


def blind(written: Written) -> Blind:
    """What security groups and network ACLs do not filter (`crenel.dialects.aws.services`)."""
    free = _SERVICES | AddressSet.of("192.0.2.0/30")
    for subnet in written.wanted.subnets:
        for first, last in subnet.addresses.v4:
            free |= AddressSet.from_range(4, first, min(first + _RESERVED - 1, last))
    return Blind(free)
