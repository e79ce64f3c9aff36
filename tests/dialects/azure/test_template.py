"""Templates of Azure Resource Manager: expressions, children, loops, conditions, nested deployments."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.dialects.azure.expressions import parse
from crenel.dialects.azure.fields import Unresolved
from crenel.dialects.azure.scopes import Scope
from crenel.network.firewalls import Answer
from dialects.azure.asking import A, D, U, machines, outcome, read
from dialects.azure.samples import rule

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
OUT = "8.8.8.8"


def template(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A template with some resources."""
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **more}


def written(data: dict[str, Any]) -> dict[str, Any]:
    """A rule as templates write it."""
    return {"name": data["name"], "properties": {key: value for key, value in data.items() if key != "name"}}


def nsg(name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A group."""
    return {
        "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2023-09-01", "name": name,
        "properties": {"securityRules": [written(each) for each in rules]}, **more,
    }  # fmt: skip


def vnet(group: str, space: str = "10.0.0.0/16", prefix: str = "10.0.1.0/24") -> dict[str, Any]:
    """A network with one subnet whose group an expression tells."""
    return {
        "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2023-09-01", "name": "vnet",
        "properties": {
            "addressSpace": {"addressPrefixes": [space]},
            "subnets": [{"name": "s", "properties": {"addressPrefix": prefix, "networkSecurityGroup": {"id": group}}}],
        },
    }  # fmt: skip


def nic(subnet: str, address: str = "10.0.1.4") -> dict[str, Any]:
    """An interface in a subnet that an expression tells."""
    inner = {"privateIPAddress": address, "privateIPAllocationMethod": "Static", "subnet": {"id": subnet}}
    return {
        "type": "Microsoft.Network/networkInterfaces", "apiVersion": "2023-09-01", "name": "a",
        "properties": {"ipConfigurations": [{"name": "one", "properties": inner}]},
    }  # fmt: skip


GROUP = "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]"
SUBNET = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 's')]"


def test_resources_of_one_template_lead_to_each_other() -> None:
    """``resourceId`` of what the template deploys itself joins interface, subnet and group."""
    made = template(nsg("nsg", rule("x", 100)), vnet(GROUP), nic(SUBNET))
    assert outcome([made], OUT, "a") is A
    assert outcome([made], OUT, "a", "TCP/22") is D
    found = read(made)
    rules = [each for tier in found.tiers for rank in tier.ranks for one in rank for each in one.rules]
    assert ("resources", 0, "properties", "securityRules", 0) in {each.field for each in rules}
    assert found.problems == []


def test_parameters_and_variables() -> None:
    """Defaults of parameters, variables made from them, and texts made from both."""
    made = template(
        nsg("[variables('name')]", rule("x", 100, source="[parameters('from')]", ports="[string(parameters('port'))]")),
        vnet("[resourceId('Microsoft.Network/networkSecurityGroups', variables('name'))]"),
        nic("[concat(resourceId('Microsoft.Network/virtualNetworks', 'vnet'), '/subnets/', 's')]"),
        parameters={
            "from": {"type": "string", "defaultValue": OUT}, "port": {"type": "int", "defaultValue": 443},
            "env": {"type": "string", "defaultValue": "Prod"},
        },
        variables={"name": "[format('nsg-{0}', toLower(parameters('env')))]"},
    )  # fmt: skip
    assert outcome([made], OUT, "a") is A
    assert outcome([made], "8.8.4.4", "a") is D


def test_parameters_without_a_value_are_unknown() -> None:
    """A rule with such a source may match; names made from such a parameter still lead to each other."""
    made = template(
        nsg("[concat(parameters('prefix'), '-nsg')]", rule("x", 100, source="[parameters('from')]")),
        vnet("[resourceId('Microsoft.Network/networkSecurityGroups', concat(parameters('prefix'), '-nsg'))]"),
        nic(SUBNET),
        parameters={"prefix": {"type": "string"}, "from": {"type": "string"}},
    )
    assert outcome([made], OUT, "a") is U
    assert outcome([made], OUT, "a", "TCP/22") is D
    assert read(made).problems == []


def test_files_of_parameters() -> None:
    """What a file of parameters says comes before defaults, where the template knows all that it names."""
    made = template(
        nsg("nsg", rule("x", 100, source="[parameters('from')]")), vnet(GROUP), nic(SUBNET),
        parameters={"from": {"type": "string", "defaultValue": "9.9.9.9"}},
    )  # fmt: skip
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
    own = {"$schema": schema, "parameters": {"from": {"value": OUT}}}
    other = {"$schema": schema, "parameters": {"from": {"value": OUT}, "more": {"value": 1}}}
    assert outcome([made], OUT, "a") is D
    assert outcome([made, own], OUT, "a") is A
    assert outcome([made, other], OUT, "a") is D


def test_children() -> None:
    """Rules and subnets as children inside of their parent, and as resources with a name of two parts."""
    inside = {"type": "securityRules", "apiVersion": "2023-09-01", **written(rule("x", 100))}
    apart = {
        "type": "Microsoft.Network/networkSecurityGroups/securityRules", "apiVersion": "2023-09-01",
        **written(rule("nsg/y", 200, ports="22")),
    }  # fmt: skip
    subnet = {
        "type": "Microsoft.Network/virtualNetworks/subnets", "apiVersion": "2023-09-01", "name": "vnet/t",
        "properties": {"addressPrefix": "10.0.2.0/24", "networkSecurityGroup": {"id": GROUP}},
    }  # fmt: skip
    where = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 't')]"
    made = template(nsg("nsg", resources=[inside]), apart, vnet(""), subnet, nic(where, "10.0.2.4"))
    assert outcome([made], OUT, "a", "TCP/443") is A
    assert outcome([made], OUT, "a", "TCP/22") is A
    assert outcome([made], OUT, "a", "TCP/80") is D


def test_rules_of_a_group_that_is_not_in_the_template() -> None:
    """Others may be there already: what these do not decide is unknown."""
    apart = {
        "type": "Microsoft.Network/networkSecurityGroups/securityRules", "apiVersion": "2023-09-01",
        **written(rule("nsg/y", 100)),
    }  # fmt: skip
    assert outcome([template(apart, vnet(GROUP), nic(SUBNET))], OUT, "a", "TCP/22") is U


def test_loops() -> None:
    """Resources and properties in loops, each turn with its number; a count that is not known is one turn, stated."""
    ports: dict[str, Any] = {
        "name": "securityRules",
        "count": 3,
        "input": written(rule("[concat('r', copyIndex('securityRules'))]", 0)),
    }
    ports["input"]["properties"] |= {
        "priority": "[add(100, copyIndex('securityRules'))]",
        "destinationPortRange": "[string(add(8000, copyIndex('securityRules', 1)))]",
    }  # fmt: skip
    group = {
        **nsg("[format('nsg-{0}', copyIndex())]"),
        "properties": {"copy": [ports]},
        "copy": {"name": "g", "count": 2},
    }
    made = template(group, vnet("[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg-1')]"), nic(SUBNET))
    assert [outcome([made], OUT, "a", f"TCP/{port}") for port in (8000, 8001, 8003, 8004)] == [D, A, A, D]
    unknown = template(
        {**group, "copy": {"name": "g", "count": "[parameters('n')]"}}, parameters={"n": {"type": "int"}}
    )
    assert "the loop g of the template, whose count is not known, is gone through once" in read(unknown).assumptions


def test_conditions() -> None:
    """What is not deployed is left out; what may be is taken to be, and that is stated."""
    groups = [nsg("nsg", rule("x", 100), condition=each) for each in (False, "[equals(1, 2)]", "[parameters('p')]")]
    rest = [vnet(GROUP), nic(SUBNET)]
    assert outcome([template(groups[0], *rest)], OUT, "a") is U
    assert outcome([template(groups[1], *rest)], OUT, "a") is U
    maybe = template(groups[2], *rest, parameters={"p": {"type": "bool"}})
    assert outcome([maybe], OUT, "a") is A
    assert "networksecuritygroups nsg is deployed, as it is if parameters('p')" in read(maybe).assumptions


def nested(name: str, inner: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A deployment inside of a template."""
    return {
        "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name,
        "properties": {"mode": "Incremental", "template": inner, **properties},
    }  # fmt: skip


def test_nested_deployments() -> None:
    """With a scope of their own they have their own parameters, and outputs that others use, as modules do."""
    module = template(
        nsg("[parameters('name')]", rule("x", 100)),
        parameters={"name": {"type": "string"}},
        outputs={
            "id": {
                "type": "string",
                "value": "[resourceId('Microsoft.Network/networkSecurityGroups', parameters('name'))]",
            }
        },
    )
    deployment = nested(
        "groups", module, expressionEvaluationOptions={"scope": "inner"}, parameters={"name": {"value": "nsg-m"}}
    )  # fmt: skip
    group = "[reference(resourceId('Microsoft.Resources/deployments', 'groups')).outputs.id.value]"
    made = template(deployment, vnet(group), nic(SUBNET))
    assert outcome([made], OUT, "a") is A
    assert outcome([made], OUT, "a", "TCP/22") is D
    fields = {each.field for tier in read(made).tiers for rank in tier.ranks for one in rank for each in one.rules}
    inner = ("resources", 0, "properties", "template", "resources", 0, "properties", "securityRules", 0)
    assert inner in fields


def test_nested_deployments_in_the_scope_around() -> None:
    """Without a scope of their own they use the parameters and variables of the template around."""
    inner = template(nsg("nsg", rule("x", 100, ports="[variables('port')]")))
    made = template(nested("n", inner), vnet(GROUP), nic(SUBNET), variables={"port": "443"})
    assert outcome([made], OUT, "a") is A


def test_linked_deployments_are_not_in_the_input() -> None:
    """A deployment by a link is a notice."""
    linked = nested("far", {})
    linked["properties"] = {"templateLink": {"uri": "https://example.com/x.json"}}
    (problem,) = read(template(linked)).problems
    assert problem.message == "the template of this deployment is not in the input"


def test_symbolic_names_and_existing_resources() -> None:
    """Newer templates have a mapping of resources; those that exist already are only referred to."""
    resources = {
        "group": nsg("nsg", rule("x", 100)), "net": vnet(GROUP), "card": nic(SUBNET),
        "old": {**nsg("old"), "existing": True},
    }  # fmt: skip
    made = {**template(), "languageVersion": "2.0", "resources": resources}
    assert outcome([made], OUT, "a") is A
    assert len(machines(read(made))) == 1


def test_what_is_planned_has_no_addresses_yet() -> None:
    """An interface without an address is somewhere in its subnet; default outbound access is up to the deployment."""
    card = nic(SUBNET, "")
    made = template(nsg("nsg", rule("x", 100, destination="10.0.1.0/24")), vnet(GROUP), card)
    (interface,) = machines(read(made))
    assert (str(interface.ranges), interface.machine) == ("10.0.1.0/24", "")
    assert interface.leaves[4].answer is Answer.UNKNOWN
    assert outcome([made], OUT, "a") is A
    half = template(nsg("nsg", rule("x", 100, destination="10.0.1.0/25")), vnet(GROUP), card)
    assert outcome([half], OUT, "a") is U


SCOPE = Scope(
    {
        "parameters": {
            "list": {"defaultValue": ["a", "b"]},
            "object": {"defaultValue": {"Key": {"x": [1, 2]}}},
            "none": {},
        },
        "variables": {
            "self": "[variables('self')]",
            "copy": [{"name": "many", "count": 2, "input": "[copyIndex('many', 5)]"}],
        },
    },
    {},
    "/here",
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("[[literal]", "[literal]"),
        ("['it''s']", "it's"),
        ("[concat('a', 'b', 1)]", "ab1"),
        ("[concat(parameters('list'), createArray('c'))]", ["a", "b", "c"]),
        ("[parameters('list')[1]]", "b"),
        ("[parameters('OBJECT').key.x[0]]", 1),
        ("[parameters('object')['Key'].x[1]]", 2),
        ("[if(equals('a', 'a'), 'yes', 'no')]", "yes"),
        ("[format('{0}-{1:D2}', 'x', 7)]", "x-7"),
        ("[cidrSubnet('10.0.0.0/16', 24, 3)]", "10.0.3.0/24"),
        ("[cidrSubnet('fd00::/48', 64, 1)]", "fd00:0:0:1::/64"),
        ("[variables('many')]", [5, 6]),
        ("[resourceId('A.b/cs', 'x')]", "/here/providers/A.b/cs/x"),
        ("[resourceId('group', 'A.b/cs/ds', 'x', 'y')]", "/here/providers/A.b/cs/x/ds/y"),
        ("[concat(resourceGroup().id, '/x')]", "/here/x"),
        ("[coalesce(null(), 'z')]", "z"),
        ("[toUpper(take('abc', 2))]", "AB"),
        ("[union(createArray(1), createArray(1, 2))]", [1, 2]),
        ("[not(empty(''))]", False),
        ("[last(split('a/b/c', '/'))]", "c"),
        ("[length(parameters('list'))]", 2),
    ],
)
def test_expressions(text: str, value: Any) -> None:
    """The functions as the reference of template functions has them."""
    assert SCOPE.value(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "[parameters('none')]",
        "[parameters('missing').x]",
        "[variables('self')]",
        "[unheard('of')]",
        "[concat(]",
        "[add('a', 1)]",
        "[parameters('list')[7]]",
        "[div(1, 0)]",
        "[uniqueString(resourceGroup().id)]",
        "[copyIndex()]",
        "[reference('x').y]",
        "[1 2]",
        "[cidrSubnet('10.0.0.0/16', 8, 0)]",
        "[concat({})]".format("('" * 200),
    ],
)
def test_what_cannot_be_worked_out(text: str) -> None:
    """It is a text of its own, the same each time, and no exception."""
    found = SCOPE.value(text)
    assert isinstance(found, Unresolved)
    assert found == SCOPE.value(text)


def test_templates_that_never_end() -> None:
    """Texts that grow without bounds are cut off."""
    variables: dict[str, Any] = {"v0": "x" * 50}
    for number in range(1, 60):
        variables[f"v{number}"] = f"[concat(variables('v{number - 1}'), variables('v{number - 1}'))]"
    assert isinstance(Scope({"variables": variables}, {}, "").value("[variables('v59')]"), Unresolved)


def test_expressions_are_parsed_strictly() -> None:
    """What is left over is an error."""
    with pytest.raises(ValueError, match="end of the expression"):
        parse("[concat('a') 'b']")
