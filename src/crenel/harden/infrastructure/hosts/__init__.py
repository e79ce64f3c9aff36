"""Rule sets for the hosts themselves: nftables."""

from __future__ import annotations

import json
from collections.abc import Iterator

from crenel.dialects import hosts
from crenel.dialects.hosts import Site
from crenel.harden.infrastructure.comparing import Blind, Seen
from crenel.harden.infrastructure.fitting import nameless, without_balancers
from crenel.harden.infrastructure.hosts.listing import listing
from crenel.harden.infrastructure.hosts.rules import TABLE, kept, rules
from crenel.harden.infrastructure.hosts.text import text
from crenel.harden.infrastructure.model import Group, Wanted
from crenel.harden.infrastructure.texts import document, named, shown
from crenel.harden.infrastructure.written import Form, Written
from crenel.network.rules import Direction
from crenel.provenance import Origin


def write(wanted: Wanted) -> Written:
    """Write an intent: for each group of machines one file as text, and the same as JSON."""
    said, notes, lost = without_balancers(wanted)
    spoken, unfit = kept(said), [*lost, *nameless(said, [each.name for each in said.groups], *Direction)]
    found = {each.name: rules(spoken, each.name) for each in said.groups}
    forms = [
        Form("nftables", {f"{named(name)}.nft": text(mine, name) for name, mine in found.items()}),
        Form("nft json", {f"{named(name)}.nft.json": document(listing(mine)) for name, mine in found.items()}),
    ]
    return Written("hosts", forms, [*notes, *_notes(said)], unfit, said)


def _notes(wanted: Wanted) -> Iterator[str]:
    for group in wanted.groups:
        file, hosts_ = f"{named(group.name)}.nft", shown(each.node or each.name for each in group.members)
        yield f"{group.name}: nft -c -f {file} on {hosts_}, then without -c; nft delete table inet {TABLE} undoes it"
    yield "connections that are open stay open; whoever administers hosts over the network needs an opening too"
    yield "other ends are addresses: when machines come or go outside of the ranges named, write the files anew"
    if not wanted.pods:
        yield "the addresses of pods are not known: what pods say to their own node is closed; give --pod-cidr"


def meaning(written: Written) -> Wanted:
    """The intent that the files keep, with what a host never shuts out."""
    return kept(written.wanted)


def read(written: Written, form: Form) -> list[Seen]:
    """What our own dialect makes of one form: for the host itself, and for its node ports.

    Text is what nft alone reads (``nft -j list ruleset`` tells what it made of it), so only JSON is read back here.
    """
    if form.name != "nft json":
        return []
    return seen(written.wanted, {name: json.loads(text) for name, text in form.files.items()})


def seen(wanted: Wanted, documents: dict[str, object]) -> list[Seen]:
    """The hosts of an intent with documents of nft by the names of the files."""
    places = [(group, number) for group in wanted.groups for number, _ in enumerate(group.members)]
    known = {_host(group, number): group.members[number] for group, number in places}
    found = hosts.read(
        [
            (documents[f"{named(group.name)}.nft.json"], Origin(f"{_host(group, number)}.json"))
            for group, number in places
        ],
        sites={host: Site(member.addresses) for host, member in known.items()},
    )
    itself = {member.name: f"host/{host}" for host, member in known.items()}
    ports = {name: f"{host}/nodeports" for name, host in itself.items()}
    return [
        Seen(found, itself, itself),
        Seen(found, {}, ports),
    ]


def _host(group: Group, number: int) -> str:
    return f"{group.name}-{number}"


def blind(_: Written) -> Blind:
    """Nothing is decided by anybody else."""
    return Blind()
