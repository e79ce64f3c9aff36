"""Real packets do under what is written as the intent says: in a router that stands for a cloud, and at a host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from crenel.harden.infrastructure import Group, Member, Sort, Wanted, Written, write
from crenel.harden.infrastructure.comparing import compare
from crenel.harden.infrastructure.hosts import seen
from crenel.harden.infrastructure.platforms import platform as platform_of
from crenel.harden.infrastructure.reference import reference
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Infrastructure
from dialects.hosts.comparing import held
from dialects.hosts.lab import HOST, POD, Lab, Probe, lab
from dialects.hosts.predicting import Prediction, probes
from firewalls.foretelling import ANSWERED, REFUSED
from firewalls.proof import prove
from harden.infrastructure.worlds import IN, OUT, SHOP, at, opening
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces


FEW = replace(SHOP, openings=[*SHOP.openings[2:6], SHOP.openings[10]])
"""Some of the shop: every packet is sent for real."""


@pytest.mark.parametrize("name", ["aws", "azure", "gcp", "openstack"])
def test_packets_through_a_cloud(name: str) -> None:
    """Every packet becomes what is meant, whichever of the forms the rules were read back from."""
    written = write(FEW, name)
    writer = platform_of(name)
    assert len(written.forms) == 2
    for form in written.forms:
        (found,) = writer.read(written, form)
        assert not compare(reference(writer.meaning(written)), found, writer.blind(written))
        report = prove(Infrastructure(found.infrastructure.interfaces, found.infrastructure.tiers))
        assert report.wrong == []
        assert min(report.compared[ANSWERED], report.compared[REFUSED]) > 5


NODE = Wanted(
    [Group("nodes", Sort.NODES, (Member("node", AddressSet.of(*HOST)),))],
    [
        opening("nodes", IN, at("10.1.0.1", "fd01::2"), "TCP/443", "web"),
        opening("nodes", IN, at("192.0.2.0/24", "fd01::1"), "TCP/30000-32767", 'node "ports"'),
        opening("nodes", IN, at("0.0.0.0/0", "::/0"), "UDP/53", "DNS"),
        opening("nodes", OUT, at("10.1.0.2"), "TCP/443", "registries"),
        opening("nodes", OUT, at("fd01::1"), "", "storage"),
    ],
    pods=AddressSet.of(*POD),
)
PORTS = [22, 53, 443, 29999, 30443]


@pytest.fixture(scope="module")
def world() -> Iterator[Lab]:
    """One lab for all tests."""
    with lab() as made:
        yield made


def host() -> Written:
    """What is written for the host."""
    return write(NODE, "hosts")


def is_open(probe: Probe) -> bool:
    """What is meant, spelt out: pods and what is passed on are left alone, of the rest just what is opened."""
    if probe.start == "pod" or (probe.start == "outside" and probe.destination not in HOST):
        return True
    if probe.start == "outside":
        return (
            (probe.port == 53 and probe.protocol == 17)
            or (probe.protocol == 6 and probe.port == 443 and probe.source in ("10.1.0.1", "fd01::2"))
            or (probe.protocol == 6 and probe.port == 30443 and probe.source in ("192.0.2.7", "fd01::1"))
        )
    registry = (probe.destination, probe.protocol, probe.port) == ("10.1.0.2", 6, 443)
    return probe.destination in (*POD, "fd01::1") or registry


def test_packets_at_a_host(world: Lab) -> None:
    """In the kernel the text does what is meant, and what the reader of its listing says."""
    listed = world.load(host().files["crenel-nodes.nft"])
    prediction, traffic = Prediction([listed]), list(probes(PORTS))
    for probe in traffic:
        assert prediction.outcomes(probe)[0].value == ("allowed" if is_open(probe) else "denied"), probe
    held(world, prediction, traffic)


def test_text_and_json_are_the_same_table() -> None:
    """The kernel lists the same, whichever of the two it was given, once or again; and that is the intent."""
    written = host()
    with Namespace.new() as space, Nftables(space) as nft:
        listings = []
        for _ in range(2):
            nft.run(written.files["crenel-nodes.nft"])
            listings.append(_plain(nft.json("list ruleset")))
        nft.json(written.files["crenel-nodes.nft.json"])
        listings.append(_plain(nft.json("list ruleset")))
        listed = nft.json("list ruleset")
    assert listings[0] == listings[1] == listings[2]
    wanted = reference(platform_of("hosts").meaning(written))
    for each in seen(written.wanted, {"crenel-nodes.nft.json": listed}):
        assert compare(wanted, each) == []


def _plain(listing: Any) -> str:
    """A listing without handles, which are numbers of each time."""
    items = [{kind: {**value, "handle": 0} for kind, value in each.items()} for each in listing["nftables"]]
    return json.dumps([each for each in items if "metainfo" not in each], sort_keys=True)


def test_others_still_have_their_say() -> None:
    """The table stands beside those of kube-proxy and of users: loading and deleting it leaves them alone."""
    others = "table ip kube-proxy { chain a { type filter hook input priority 0; tcp dport 9 drop; }; }"
    with Namespace.new() as space, Nftables(space) as nft:
        nft.run(others)
        before = _plain(nft.json("list ruleset"))
        nft.run(host().files["crenel-nodes.nft"])
        nft.run("delete table inet crenel-host")
        assert _plain(nft.json("list ruleset")) == before


def test_a_host_without_openings_keeps_its_leases_and_neighbours() -> None:
    """With nothing opened it still answers, is told of errors, keeps its addresses, and speaks to its pods."""
    text = write(replace(NODE, openings=[]), "hosts").files["crenel-nodes.nft"]
    arriving = text.partition("chain arriving")[2].partition("chain leaving")[0]
    assert "ct state established,related accept" in arriving
    assert "meta l4proto 58 accept" in arriving
    assert "ip6 saddr fe80::/10 udp dport 546 accept" in arriving
    assert "ip saddr { 10.9.0.1, 10.9.0.2 } accept" in arriving
