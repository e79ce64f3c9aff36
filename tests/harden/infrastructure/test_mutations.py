"""The proof notices what is missing from a rule set and what is too much in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from crenel.harden.infrastructure import Form, Written, prove, write
from harden.infrastructure.worlds import SHOP

RULES: dict[str, Callable[[Any], list[tuple[Any, Any]]]] = {
    "aws terraform": lambda data: _of_terraform(data, "aws_vpc_security_group_ingress_rule", "aws_network_acl_rule"),
    "azure terraform": lambda data: _of_terraform(data, "azurerm_network_security_rule"),
    "gcp terraform": lambda data: _of_terraform(data, "google_compute_firewall"),
    "openstack terraform": lambda data: _of_terraform(data, "openstack_networking_secgroup_rule_v2"),
    "azure arm": lambda data: _of_lists(each["properties"].get("securityRules", []) for each in data["resources"]),
    "gcp api": lambda data: _of_lists([data]),
    "openstack neutron": lambda data: _of_lists(each["security_group_rules"] for each in data["security_groups"]),
    "aws cloudformation": lambda data: [
        (data["Resources"], name) for name, each in data["Resources"].items() if "SecurityGroupIngress" in each["Type"]
    ],
    "hosts nft json": lambda data: [
        (data["nftables"], place) for place, each in enumerate(data["nftables"]) if "drop" in str(each)
    ],
}  # fmt: skip
"""By platform and form, where in a document single rules are: what holds them, and their key there."""


def _of_terraform(data: Any, *kinds: str) -> list[tuple[Any, Any]]:
    return [(data["resource"][kind], name) for kind in kinds for name in data["resource"][kind]]


def _of_lists(lists: Any) -> list[tuple[Any, Any]]:
    return [(each, place) for each in lists for place, _ in enumerate(each)]


def mutants(written: Written, form: Form, find: Callable[[Any], list[tuple[Any, Any]]]) -> Iterator[Written]:
    """The rule set without one of its rules, for each of them."""
    for name, text in form.files.items():
        for number, _ in enumerate(find(json.loads(text))):
            data = json.loads(text)
            holder, key = find(data)[number]
            del holder[key]
            changed = replace(form, files={**form.files, name: json.dumps(data)})
            yield replace(written, forms=[changed])


@pytest.mark.parametrize("title", RULES)
def test_no_rule_is_missed(title: str) -> None:
    """Without any one of its rules a rule set is another one: none is there for nothing."""
    platform, _, name = title.partition(" ")
    written = write(SHOP, platform)
    form = next(each for each in written.forms if each.name == name)
    count = 0
    for mutant in mutants(written, form, RULES[title]):
        (proof,) = prove(mutant)
        assert proof.differences, mutant.files
        count += 1
    assert count >= 4


@pytest.mark.parametrize("platform", ["aws", "azure", "gcp", "openstack", "hosts"])
def test_a_wider_rule_is_noticed(platform: str) -> None:
    """A port more than is meant is named, with who may use it."""
    written = write(SHOP, platform)
    for form in written.forms[1:]:
        wide = {name: text.replace("10250", "10251") for name, text in form.files.items()}
        (proof,) = prove(replace(written, forms=[replace(form, files=wide)]))
        assert any("TCP/10251" in each.extra for each in proof.differences)
        assert any("TCP/10250" in each.missing for each in proof.differences)
