"""Configuration of Terraform without anything to plan is read as the plan that it comes to."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.dialects import terraform
from crenel.harden.infrastructure.planning import planned
from crenel.provenance import Origin

CONFIGURATION = {
    "variable": {"vpc": {"type": "string"}},
    "resource": {
        "aws_security_group": {"a": {"name": "a", "vpc_id": "${var.vpc}"}},
        "aws_instance": {
            "b": {
                "vpc_security_group_ids": ["${aws_security_group.a.id}"],
                "network_interface": [{"device_index": 0, "network_interface_id": "${aws_network_interface.c.id}"}],
            }
        },
    },
}


def test_values_unknowns_and_references() -> None:
    """Literals are values; what refers is unknown until it is applied, and leads to what it refers to."""
    group, machine = terraform.resources(planned(CONFIGURATION), Origin("a.tf.json"))
    assert (group.address, dict(group.values), dict(group.unknown)) == (
        "aws_security_group.a", {"name": "a"}, {"id": True, "vpc_id": True},
    )  # fmt: skip
    assert machine.values["network_interface"] == [{"device_index": 0}]
    assert machine.unknown["network_interface"] == [{"network_interface_id": True}]
    assert machine.references["vpc_security_group_ids"] == ("aws_security_group.a",)
    assert machine.references["network_interface.0.network_interface_id"] == ("aws_network_interface.c",)


def test_variables_may_be_given() -> None:
    """A variable with a value is that."""
    group, _ = terraform.resources(planned(CONFIGURATION, {"vpc": "vpc-1"}), Origin("a.tf.json"))
    assert group.values["vpc_id"] == "vpc-1"


@pytest.mark.parametrize(
    "body", [{"count": 2}, {"for_each": {}}, {"name": "a-${var.b}"}, {"name": ['${join(",", var.b)}-']}]
)
def test_what_has_to_be_planned_is_refused(body: dict[str, Any]) -> None:
    """Repetition and expressions are Terraform's business."""
    with pytest.raises(ValueError, match=r"aws_vpc\.a"):
        planned({"resource": {"aws_vpc": {"a": body}}})
    with pytest.raises(ValueError, match="modules"):
        planned({"module": {}})
