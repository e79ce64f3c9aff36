"""What a platform has no room or no words for is told exactly, and half of nothing is written."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from crenel.harden.infrastructure import Opening, Wanted, prove, write
from crenel.network.addresses import AddressSet
from harden.infrastructure.worlds import IN, OUT, SHOP, at, opening


def with_more(*openings: Opening) -> Wanted:
    """The shop with further openings."""
    return replace(SHOP, openings=[*SHOP.openings, *openings])


def scattered(count: int, port: str = "TCP/8080") -> Wanted:
    """The shop, with so many partners that no two ranges can be joined, and whom nothing else lets in."""
    cidrs = [f"198.{18 + number // 250}.{number % 250}.1/32" for number in range(count)]
    return with_more(opening("nodes", IN, at(*cidrs), port, "partners"))


def rules_of(wanted: Wanted) -> Counter[str]:
    """How many rules of IPv4 each security group of AWS has, inwards."""
    data = json.loads(write(wanted, "aws").files["crenel-aws.tf.json"])
    listed = data["resource"]["aws_vpc_security_group_ingress_rule"].values()
    return Counter(each["security_group_id"] for each in listed if "cidr_ipv6" not in each)


def test_rules_of_aws_go_into_several_groups() -> None:
    """More than 60 rules a direction and family take several groups, of which all are put at the interfaces."""
    wanted = scattered(130)
    count = rules_of(wanted)
    mine = {name: number for name, number in count.items() if "nodes" in name}
    assert sorted(mine.values()) == [15, 60, 60]
    written = write(wanted, "aws")
    assert "nodes: put crenel-nodes, crenel-nodes-2, crenel-nodes-3 in the place" in " ".join(written.notes)
    assert all(proof.holds for proof in prove(written))


def test_what_five_groups_have_no_room_for_is_not_written() -> None:
    """More than that does not fit: nothing is written of this group, the others are, and both are said."""
    written = write(scattered(400), "aws")
    (told,) = [each for each in written.unfit if each.where == "nodes"]
    assert told.says == (
        "no security group is written: it takes 405 rules of IPv4 ingress, and 5 groups of 60 have room for 300; join"
        " addresses or ports, or raise the quota"
    )
    assert "crenel-nodes" not in written.files["crenel-aws.tf.json"]
    assert "crenel-lb-shop" in written.files["crenel-aws.tf.json"]
    assert all(proof.holds for proof in prove(written))


def test_prefix_lists_are_made_for_what_is_said_twice() -> None:
    """Ranges that more than one rule names are a list, which counts for as many rules as it has entries."""
    ends = at("198.51.100.0/25", "203.0.113.0/25", "192.0.2.0/28")
    wanted = with_more(
        opening("nodes", IN, ends, "TCP/8080", "partners"), opening("lb-shop", OUT, ends, "TCP/9090", "partners")
    )
    written = write(wanted, "aws")
    resources = json.loads(written.files["crenel-aws.tf.json"])["resource"]
    assert resources["aws_ec2_managed_prefix_list"] == {
        "ranges-1": {
            "name": "crenel-ranges-1", "address_family": "IPv4", "max_entries": 3,
            "entry": [{"cidr": "192.0.2.0/28"}, {"cidr": "198.51.100.0/25"}, {"cidr": "203.0.113.0/25"}],
        }
    }  # fmt: skip
    assert all(proof.holds for proof in prove(written))


@pytest.mark.parametrize(
    ("platform", "traffic", "says"),
    [
        ("aws", "SCTP/2905", "SCTP/2905 is not opened: security groups of AWS do not tell ports of SCTP apart"),
        ("azure", "SCTP", "SCTP is not opened: no virtual network of Azure carries it, or no rule names it"),
        ("azure", "ICMPv6", "ICMPv6 is not opened: no virtual network of Azure carries it, or no rule names it"),
        ("openstack", "0", "0 is not opened: some drivers of Neutron take IP protocol 0 for any protocol"),
    ],
)  # fmt: skip
def test_what_there_are_no_words_for_is_closed_and_told(platform: str, traffic: str, says: str) -> None:
    """It is missing from the files, with the opening that asked for it; what else that asked for is there."""
    asked = opening("nodes", IN, at("10.0.9.0/28"), traffic, "signalling")
    both = replace(asked, traffic=(*(asked.traffic or ()), *(SHOP.openings[0].traffic or ())))
    written = write(with_more(both), platform)
    (told,) = [each for each in written.unfit if each.opening is not None]
    assert (told.where, told.says, told.opening) == ("nodes, ingress (signalling)", says, asked)
    assert all(proof.holds for proof in prove(written))


def test_entries_of_network_acls_are_joined_to_have_room() -> None:
    """With too many entries for a list the same addresses get through with all traffic; the groups stay exact."""
    ports = [opening("nodes", IN, at("10.0.9.0/28"), f"TCP/{port}", "x") for port in range(8000, 8040, 2)]
    written = write(with_more(*ports), "aws")
    assert "subnet-n: its network ACL lets all traffic of the same addresses through, to have room" in written.notes
    assert not [each for each in written.unfit if each.where == "subnet-n"]
    assert all(proof.holds for proof in prove(written))


def test_network_acls_that_do_not_fit_are_left_out() -> None:
    """More addresses than a list has room for, and interfaces that nobody speaks for, keep a subnet from having one."""
    written = write(scattered(40), "aws")
    told = {each.where: each.says for each in written.unfit}
    assert told == {
        "subnet-n": "no network ACL is written: it takes 48 entries in one direction, of 18 at most",
        "subnet-c": "no network ACL is written: eni-db, which nothing is known of, is in this subnet too",
    }
    assert all(proof.holds for proof in prove(written))


def test_azure_counts_rules_and_prefixes() -> None:
    """A group of Azure has room for 4,000 prefixes; one rule takes many of them."""
    written = write(scattered(3000), "azure")
    assert not written.unfit
    written = write(scattered(4100), "azure")
    (told,) = written.unfit
    assert str(told) == (
        "nodes: no network security group is written: it takes 13 rules, of 1000 at most, and 4107 prefixes, of 4000 at"
        " most"
    )


def test_google_counts_ranges() -> None:
    """One rule of Google Cloud has room for 5,000 ranges."""
    written = write(scattered(5001), "gcp")
    assert [str(each) for each in written.unfit] == [
        "nodes: no firewall rules are written: one takes 5001 ranges, of 5000 at most; join addresses"
    ]
    assert "crenel-control-plane-in-1" in written.files["crenel-gcp.tf.json"]


def test_quotas_that_can_be_raised_are_notes() -> None:
    """What a project is allowed by default is told, and the rules are written whole."""
    written = write(scattered(120), "openstack")
    assert any("are more than the 10 and 100 that a project has by default" in each for each in written.notes)
    assert not written.unfit


def test_a_group_without_members_is_spoken_of_by_its_addresses() -> None:
    """A managed control plane has no interfaces to put rules at; nodes still know where it is."""
    (plane,) = [each for each in SHOP.groups if each.name == "control-plane"]
    managed = replace(plane, members=(), ranges=AddressSet.of("172.16.0.0/28"))
    wanted = replace(SHOP, groups=[*SHOP.groups[:2], managed])
    for platform in ("aws", "azure", "gcp", "openstack", "hosts"):
        written = write(wanted, platform)
        assert "control-plane" not in " ".join(written.files)
        assert "172.16.0.0" in " ".join(written.files.values())
        assert all(proof.holds for proof in prove(written))


def test_unknown_platforms_are_refused() -> None:
    """The message has those that there are."""
    with pytest.raises(ValueError, match="no rules are written for 'ibm': aws, azure, gcp, openstack, hosts"):
        write(SHOP, "ibm")


def test_those_whose_addresses_are_not_known_yet() -> None:
    """Where they are named by reference nothing is lost; where by addresses it is told, and no half list is written."""
    (lb,) = [each for each in SHOP.groups if each.name == "lb-shop"]
    planned = replace(lb, members=tuple(replace(each, addresses=AddressSet()) for each in lb.members))
    wanted = replace(SHOP, groups=[planned if each is lb else each for each in SHOP.groups])
    told = {platform: [str(each) for each in write(wanted, platform).unfit] for platform in ("aws", "hosts")}
    assert told["aws"][0] == "subnet-n: no network ACL is written: no address of lb-shop is known"
    assert told["hosts"] == [
        "nodes, ingress (Service shop/web): nothing is opened to lb-shop, of which no address is known"
    ]
    rules = json.loads(write(wanted, "aws").files["crenel-aws.tf.json"])["resource"]
    assert "${aws_security_group.lb-shop.id}" in json.dumps(rules["aws_vpc_security_group_ingress_rule"])


def test_names_of_further_groups_are_nobody_elses() -> None:
    """A second group of rules does not take the name that another group has."""
    wanted = scattered(70)
    twin = replace(wanted.groups[1], name="nodes-2")
    wanted = replace(wanted, groups=[wanted.groups[0], twin, wanted.groups[2]])
    openings = [each for each in wanted.openings if each.group != "lb-shop" and "lb-shop" not in each.end.groups]
    found = json.loads(write(replace(wanted, openings=openings), "aws").files["crenel-aws.tf.json"])
    assert set(found["resource"]["aws_security_group"]) == {"nodes", "nodes-2", "nodes-3", "control-plane"}
