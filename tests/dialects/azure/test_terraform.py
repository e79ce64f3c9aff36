"""Plans and states of Terraform: resources joined by ids, by references and by names."""

from __future__ import annotations

from typing import Any

from crenel.dialects import azure
from crenel.network.firewalls import Answer, Target
from crenel.network.wire import wire
from dialects.azure import plans
from dialects.azure.asking import A, D, U, ask, machines, outcome, read
from dialects.azure.plans import Written, plan, rule, state, written
from dialects.azure.samples import GROUP, NETWORK

OUT = "8.8.8.8"
OFFICE = "203.0.113.9"


def test_a_plan_is_joined_by_what_expressions_refer_to() -> None:
    """Nothing has an id yet: group, subnet, interface and machine are joined all the same."""
    made = plan(*plans.shop())
    assert azure.recognises(made)
    (interface,) = machines(read(made))
    assert (interface.name, str(interface.ranges), interface.machine) == ("nic", "10.0.1.0/24", "")
    assert interface.entered[4].answer is Answer.YES
    assert interface.entered[4].why.startswith("public address pip; the subnet web has the routes")
    assert [outcome([made], OUT, "nic", f"TCP/{port}") for port in (443, 22, 80)] == [A, D, D]
    assert outcome([made], OFFICE, "nic", "TCP/22") is A
    assert read(made).problems == []


def test_rules_lead_to_their_text() -> None:
    """Rules inside of a group and those of their own have their places in the plan."""
    fields = {
        each.name: each.field
        for tier in read(plan(*plans.shop())).tiers
        for rank in tier.ranks
        for one in rank
        for each in one.rules
    }
    where = ("planned_values", "root_module", "resources")
    assert fields["https"] == (*where, 2, "values", "security_rule", 0)
    assert fields["ssh"] == (*where, 3, "values")


def deployed() -> list[Written]:
    """The same in a state: everything has an id."""
    return [
        written(
            "azurerm_virtual_network.main",
            {"id": f"{NETWORK}/virtualNetworks/vnet", "name": "vnet", "address_space": ["10.0.0.0/16"], "subnet": []},
        ),
        written(
            "azurerm_subnet.web",
            {
                "id": f"{NETWORK}/virtualNetworks/vnet/subnets/web",
                "name": "web",
                "address_prefixes": ["10.0.1.0/24"],
                "virtual_network_name": "vnet",
            },
        ),
        written(
            "azurerm_network_security_group.web",
            {"id": f"{NETWORK}/networkSecurityGroups/nsg", "name": "nsg", "security_rule": [rule("https", 100)]},
        ),
        written(
            "azurerm_network_interface_security_group_association.web",
            {
                "network_interface_id": f"{NETWORK}/networkInterfaces/nic",
                "network_security_group_id": f"{NETWORK}/networkSecurityGroups/nsg",
            },
        ),
        written(
            "azurerm_network_interface.web",
            {
                "id": f"{NETWORK}/networkInterfaces/nic",
                "name": "nic",
                "virtual_machine_id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm",
                "ip_configuration": [
                    {
                        "name": "one",
                        "primary": True,
                        "subnet_id": f"{NETWORK}/virtualNetworks/vnet/subnets/web",
                        "private_ip_address": "10.0.1.4",
                        "private_ip_address_version": "IPv4",
                        "public_ip_address_id": "",
                    }
                ],
            },
        ),
    ]


def test_a_state_is_joined_by_ids() -> None:
    """Addresses and machines are known; documents of the command line join by the same ids."""
    made = state(*deployed())
    (interface,) = machines(read(made))
    assert (str(interface.addresses), interface.machine.rpartition("/")[2]) == ("10.0.1.4/32", "vm")
    assert [outcome([made], OUT, "nic", f"TCP/{port}") for port in (443, 22)] == [A, D]
    nsg = {"id": f"{NETWORK}/networkSecurityGroups/nsg", "name": "nsg", "securityRules": []}
    assert outcome([state(*deployed()[:2], *deployed()[3:]), nsg], OUT, "nic") is D


def changed(number: int, one: Written) -> dict[str, Any]:
    """The plan with another resource in some place."""
    resources = plans.shop()
    resources[number] = one
    return plan(*resources)


def test_what_is_unknown_before_it_is_applied_is_possible() -> None:
    """A prefix, a port or a whole list of rules that is not known yet leaves open what they decide."""
    group = "azurerm_network_security_group.web"
    prefix = rule("https", 100, source_address_prefix=None)
    made = changed(
        2,
        Written(
            group,
            {"name": "nsg-web", "security_rule": [prefix]},
            {"id": True, "security_rule": [{"source_address_prefix": True}]},
            {},
        ),
    )
    assert [outcome([made], OUT, "nic", f"TCP/{port}") for port in (443, 80)] == [U, D]
    port = rule("https", 100, destination_port_range=None)
    made = changed(
        2,
        Written(
            group,
            {"name": "nsg-web", "security_rule": [port]},
            {"id": True, "security_rule": [{"destination_port_range": True}]},
            {},
        ),
    )
    assert outcome([made], OUT, "nic", "TCP/80") is U
    dynamic = Written(
        group,
        {"name": "nsg-web"},
        {"id": True, "security_rule": True},
        {"security_rule": [{"name": {"references": ["var.x"]}}]},
    )
    assert outcome([changed(2, dynamic)], OUT, "nic", "TCP/80") is U
    none = Written(group, {"name": "nsg-web"}, {"id": True, "security_rule": True}, {})
    assert outcome([changed(2, none)], OUT, "nic", "TCP/80") is D
    assert outcome([changed(2, none)], OFFICE, "nic", "TCP/22") is A


def test_groups_that_are_not_in_the_plan() -> None:
    """An attachment to a group that no resource is leaves its rules unknown; a rule of such a group is a notice."""
    association = written(
        "azurerm_subnet_network_security_group_association.web",
        {"network_security_group_id": f"{NETWORK}/networkSecurityGroups/far"},
        ("id", "subnet_id"),
        subnet_id="azurerm_subnet.web.id",
    )
    assert outcome([changed(4, association)], OUT, "nic", "TCP/443") is U
    stray = written("azurerm_network_security_rule.x", {**rule("x", 100), "network_security_group_name": "far"})
    (problem,) = read(plan(stray)).problems
    assert problem.message == "the network security group 'far' is not in the input; the rule is not applied"


def test_application_security_groups() -> None:
    """Members by associations, rules by references."""
    members = [
        written("azurerm_application_security_group.web", {"name": "asg"}, ("id",)),
        written(
            "azurerm_network_interface_application_security_group_association.web",
            {},
            ("id", "network_interface_id", "application_security_group_id"),
            network_interface_id="azurerm_network_interface.web.id",
            application_security_group_id="azurerm_application_security_group.web.id",
        ),
    ]
    target = rule("https", 100, destination_address_prefix="", destination_application_security_group_ids=None)
    group = Written(
        "azurerm_network_security_group.web",
        {"name": "nsg-web", "security_rule": [target]},
        {"id": True, "security_rule": [{"destination_application_security_group_ids": True}]},
        {
            "security_rule": [
                {
                    "destination_application_security_group_ids": {
                        "references": ["azurerm_application_security_group.web.id"]
                    }
                }
            ]
        },
    )
    resources = plans.shop()
    resources[2] = group
    assert outcome([plan(*resources, *members)], OUT, "nic") is A


def test_instances_are_told_apart_by_their_index() -> None:
    """With ``for_each`` each interface is in the subnet of the same key."""
    resources: list[Written] = plans.shop()[:1]
    for name, prefix in (("a", "10.0.1.0/24"), ("b", "10.0.2.0/24")):
        resources += [
            written(
                f'azurerm_subnet.each["{name}"]',
                {"name": name, "address_prefixes": [prefix], "virtual_network_name": "vnet"},
                ("id",),
            ),
            Written(
                f'azurerm_network_interface.each["{name}"]',
                {"name": f"nic-{name}", "ip_configuration": [{"name": "one", "primary": True}]},
                {"id": True, "ip_configuration": [{"subnet_id": True}]},
                {"ip_configuration": [{"subnet_id": {"references": ["azurerm_subnet.each"]}}]},
            ),
        ]
    assert [str(each.ranges) for each in machines(read(plan(*resources)))] == ["10.0.1.0/24", "10.0.2.0/24"]


def test_modules_are_told_apart_by_their_index() -> None:
    """With several instances of a module each resource refers to those of its own instance."""
    modules, changes = [], []
    for number in (0, 1):
        prefix = f"module.net[{number}]"
        subnet = {"name": "s", "address_prefixes": [f"10.0.{number}.0/24"], "virtual_network_name": "vnet"}
        card = {"name": f"nic{number}", "ip_configuration": [{"name": "one", "primary": True}]}
        unknown = {"id": True, "ip_configuration": [{"subnet_id": True}]}
        listed = [("azurerm_subnet.s", subnet, {"id": True}), ("azurerm_network_interface.a", card, unknown)]
        modules.append({
            "address": prefix,
            "resources": [
                {"address": f"{prefix}.{name}", "type": name.split(".")[0], "values": values}
                for name, values, _ in listed
            ],
        })  # fmt: skip
        changes += [{"address": f"{prefix}.{name}", "change": {"after_unknown": each}} for name, _, each in listed]
    expressions = {"ip_configuration": [{"subnet_id": {"references": ["azurerm_subnet.s.id", "azurerm_subnet.s"]}}]}
    body = {"resources": [{"address": "azurerm_network_interface.a", "expressions": expressions}]}
    made = {
        "format_version": "1.2", "planned_values": {"root_module": {"child_modules": modules}},
        "resource_changes": changes,
        "configuration": {"root_module": {"module_calls": {"net": {"module": body}}}},
    }  # fmt: skip
    assert [(each.name, str(each.ranges)) for each in machines(read(made))] == [
        ("nic0", "10.0.0.0/24"), ("nic1", "10.0.1.0/24"),
    ]  # fmt: skip


def test_routes_and_translators() -> None:
    """Tables, routes of their own and NAT gateways by their associations."""
    more = [
        written("azurerm_route_table.rt", {"name": "rt"}, ("id", "route")),
        written(
            "azurerm_route.all",
            {"name": "all", "route_table_name": "rt", "address_prefix": "0.0.0.0/0", "next_hop_type": "None"},
            ("id",),
        ),
        written(
            "azurerm_subnet_route_table_association.web",
            {},
            ("subnet_id", "route_table_id"),
            subnet_id="azurerm_subnet.web.id",
            route_table_id="azurerm_route_table.rt.id",
        ),
    ]
    (interface,) = machines(read(plan(*plans.shop(), *more)))
    assert (interface.entered[4].answer, interface.leaves[4].answer) == (Answer.NO, Answer.NO)
    nat = [
        written("azurerm_nat_gateway.nat", {"name": "nat"}, ("id",)),
        written(
            "azurerm_subnet_nat_gateway_association.web",
            {},
            ("subnet_id", "nat_gateway_id"),
            subnet_id="azurerm_subnet.web.id",
            nat_gateway_id="azurerm_nat_gateway.nat.id",
        ),
    ]
    (interface,) = machines(read(plan(*plans.shop(), *nat)))
    assert "NAT gateway" in interface.leaves[4].why


def test_peerings() -> None:
    """The space of a peered network in the same plan belongs to VirtualNetwork."""
    more = [
        written("azurerm_virtual_network.hub", {"name": "hub", "address_space": ["10.9.0.0/16"]}, ("id",)),
        written(
            "azurerm_virtual_network_peering.p",
            {"name": "p", "virtual_network_name": "vnet", "allow_virtual_network_access": True},
            ("id", "remote_virtual_network_id"),
            remote_virtual_network_id="azurerm_virtual_network.hub.id",
        ),
    ]
    assert outcome([plan(*plans.shop(), *more)], "10.9.1.1", "nic", "UDP/53") is A
    assert outcome([plan(*plans.shop())], "10.9.1.1", "nic", "UDP/53") is D


def test_load_balancers() -> None:
    """Pools, rules and memberships are resources of their own."""
    more = [
        Written(
            "azurerm_lb.lb",
            {"name": "lb", "sku": "Standard", "frontend_ip_configuration": [{"name": "fe"}]},
            {"id": True, "frontend_ip_configuration": [{"public_ip_address_id": True, "id": True}]},
            {"frontend_ip_configuration": [{"public_ip_address_id": {"references": ["azurerm_public_ip.web.id"]}}]},
        ),
        written(
            "azurerm_lb_backend_address_pool.pool",
            {"name": "pool"},
            ("id", "loadbalancer_id", "backend_ip_configurations"),
            loadbalancer_id="azurerm_lb.lb.id",
        ),
        written(
            "azurerm_lb_rule.https",
            {
                "name": "https",
                "protocol": "Tcp",
                "frontend_port": 443,
                "backend_port": 8443,
                "frontend_ip_configuration_name": "fe",
                "disable_outbound_snat": True,
            },
            ("id", "loadbalancer_id", "backend_address_pool_ids"),
            loadbalancer_id="azurerm_lb.lb.id",
            backend_address_pool_ids="azurerm_lb_backend_address_pool.pool.id",
        ),
        written(
            "azurerm_network_interface_backend_address_pool_association.web",
            {"ip_configuration_name": "internal"},
            ("id", "network_interface_id", "backend_address_pool_id"),
            network_interface_id="azurerm_network_interface.web.id",
            backend_address_pool_id="azurerm_lb_backend_address_pool.pool.id",
        ),
    ]
    (balancer,) = read(plan(*plans.shop(), *more)).balancers
    assert (balancer.name, balancer.facing.answer) == ("lb", Answer.YES)
    assert [(each.port, each.targets) for each in balancer.listeners] == [(443, (Target(port=8443, interface="nic"),))]


def test_scale_sets_and_clusters() -> None:
    """What stands for their machines is in their subnet; nodes have a group that the cluster makes."""
    scaled = Written(
        "azurerm_linux_virtual_machine_scale_set.pool",
        {
            "name": "pool",
            "network_interface": [
                {
                    "name": "eth",
                    "primary": True,
                    "ip_configuration": [{"name": "one", "primary": True, "version": "IPv4"}],
                }
            ],
        },
        {"id": True, "network_interface": [{"ip_configuration": [{"subnet_id": True}]}]},
        {"network_interface": [{"ip_configuration": [{"subnet_id": {"references": ["azurerm_subnet.web.id"]}}]}]},
    )
    cluster = Written(
        "azurerm_kubernetes_cluster.aks",
        {
            "name": "aks",
            "default_node_pool": [{"name": "system"}],
            "network_profile": [
                {"network_plugin": "azure", "network_plugin_mode": "overlay", "pod_cidr": "10.244.0.0/16"}
            ],
        },
        {"id": True, "default_node_pool": [{"vnet_subnet_id": True}]},
        {"default_node_pool": [{"vnet_subnet_id": {"references": ["azurerm_subnet.web.id"]}}]},
    )
    found = read(plan(*plans.shop(), scaled, cluster))
    assert [(each.name, str(each.ranges)) for each in machines(found)] == [
        ("nic", "10.0.1.0/24"),
        ("pool", "10.0.1.0/24"),
        ("nodes of aks/system", "10.0.1.0/24"),
    ]
    ready = wire(found)
    assert [ask(ready, OUT, "pool", f"TCP/{port}").outcome for port in (443, 80)] == [A, D]
    assert [ask(ready, OUT, "nodes of aks/system", f"TCP/{port}").outcome for port in (443, 80)] == [U, D]
    assert "pods of the cluster aks are in an overlay network (10.244.0.0/16)" in "\n".join(found.assumptions)


def test_application_gateways() -> None:
    """The parts of a gateway refer to each other by name."""
    gateway = Written(
        "azurerm_application_gateway.agw",
        {
            "name": "agw",
            "gateway_ip_configuration": [{"name": "g"}],
            "frontend_ip_configuration": [{"name": "fe"}],
            "frontend_port": [{"name": "p", "port": 443}],
            "backend_address_pool": [{"name": "pool", "ip_addresses": ["10.0.1.7"], "fqdns": []}],
            "backend_http_settings": [{"name": "s", "port": 8080}],
            "http_listener": [
                {"name": "l", "frontend_ip_configuration_name": "fe", "frontend_port_name": "p", "protocol": "Https"}
            ],
            "request_routing_rule": [
                {
                    "name": "r",
                    "http_listener_name": "l",
                    "backend_address_pool_name": "pool",
                    "backend_http_settings_name": "s",
                }
            ],
        },
        {
            "id": True,
            "gateway_ip_configuration": [{"subnet_id": True}],
            "frontend_ip_configuration": [{"public_ip_address_id": True}],
        },
        {
            "gateway_ip_configuration": [{"subnet_id": {"references": ["azurerm_subnet.web.id"]}}],
            "frontend_ip_configuration": [{"public_ip_address_id": {"references": ["azurerm_public_ip.web.id"]}}],
        },
    )
    (balancer,) = read(plan(*plans.shop(), gateway)).balancers
    (listener,) = balancer.listeners
    assert (listener.tls, listener.keeps_client, listener.targets) == (
        True,
        False,
        (Target(address="10.0.1.7", port=8080),),
    )
