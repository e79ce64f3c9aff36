"""Plans and states of Terraform: resources of all modules, what is unknown, and what expressions refer to."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crenel.dialects.terraform import Resource, recognises, resources
from crenel.provenance import NOWHERE


def value(address: str, **values: Any) -> dict[str, Any]:
    """A resource with its values."""
    kind, name = address.split(".")[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": name.split("[")[0], "values": values}


def refer(*texts: str) -> dict[str, list[str]]:
    """An expression."""
    return {"references": list(texts)}


PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "planned_values": {
        "root_module": {
            "resources": [value("aws_security_group.web", name="web"), value("aws_instance.node[0]", ami="x")],
            "child_modules": [{"resources": [value("module.net.aws_subnet.a", cidr="10.0.0.0/24")]}],
        }
    },
    "resource_changes": [
        {"address": "aws_security_group.web", "change": {"after_unknown": {"id": True}}},
        {"address": "module.net.aws_subnet.a", "change": {"after_unknown": {"id": True, "vpc_id": True}}},
    ],
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_security_group.web",
                    "expressions": {
                        "name": {"constant_value": "web"},
                        "ingress": [{"security_groups": refer("aws_security_group.lb.id", "aws_security_group.lb")}],
                    },
                },
                {"address": "aws_instance.node", "expressions": {"subnet_id": refer("module.net.subnet")}},
            ],
            "module_calls": {
                "net": {
                    "expressions": {"vpc": refer("aws_vpc.main.id", "aws_vpc.main")},
                    "module": {
                        "outputs": {"subnet": {"expression": refer("aws_subnet.a.id", "aws_subnet.a")}},
                        "resources": [{"address": "aws_subnet.a", "expressions": {"vpc_id": refer("var.vpc")}}],
                    },
                }
            },
        }
    },
}  # fmt: skip


def by_address(data: Any) -> dict[str, Resource]:
    """The resources by address."""
    return {each.address: each for each in resources(data, NOWHERE)}


def test_resources_of_all_modules() -> None:
    """Each has its values, what is unknown, and the way to it in the document."""
    found = by_address(PLAN)
    assert set(found) == {"aws_security_group.web", "aws_instance.node[0]", "module.net.aws_subnet.a"}
    subnet = found["module.net.aws_subnet.a"]
    assert (subnet.type, subnet.values["cidr"], subnet.unknown) == (
        "aws_subnet",
        "10.0.0.0/24",
        {"id": True, "vpc_id": True},
    )
    assert subnet.field == ("planned_values", "root_module", "child_modules", 0, "resources", 0, "values")


def test_references_go_through_modules() -> None:
    """An expression refers to a resource, also in a nested block, by an output of a module or by its input."""
    found = by_address(PLAN)
    assert found["aws_security_group.web"].references == {"ingress.0.security_groups": ("aws_security_group.lb",)}
    assert found["aws_instance.node[0]"].references == {"subnet_id": ("module.net.aws_subnet.a",)}
    assert found["module.net.aws_subnet.a"].references == {"vpc_id": ("aws_vpc.main",)}


def test_a_state_has_values_alone() -> None:
    """A state is read as well; it has neither unknowns nor references."""
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [value("aws_vpc.main", id="vpc-1")]}}}
    assert recognises(state)
    (found,) = resources(state, NOWHERE)
    assert (found.unknown, found.references, found.values) == ({}, {}, {"id": "vpc-1"})


def test_other_documents_are_none() -> None:
    """Neither a mapping of another sort nor anything else is a plan."""
    others: list[Any] = [{}, [], "x", None, {"format_version": 1, "values": {}}, {"format_version": "1.0"}]
    for data in others:
        assert not recognises(data)
        assert list(resources(data, NOWHERE)) == []


NAMES = (
    "root_module", "resources", "address", "expressions", "references", "module_calls", "change", "values", "outputs",
    "expression", "module",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
PLANS = st.fixed_dictionaries(
    {
        "format_version": st.just("1.2"),
        "planned_values": st.dictionaries(st.just("root_module"), JSON),
        "resource_changes": JSON,
        "configuration": JSON,
    }
)


@given(PLANS)
def test_anything_is_read(data: dict[str, Any]) -> None:
    """Whatever is in the fields, nothing is raised."""
    assert all(isinstance(each.address, str) for each in resources(data, NOWHERE))
