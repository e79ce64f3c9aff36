"""Rule sets for Google Cloud: VPC firewall rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from crenel.dialects import gcp
from crenel.dialects.gcp.naming import key, project_of
from crenel.dialects.gcp.platform import METADATA
from crenel.harden.infrastructure import seating
from crenel.harden.infrastructure.comparing import Blind, Seen
from crenel.harden.infrastructure.fitting import by_addresses, nameless, without, without_balancers
from crenel.harden.infrastructure.gcp.forms import NETWORK, bodies, configuration
from crenel.harden.infrastructure.gcp.rules import ALLOW, DENY, rules, tag
from crenel.harden.infrastructure.model import Wanted
from crenel.harden.infrastructure.planning import planned
from crenel.harden.infrastructure.texts import document
from crenel.harden.infrastructure.written import Form, Seats, Written
from crenel.network.addresses import FAMILIES
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, ICMPV6, SCTP, TCP, UDP, Match
from crenel.provenance import Origin

TERRAFORM, BODIES = "crenel-gcp.tf.json", "crenel-gcp.firewalls.json"
_QUOTA = 100
"""How many rules a project has by default."""
_CARRIED = (TCP, UDP, ICMP, ICMPV6, SCTP, 4, 47, 50, 51)
_LINK = "https://www.googleapis.com/compute/v1/"


def write(wanted: Wanted) -> Written:
    """Write an intent."""
    said, notes, lost = without_balancers(wanted)
    unfit = [*lost, *nameless(said, [each.name for each in said.groups], Direction.EGRESS)]
    said = by_addresses(said, Direction.EGRESS)
    first = rules(said)
    kept = without(said, [each.where for each in first.unfit]) if first.unfit else said
    made = rules(kept) if first.unfit else first
    seats = Seats({each.name: [tag(each.name)] for each in kept.groups})
    forms = [
        Form("terraform", {TERRAFORM: document(configuration(made, wanted.network))}, seats),
        Form("api", {BODIES: document(bodies(made, wanted.network))}, seats),
    ]
    return Written("gcp", forms, [*notes, *_notes(kept, len(made.rules))], [*unfit, *first.unfit], kept)


def _notes(wanted: Wanted, count: int) -> Iterator[str]:
    for group in wanted.groups:
        yield f"{group.name}: give its instances the network tag {tag(group.name)}"
    yield f"other rules of the network that allow at a priority up to {DENY - 1} stay in force; these here have {ALLOW}"
    if count > _QUOTA:
        yield f"{count} rules are more than the {_QUOTA} that a project has by default: raise the quota first"
    if not wanted.network:
        yield f"put the name of the network in the place of {NETWORK.rpartition('/')[2]}"


def meaning(written: Written) -> Wanted:
    """The intent that the files keep."""
    return written.wanted


def read(written: Written, form: Form) -> list[Seen]:
    """What our own dialect makes of one form, with the interfaces in their places."""
    network = _path(written.wanted.network)
    data = json.loads(next(iter(form.files.values())))
    rules = data["resource"]["google_compute_firewall"].values() if form.name == "terraform" else data
    for each in rules:
        each["network"] = f"{_LINK}{network}"
    documents = [(planned(data) if form.name == "terraform" else data, Origin(form.name))]
    documents += [(each, Origin("places")) for each in _places(written.wanted, form, network)]
    return [seating.found(gcp.read(documents), written.wanted)]


def _path(network: str) -> str:
    """A network with its project, which stands for one where none is told."""
    return key(network or NETWORK, "p", "global/networks")


def _places(wanted: Wanted, form: Form, network: str) -> Iterator[Any]:
    """The network with its subnets and instances with their tags, as the command line prints them.

    It has rules that let everything in, as a default network has some: what is written has to come before them.
    """
    around, whole = f"{_LINK}projects/{project_of(network)}", f"{_LINK}{network}"
    yield [{"kind": "compute#network", "name": network.rpartition("/")[2], "selfLink": whole}]
    yield [
        {
            "kind": "compute#firewall", "name": f"default-allow-{number}", "network": whole, "direction": "INGRESS",
            "priority": 65534, "allowed": [{"IPProtocol": "all"}], "sourceRanges": [cidr],
        }
        for number, cidr in enumerate(("0.0.0.0/0", "::/0"))
    ]  # fmt: skip
    yield [
        {
            "kind": "compute#subnetwork", "name": f"s{number}", "network": whole, "region": f"{around}/regions/r",
            "selfLink": f"{around}/regions/r/subnetworks/s{number}",
            "ipv6CidrRange" if ":" in cidr else "ipCidrRange": cidr,
        }
        for number, cidr in enumerate(seating.around(wanted).cidrs())
    ]  # fmt: skip
    yield [
        {
            "kind": "compute#instance", "name": f"i{number}", "selfLink": f"{around}/zones/r-a/instances/i{number}",
            "zone": f"{around}/zones/r-a", "tags": {"items": list(form.seats.groups[group.name])},
            "networkInterfaces": [{
                "name": "nic0", "network": whole,
                **{_FIELDS[family]: text for family, text in seating.firsts(member)},
            }],
        }
        for number, (group, member) in enumerate((g, m) for g in wanted.groups for m in g.members)
    ]  # fmt: skip


_FIELDS = dict(zip(FAMILIES, ("networkIP", "ipv6Address"), strict=True))


def blind(_: Written) -> Blind:
    """What rules do not decide: the metadata server, protocols that do not leave the network, and mail to outside."""
    return Blind(METADATA, (Match(TCP, (25, 25)),), _CARRIED)
