"""How rule sets are written, form by form, and that providers know each attribute."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from crenel.harden.infrastructure import Wanted, write
from harden.infrastructure.strategies import intents
from harden.infrastructure.worlds import SHOP

SCHEMAS = {
    "aws_security_group": ("name? description? vpc_id?"),
    "aws_vpc_security_group_ingress_rule": (
        "security_group_id ip_protocol from_port? to_port? cidr_ipv4? cidr_ipv6? prefix_list_id?"
        " referenced_security_group_id? description?"
    ),
    "aws_vpc_security_group_egress_rule": (
        "security_group_id ip_protocol from_port? to_port? cidr_ipv4? cidr_ipv6? prefix_list_id?"
        " referenced_security_group_id? description?"
    ),
    "aws_ec2_managed_prefix_list": "name address_family max_entries entry?",
    "aws_network_acl": "vpc_id subnet_ids?",
    "aws_network_acl_rule": (
        "network_acl_id rule_number rule_action protocol egress? cidr_block? ipv6_cidr_block? from_port? to_port?"
        " icmp_type? icmp_code?"
    ),
    "azurerm_network_security_group": "name location resource_group_name",
    "azurerm_application_security_group": "name location resource_group_name",
    "azurerm_network_security_rule": (
        "name resource_group_name network_security_group_name priority direction access protocol source_port_range?"
        " destination_port_range? destination_port_ranges? source_address_prefix? source_address_prefixes?"
        " destination_address_prefix? destination_address_prefixes? source_application_security_group_ids?"
        " destination_application_security_group_ids? description?"
    ),
    "google_compute_firewall": (
        "name network direction? priority? target_tags? allow? deny? source_ranges? source_tags? destination_ranges?"
        " description?"
    ),
    "openstack_networking_secgroup_v2": "name description? delete_default_rules?",
    "openstack_networking_secgroup_rule_v2": (
        "direction ethertype security_group_id protocol? port_range_min? port_range_max? remote_ip_prefix?"
        " remote_group_id? description?"
    ),
}
"""The attributes of the providers' resources that are written; those with a question mark are optional there."""
CLOUDS = ("aws", "azure", "gcp", "openstack")


def resources(wanted: Wanted, platform: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """All resources of Terraform: type, name and body."""
    for name, text in write(wanted, platform).files.items():
        if name.endswith(".tf.json"):
            for kind, found in json.loads(text)["resource"].items():
                yield from ((kind, each, body) for each, body in found.items())


@pytest.mark.parametrize("platform", CLOUDS)
@given(wanted=intents(rare=True))
@settings(max_examples=10, deadline=None)
def test_providers_know_what_is_written(platform: str, wanted: Wanted) -> None:
    """Every attribute is one of the provider's, none that it requires is missing, and names are names."""
    for kind, name, body in resources(wanted, platform):
        known = SCHEMAS[kind].split()
        assert set(body) <= {each.rstrip("?") for each in known}
        assert {each for each in known if not each.endswith("?")} <= set(body)
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name)
        assert len(body.get("description", "")) <= 255


@given(wanted=intents())
@settings(max_examples=20, deadline=None)
def test_rules_of_one_direction_have_numbers_of_their_own(wanted: Wanted) -> None:
    """Priorities of Azure are from 100 to 4096, once each; numbers of entries of network ACLs likewise."""
    seen = [
        (body["network_security_group_name"], body["direction"], body["priority"])
        for kind, _, body in resources(wanted, "azure")
        if kind == "azurerm_network_security_rule"
    ]
    assert len(seen) == len(set(seen))
    assert all(100 <= priority <= 4096 for _, _, priority in seen)
    listed = [
        (body["network_acl_id"], body["egress"], body["rule_number"])
        for kind, _, body in resources(wanted, "aws")
        if kind == "aws_network_acl_rule"
    ]
    assert len(listed) == len(set(listed))


def test_aws() -> None:
    """Groups refer to each other, and an answer of a node to its load balancer has an entry of its own."""
    written = write(SHOP, "aws")
    found = json.loads(written.files["crenel-aws.tf.json"])["resource"]
    assert found["aws_security_group"]["lb-shop"] == {
        "name": "crenel-lb-shop", "description": "lb-shop, by crenel harden", "vpc_id": "vpc-1",
    }  # fmt: skip
    assert {
        "security_group_id": "${aws_security_group.nodes.id}", "ip_protocol": "tcp", "from_port": 30443,
        "to_port": 30443, "referenced_security_group_id": "${aws_security_group.lb-shop.id}",
        "description": "Service shop/web",
    } in found["aws_vpc_security_group_ingress_rule"].values()  # fmt: skip
    entries = [each for each in found["aws_network_acl_rule"].values() if "subnet-1" in each["network_acl_id"]]
    assert any(
        each["egress"]
        and each["cidr_block"] == "10.0.1.99/32"
        and (each["from_port"], each["to_port"]) == (1024, 65535)
        for each in entries
        if "cidr_block" in each
    )
    template = json.loads(written.files["crenel-aws.template.json"])["Resources"]
    assert template["NodesIngress2"] == {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": {"Fn::GetAtt": ["Nodes", "GroupId"]}, "IpProtocol": "tcp", "FromPort": 30443, "ToPort": 30443,
            "SourceSecurityGroupId": {"Fn::GetAtt": ["LbShop", "GroupId"]}, "Description": "Service shop/web",
        },
    }  # fmt: skip
    assert template["ControlPlane"]["Properties"]["SecurityGroupEgress"] == [
        {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32", "Description": "nothing else leaves"}
    ]


def test_azure() -> None:
    """Rules that allow come first, one denies the rest; probes and members have words of their own."""
    template = json.loads(write(SHOP, "azure").files["crenel-azure.template.json"])
    (group,) = [
        each for each in template["resources"]
        if (each["type"], each["name"]) == ("Microsoft.Network/networkSecurityGroups", "crenel-control-plane")
    ]  # fmt: skip
    inwards = [each for each in group["properties"]["securityRules"] if each["name"].startswith("in-")]
    assert inwards == [
        {
            "name": "in-1",
            "properties": {
                "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
                "destinationAddressPrefix": "*", "destinationPortRange": "6443",
                "sourceApplicationSecurityGroups": [
                    {"id": "[resourceId('Microsoft.Network/applicationSecurityGroups', 'crenel-nodes')]"}
                ],
                "description": "the API server",
            },
        },
        {
            "name": "in-rest",
            "properties": {
                "priority": 4096, "direction": "Inbound", "access": "Deny", "protocol": "*", "sourcePortRange": "*",
                "destinationAddressPrefix": "*", "destinationPortRange": "*", "sourceAddressPrefix": "*",
                "description": "what nothing needs",
            },
        },
    ]  # fmt: skip


def test_google() -> None:
    """Members are named by tags where they send, and by addresses where they are sent to."""
    listed = {each["name"]: each for each in json.loads(write(SHOP, "gcp").files["crenel-gcp.firewalls.json"])}
    assert listed["crenel-control-plane-in-1"] == {
        "kind": "compute#firewall", "name": "crenel-control-plane-in-1", "network": "global/networks/vpc-1",
        "direction": "INGRESS", "priority": 1000, "targetTags": ["crenel-control-plane"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["6443"]}], "sourceTags": ["crenel-nodes"],
        "description": "the API server",
    }  # fmt: skip
    assert listed["crenel-control-plane-out-rest-ipv4"]["denied"] == [{"IPProtocol": "all"}]
    assert listed["crenel-control-plane-out-1"]["destinationRanges"] == ["10.0.2.0/24"]


def test_openstack() -> None:
    """One rule for each IP version, and no rule that lets everything out."""
    listed = json.loads(write(SHOP, "openstack").files["crenel-openstack.security-groups.json"])["security_groups"]
    (group,) = [each for each in listed if each["name"] == "crenel-control-plane"]
    rules = [(each["direction"], each["ethertype"], each["remote_group_id"]) for each in group["security_group_rules"]]
    assert rules == [
        ("egress", "IPv4", "crenel-nodes"), ("egress", "IPv6", "crenel-nodes"),
        ("ingress", "IPv4", "crenel-nodes"), ("ingress", "IPv6", "crenel-nodes"),
    ]  # fmt: skip


def test_hosts() -> None:
    """One file for each group; answers, loopback and what is passed on come first."""
    files = write(SHOP, "hosts").files
    assert sorted(files) == [
        "crenel-control-plane.nft", "crenel-control-plane.nft.json", "crenel-nodes.nft", "crenel-nodes.nft.json",
    ]  # fmt: skip
    assert (
        files["crenel-control-plane.nft"]
        == """\
# control-plane, by crenel harden
table inet crenel-host
delete table inet crenel-host
table inet crenel-host {
	chain arriving {
		type filter hook prerouting priority -150; policy accept;
		ct state established,related accept
		iifname "lo" accept
		fib daddr type != local accept
		ip saddr 10.244.0.0/16 accept comment "pods, which policies decide on"
		meta l4proto 1 accept comment "control messages, neighbour discovery"
		meta l4proto 58 accept comment "control messages, neighbour discovery"
		ip saddr 10.0.2.0/24 tcp dport 6443 accept comment "the API server"
		ip6 saddr 2001:db8:2::/64 tcp dport 6443 accept comment "the API server"
		ip6 saddr fe80::/10 udp dport 546 accept comment "leases of addresses"
		drop
	}
	chain leaving {
		type filter hook output priority 0; policy accept;
		ct state established,related accept
		oifname "lo" accept
		ip daddr 10.244.0.0/16 accept comment "pods, which policies decide on"
		meta l4proto 1 accept comment "control messages, neighbour discovery"
		meta l4proto 58 accept comment "control messages, neighbour discovery"
		ip daddr 10.0.2.0/24 tcp dport 10250 accept comment "kubelets"
		ip6 daddr 2001:db8:2::/64 tcp dport 10250 accept comment "kubelets"
		meta nfproto ipv4 udp dport 67 accept comment "leases of addresses"
		ip6 daddr ff02::/16 udp dport 547 accept comment "leases of addresses"
		drop
	}
}
"""
    )
