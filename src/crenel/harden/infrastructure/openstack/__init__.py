"""Rule sets for OpenStack: security groups."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from crenel.dialects import openstack
from crenel.harden.infrastructure import seating
from crenel.harden.infrastructure.comparing import Blind, Seen
from crenel.harden.infrastructure.fitting import fitted, without_balancers
from crenel.harden.infrastructure.model import Wanted
from crenel.harden.infrastructure.openstack.forms import GROUP, configuration, listing
from crenel.harden.infrastructure.openstack.rules import SecurityGroup, groups, inexpressible
from crenel.harden.infrastructure.planning import planned
from crenel.harden.infrastructure.texts import document, named
from crenel.harden.infrastructure.written import Form, Seats, Written
from crenel.network.traffic import UDP, Match
from crenel.provenance import Origin

TERRAFORM, LISTING = "crenel-openstack.tf.json", "crenel-openstack.security-groups.json"
_RULES, _GROUPS = 100, 10
"""The quotas that a project has by default (neutron.conf.quota)."""
_DHCP = tuple(Match(UDP, (port, port)) for port in (67, 68, 546, 547))


def write(wanted: Wanted) -> Written:
    """Write an intent."""
    said, unfit = fitted(wanted, inexpressible)
    kept, notes, lost = without_balancers(said)
    made = groups(kept)
    names = [each.name for each in made]
    forms = [
        Form(
            "terraform", {TERRAFORM: document(configuration(made))},
            Seats({name: [f"{GROUP}.{name}"] for name in names}),
        ),
        Form("neutron", {LISTING: document(listing(made))}, Seats({name: [named(name)] for name in names})),
    ]  # fmt: skip
    return Written("openstack", forms, [*notes, *_notes(made)], [*unfit, *lost], kept)


def _notes(made: Sequence[SecurityGroup]) -> Iterator[str]:
    for each in made:
        yield f"{each.name}: put {named(each.name)} in the place of all other security groups of its ports"
    count = sum(len(each.rules) for each in made)
    if count > _RULES or len(made) > _GROUPS:
        yield (
            f"{len(made)} groups and {count} rules are more than the {_GROUPS} and {_RULES} that a project has by"
            " default: have the quota raised first"
        )
    yield f"in {LISTING} names stand for ids; delete the rules that new groups have, which let all traffic out"


def meaning(written: Written) -> Wanted:
    """The intent that the files keep."""
    return written.wanted


def read(written: Written, form: Form) -> list[Seen]:
    """What our own dialect makes of one form, with the interfaces in their places."""
    data = json.loads(next(iter(form.files.values())))
    rules = planned(data) if form.name == "terraform" else data
    documents = [(rules, Origin(form.name)), (_ports(written.wanted, form), Origin("places"))]
    return [seating.found(openstack.read(documents), written.wanted)]


def _ports(wanted: Wanted, form: Form) -> dict[str, Any]:
    """The interfaces with their groups, as Neutron shows them."""
    return {
        "ports": [
            {
                "id": f"port-{number}", "name": f"port-{number}", "mac_address": "fa:16:3e:00:00:01",
                "network_id": "n", "device_id": f"server-{number}", "device_owner": "compute:nova",
                "fixed_ips": [{"subnet_id": "s", "ip_address": text} for _, text in seating.firsts(member)],
                "allowed_address_pairs": [], "port_security_enabled": True,
                "security_groups": list(form.seats.groups[group.name]),
            }
            for number, (group, member) in enumerate((g, m) for g in wanted.groups for m in g.members)
        ]
    }  # fmt: skip


def blind(_: Written) -> Blind:
    """What rules do not decide: clients of DHCP, which all drivers let through."""
    return Blind(traffic=_DHCP)
