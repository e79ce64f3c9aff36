"""Whatever a document holds, reading it raises nothing; and much of it is read fast."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.dialects import azure
from crenel.network.wire import wire
from crenel.provenance import Origin
from dialects.azure import plans, samples, test_balancers, test_effective, test_template
from dialects.azure.asking import machines, read
from dialects.azure.samples import rule
from growth import linear

NESTED = test_template.template(
    test_template.nested("n", test_template.template(test_template.nsg("m")), parameters={"x": {"value": 1}}),
    test_template.nsg("nsg", rule("x", 100, source="[parameters('p')]")),
    test_template.vnet(test_template.GROUP),
    test_template.nic(test_template.SUBNET),
    parameters={"p": {"defaultValue": "[variables('v')]"}},
    variables={"v": "[concat('10.0.0.', '1')]"},
)
VALID: list[Any] = [
    plans.plan(*plans.shop()),
    plans.state(*plans.shop()),
    *(document for _, documents in samples.documents() for document in documents),
    *map(samples.in_service_shape, samples.two_tiers()), *test_balancers.gateway(),
    test_effective.printed(test_effective.RULES), NESTED, samples.table("rt", ("0.0.0.0/0", "None", "")),
    {"values": [{"name": "Storage", "properties": {"addressPrefixes": ["20.60.0.0/16"]}}]},
]  # fmt: skip
JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(
            [
                "[",
                "[]",
                "[[",
                "[a(",
                "/",
                "//providers/",
                "Microsoft.Network/x",
                "10.0.0.0/8",
                "0.0.0.0/99",
                "::",
                "*",
                "-",
                "0-65536",
                "Tcp",
                "[parameters('p')]",
                "[variables('v')]",
                "5" * 400,
            ]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "name", "type", "properties", "value", "subnets", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=5,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all values inside of a document."""
    found = [path]
    for name, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        found += places(value, (*path, name))
    return found


def changed(data: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """A copy with another value at a place."""
    if not path:
        return junk
    made = copy.copy(data)
    made[path[0]] = changed(data[path[0]], path[1:], junk)
    return made


@st.composite
def mutated(draw: st.DrawFn) -> list[Any]:
    """Valid documents, some values of which are something else."""
    documents = [draw(st.sampled_from(VALID)) for _ in range(draw(st.integers(1, 5)))]
    for _ in range(draw(st.integers(1, 4))):
        number = draw(st.integers(0, len(documents) - 1))
        path = draw(st.sampled_from(places(documents[number])))
        documents[number] = changed(documents[number], path, draw(JUNK))
    return documents


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_nothing_raises(documents: list[Any]) -> None:
    """Recognising, reading and lowering mutated documents ends in an infrastructure."""
    known = [(each, Origin("x")) for each in documents if azure.recognises(each)]
    wire(azure.read(known))


@given(JUNK)
def test_anything_is_recognised_or_not(data: Any) -> None:
    """No value at all makes an exception."""
    assert azure.recognises(data) in {True, False}
    azure.read([(data, Origin("x"))])


@pytest.mark.parametrize(
    "other",
    [
        None, [], {}, "text", 7, [1, 2], {"apiVersion": "v1", "kind": "Pod"}, {"SecurityGroups": []},
        {"items": [{"kind": "compute#firewall"}]}, {"nftables": [{"metainfo": {}}]}, {"value": [{"a": 1}]},
        {"format_version": "1.2", "planned_values": {"root_module": {"resources": [{"type": "aws_vpc"}]}}},
    ],
)  # fmt: skip
def test_what_others_write_is_not_recognised(other: Any) -> None:
    """Documents of other platforms are left to them."""
    assert not azure.recognises(other)


def test_all_samples_are_recognised() -> None:
    """Each of the documents by itself."""
    assert all(map(azure.recognises, VALID))


def test_a_very_deep_document_is_a_problem() -> None:
    """Nesting beyond all reason is reported, and the other documents are read."""
    deep: Any = "x"
    for _ in range(3000):
        deep = [deep]
    document = test_template.template({**test_template.nsg("nsg"), "tags": deep})
    found = read(document, *samples.two_tiers())
    assert [problem.message for problem in found.problems] == ["nested too deeply to be read"]
    assert len(machines(found)) == 5


def many(groups: int, rules: int) -> list[Any]:
    """A network with a subnet, a group and a machine for each of many."""
    made, subnets, nics = [], [], []
    for number in range(groups):
        third = f"{number // 200}.{number % 200}"
        own = [
            rule(
                f"r{each}", 100 + each, "Inbound" if each % 4 else "Outbound", "Allow" if each % 5 else "Deny",
                source=f"{20 + each}.{number}.0.0/16", ports=str(1000 + each),
            )
            for each in range(rules)
        ]  # fmt: skip
        made.append(samples.group(f"nsg{number}", *own, subnets=(f"s{number}",)))
        subnets.append(samples.subnet(f"s{number}", f"10.{third}.0/24"))
        nics.append(samples.nic(f"n{number}", samples.configuration("ipconfig1", f"10.{third}.4", f"s{number}")))
    return [made, samples.network(*subnets, space=("10.0.0.0/8",)), nics]


@pytest.mark.alone
def test_many_rules_are_read_in_linear_time() -> None:
    """As 200 groups with 5,000 rules are, against an eighth of them."""

    def reading(groups: int) -> Callable[[], object]:
        documents = [(each, Origin("x")) for each in many(groups, 25)]
        return lambda: azure.read(documents)

    linear(reading, 25, 200)
