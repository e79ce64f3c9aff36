"""The forms in which OpenStack's own tools print the same things."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.dialects import openstack
from crenel.questions.verdict import Outcome
from dialects.openstack import samples
from dialects.openstack.asking import A, D, U, interface, outcome, read
from dialects.openstack.samples import group, groups, port, ports, rule

CLIENT = "203.0.113.9"
GROUPS = [{"ID": "sg", "Name": "web", "Description": "", "Project": "p", "Tags": [], "Shared": False}]
SERVERS = [{
    "ID": samples.SERVERS["web"], "Name": "web", "Status": "ACTIVE", "Image": "debian", "Flavor": "small",
    "Networks": {"shop": ["10.0.0.10", "93.184.216.34"]},
}]  # fmt: skip
PORTS = [{
    "ID": "port-1", "Name": "", "MAC Address": "fa:16:3e:00:00:01", "Status": "ACTIVE",
    "Fixed IP Addresses": [{"subnet_id": "s", "ip_address": "10.0.0.10"}], "Security Groups": ["sg"],
    "Device Owner": "compute:nova", "Tags": [],
}]  # fmt: skip


def row(protocol: str | None, text: str = "", prefix: str = "0.0.0.0/0", **more: Any) -> dict[str, Any]:
    """A row of ``openstack security group rule list``."""
    return {
        "ID": f"{protocol}{text}{prefix}{more}", "IP Protocol": protocol, "Ethertype": "IPv4", "IP Range": prefix,
        "Port Range": text, "Direction": "ingress", "Remote Security Group": None, "Remote Address Group": None,
        "Security Group": "sg", **more,
    }  # fmt: skip


ROWS = [
    ([row("tcp", "443:443")], "TCP/443", A),
    ([row("tcp", "80:442")], "TCP/443", D),
    ([row("tcp")], "TCP/443", A),
    ([row(None)], "UDP/1", A),
    ([row("icmp", "type=8")], "ICMP", U),
    ([row("icmp", "type=8:code=0")], "ICMP", U),
    ([row("icmp")], "ICMP", A),
    ([row("tcp", "443:443", "198.51.100.0/24")], "TCP/443", D),
    ([row("tcp", "443:443", **{"Remote Security Group": "sg"})], "TCP/443", D),
    ([row("tcp", "what?")], "TCP/443", U),
    ([{key: value for key, value in row("tcp", "443:443").items() if key != "Direction"}], "TCP/443", U),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "traffic", "expected"), ROWS)
def test_lists_of_the_command_line(rows: list[Any], traffic: str, expected: Outcome) -> None:
    """Rules, groups and ports as lists print them; with a remote group the column of the range means nothing."""
    assert outcome([rows, GROUPS, PORTS, SERVERS], CLIENT, "web", traffic) is expected


def test_a_list_of_groups_alone_does_not_tell_their_rules() -> None:
    """Without the list of rules nothing is known of what a group allows."""
    assert outcome([GROUPS, PORTS], CLIENT, "port-1") is U
    assert outcome([GROUPS, PORTS, [row("udp", **{"Security Group": "another"})]], CLIENT, "port-1") is D


def test_rules_of_one_group_have_to_name_it() -> None:
    """``security group rule list GROUP`` leaves the group out, so that the rules cannot be applied; that is said."""
    bare = {key: value for key, value in row("tcp", "443:443").items() if key != "Security Group"}
    found = read([bare], GROUPS, PORTS)
    assert "of which security group" in found.problems[0].message
    assert outcome([[bare], GROUPS, PORTS], CLIENT, "port-1") is U


def test_servers_lend_ports_their_names_and_machines() -> None:
    """Lists of ports do not say whose they are; the addresses of the list of servers do."""
    made = interface([PORTS, SERVERS], "web")
    assert made.machine == f"openstack:///{samples.SERVERS['web']}"


def test_servers_without_ports_stand_for_themselves() -> None:
    """Where no port is in the input the addresses of a server do, the public one of a network as a floating one."""
    made = interface([SERVERS], "web")
    assert (str(made.addresses), str(made.public)) == ("10.0.0.10/32", "93.184.216.34/32")
    assert outcome([SERVERS], CLIENT, "web") is U
    answer = {"servers": [{
        "id": "s-1", "name": "web", "flavor": {}, "image": {}, "OS-EXT-STS:vm_state": "active",
        "security_groups": [{"name": "only"}],
        "addresses": {"shop": [{"addr": "10.0.0.10", "version": 4, "OS-EXT-IPS:type": "fixed"},
                               {"addr": "10.99.0.1", "version": 4, "OS-EXT-IPS:type": "floating"}]},
    }]}  # fmt: skip
    told = groups(group("sg", "only", rule(protocol="tcp", ports=443)))
    assert str(interface([answer], "web").public) == "10.99.0.1/32"
    assert [outcome([answer, told], CLIENT, "web", f"TCP/{each}") for each in (443, 22)] == [A, D]
    twice = groups(group("sg", "only", rule(protocol="tcp", ports=443)), group("sg-2", "only"))
    assert outcome([answer, twice], CLIENT, "web") is U, "two groups have this name"


def test_what_older_versions_print_as_text() -> None:
    """Values that were texts within JSON before version 4: addresses, groups, networks and rules."""
    old_ports = [{
        **PORTS[0], "Fixed IP Addresses": "ip_address='10.0.0.10', subnet_id='s'", "Security Groups": "sg",
    }]  # fmt: skip
    shown = {
        "id": "sg", "name": "web", "project_id": "p", "revision_number": 3,
        "rules": "direction='ingress', ethertype='IPv4', id='1', port_range_max='443', port_range_min='443', "
        "protocol='tcp'\ndirection='egress', ethertype='IPv4', id='2'",
    }  # fmt: skip
    old_servers = [{**SERVERS[0], "Networks": "shop=10.0.0.10, 93.184.216.34"}]
    documents = [old_ports, shown, old_servers]
    assert [outcome(documents, CLIENT, "web", f"TCP/{each}") for each in (443, 22)] == [A, D]
    assert outcome(documents, "web", CLIENT, "TCP/1") is A


def test_shown_resources_are_read_as_listed_ones() -> None:
    """``show`` prints one resource with the names of the API."""
    shown = port("web", "10.0.0.10", groups=())
    shown["security_group_ids"] = ["sg"]
    del shown["security_groups"]
    one = {**group("sg", "only", rule(protocol="tcp", ports=443)), "revision_number": 1}
    one["rules"] = one.pop("security_group_rules")
    assert [outcome([shown, one], CLIENT, "web", f"TCP/{each}") for each in (443, 22)] == [A, D]
    wrapped = [{"port": shown}, {"security_group": group("sg", "only", rule(protocol="tcp", ports=443))}]
    assert outcome(wrapped, CLIENT, "web") is A


@pytest.mark.parametrize(
    "document",
    [
        GROUPS, PORTS, SERVERS, [row("tcp")], groups(group("a", "b")), ports(port("a", "10.0.0.1")),
        {"floatingips": [samples.floating("93.184.216.9")]}, *samples.network(), *samples.balancer(),
        [{"ID": "1", "Name": "n", "Network": "net", "Subnet": "10.0.0.0/24"}],
        [{"ID": "1", "Name": "n", "Subnets": ["s"]}],
        [{"ID": "1", "Name": "r", "Status": "ACTIVE", "State": "UP", "Project": "p"}],
    ],
)  # fmt: skip
def test_documents_are_recognised(document: Any) -> None:
    """By the names of their fields."""
    assert openstack.recognises(document)


@pytest.mark.parametrize(
    "document",
    [
        None, 3, "ports", [], {}, [[]], {"ports": []}, {"ports": [{"port": 80, "protocol": "TCP"}]},
        {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}},
        {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": []}]},
        [{"kind": "compute#firewall", "name": "x", "network": "y"}], {"networks": {"a": 1}},
        [{"name": "nsg", "securityRules": [], "type": "Microsoft.Network/networkSecurityGroups"}],
    ],
)  # fmt: skip
def test_documents_of_others_are_not(document: Any) -> None:
    """Kubernetes' objects and those of other clouds are none of OpenStack's."""
    assert not openstack.recognises(document)
