"""Rule sets for Azure: network security groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from crenel.dialects import azure
from crenel.dialects.azure.services import CARRIED
from crenel.harden.infrastructure import seating
from crenel.harden.infrastructure.azure.rules import Groups, groups, inexpressible
from crenel.harden.infrastructure.azure.template import template
from crenel.harden.infrastructure.azure.terraform import GROUP, MEMBERS, configuration
from crenel.harden.infrastructure.comparing import Blind, Seen
from crenel.harden.infrastructure.fitting import fitted, without, without_balancers
from crenel.harden.infrastructure.model import Wanted
from crenel.harden.infrastructure.planning import planned
from crenel.harden.infrastructure.texts import document, named, shown
from crenel.harden.infrastructure.written import Form, Seats, Written
from crenel.network.addresses import AddressSet
from crenel.provenance import Origin

TERRAFORM, TEMPLATE = "crenel-azure.tf.json", "crenel-azure.template.json"
_PLATFORM = AddressSet.of("168.63.129.16", "169.254.169.254")
_HERE = "/templates/0/providers/microsoft.network"
_ROOT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"


def write(wanted: Wanted) -> Written:
    """Write an intent."""
    said, unfit = fitted(wanted, inexpressible)
    said, notes, lost = without_balancers(said)
    first = groups(said)
    kept = without(said, [each.where for each in first.unfit]) if first.unfit else said
    made = groups(kept) if first.unfit else first
    names = [each.name for each in kept.groups]
    forms = [
        Form("terraform", {TERRAFORM: document(configuration(made))}, Seats({
            name: [f"terraform:{GROUP}.{name}", f"terraform:{MEMBERS}.{name}"] for name in names
        })),
        Form("arm", {TEMPLATE: document(template(made))}, Seats({
            name: [f"{_HERE}/{kind}/{named(name)}" for kind in ("networksecuritygroups", "applicationsecuritygroups")]
            for name in names
        })),
    ]  # fmt: skip
    return Written("azure", forms, [*notes, *_notes(kept, made)], [*unfit, *lost, *first.unfit], kept)


def _notes(wanted: Wanted, made: Groups) -> Iterator[str]:
    for group in wanted.groups:
        own = named(group.name)
        yield f"{group.name}: attach {own} to {shown(each.name for each in group.members)}, or to a subnet of no others"
        if group.name in made.named:
            yield f"{group.name}: make its interfaces members of the application security group {own}"
    yield "what the platform's services say to machines, and ICMPv6, no network security group decides"


def meaning(written: Written) -> Wanted:
    """The intent that the files keep."""
    return written.wanted


def read(written: Written, form: Form) -> list[Seen]:
    """What our own dialect makes of one form, with the interfaces in their places."""
    data = json.loads(next(iter(form.files.values())))
    rules = planned(data) if form.name == "terraform" else data
    documents = [(rules, Origin(form.name)), *((each, Origin("places")) for each in _places(written.wanted, form))]
    return [seating.found(azure.read(documents), written.wanted)]


def _places(wanted: Wanted, form: Form) -> Iterator[Any]:
    """A network around all interfaces, and these with their groups, as the command line prints them.

    It is wider than they are: what VirtualNetwork stands for in default rules has to be shut out by what is written.
    """
    space = seating.networks(wanted)
    subnet = f"{_ROOT}/virtualNetworks/vnet/subnets/nodes"
    yield {
        "id": f"{_ROOT}/virtualNetworks/vnet", "name": "vnet", "type": "Microsoft.Network/virtualNetworks",
        "addressSpace": {"addressPrefixes": space}, "virtualNetworkPeerings": [],
        "subnets": [{"id": subnet, "name": "nodes", "addressPrefixes": space}],
    }  # fmt: skip
    for number, (group, member) in enumerate((g, m) for g in wanted.groups for m in g.members):
        known = f"{_ROOT}/networkInterfaces/nic-{number}"
        security, members = form.seats.groups[group.name]
        yield {
            "id": known, "name": f"nic-{number}", "type": "Microsoft.Network/networkInterfaces",
            "networkSecurityGroup": {"id": security},
            "ipConfigurations": [
                {
                    "id": f"{known}/ipConfigurations/{family}", "name": f"ip{family}", "primary": not position,
                    "privateIPAddress": text, "privateIPAddressVersion": f"IPv{family}", "subnet": {"id": subnet},
                    "applicationSecurityGroups": [{"id": members}],
                }
                for position, (family, text) in enumerate(seating.firsts(member))
            ],
        }  # fmt: skip


def blind(_: Written) -> Blind:
    """What rules do not decide: services of the platform, and protocols that the network does not carry."""
    return Blind(_PLATFORM, carried=CARRIED)
