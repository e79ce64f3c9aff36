"""Plans and states of Terraform's provider azurerm, as ``terraform show -json`` prints them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Written(NamedTuple):
    """A resource: its values, what is known only after it is applied, and what its expressions refer to."""

    address: str
    values: dict[str, Any]
    unknown: dict[str, Any]
    expressions: dict[str, Any]


def written(address: str, values: dict[str, Any], unknown: Any = (), **references: str) -> Written:
    """A resource. `unknown` are names of attributes, or a nested mapping; references are by attribute."""
    not_known = unknown if isinstance(unknown, dict) else dict.fromkeys(unknown, True)
    return Written(address, values, not_known, {name: {"references": [to]} for name, to in references.items()})


def plan(*resources: Written) -> dict[str, Any]:
    """A plan that makes all of these."""
    return {
        "format_version": "1.2", "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [_value(each) for each in resources]}},
        "resource_changes": [
            {
                "address": each.address, "mode": "managed", "type": each.address.split(".")[0],
                "name": each.address.split(".")[1],
                "change": {"actions": ["create"], "before": None, "after": each.values, "after_unknown": each.unknown},
            }
            for each in resources
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "address": each.address.split("[")[0], "mode": "managed", "type": each.address.split(".")[0],
                        "name": each.address.split(".")[1], "expressions": each.expressions,
                    }
                    for each in resources
                ]
            }
        },
    }  # fmt: skip


def state(*resources: Written) -> dict[str, Any]:
    """A state in which all of these are."""
    listed = [_value(each) for each in resources]
    return {"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {"resources": listed}}}


def _value(each: Written) -> dict[str, Any]:
    kind, name = each.address.split("[")[0].split(".")
    return {
        "address": each.address, "mode": "managed", "type": kind, "name": name,
        "provider_name": "registry.terraform.io/hashicorp/azurerm", "values": each.values,
    }  # fmt: skip


def rule(name: str, priority: int, access: str = "Allow", **more: Any) -> dict[str, Any]:
    """The values of a rule, as the provider fills them in."""
    return {
        "name": name, "priority": priority, "direction": "Inbound", "access": access, "protocol": "Tcp",
        "source_port_range": "*", "source_port_ranges": [], "destination_port_range": "443",
        "destination_port_ranges": [], "source_address_prefix": "*", "source_address_prefixes": [],
        "destination_address_prefix": "*", "destination_address_prefixes": [],
        "source_application_security_group_ids": [], "destination_application_security_group_ids": [],
        "description": "", **more,
    }  # fmt: skip


def shop() -> list[Written]:
    """A network, a group with a rule inside and one of its own, and a machine with a public address."""
    return [
        written(
            "azurerm_virtual_network.main",
            {"name": "vnet", "address_space": ["10.0.0.0/16"], "resource_group_name": "shop"},
            ("id", "subnet"),
        ),
        written(
            "azurerm_subnet.web",
            {
                "name": "web",
                "address_prefixes": ["10.0.1.0/24"],
                "virtual_network_name": "vnet",
                "default_outbound_access_enabled": True,
            },
            ("id",),
            virtual_network_name="azurerm_virtual_network.main.name",
        ),
        written(
            "azurerm_network_security_group.web", {"name": "nsg-web", "security_rule": [rule("https", 100)]}, ("id",)
        ),
        written(
            "azurerm_network_security_rule.ssh",
            {
                **rule("ssh", 200, destination_port_range="22", source_address_prefix="203.0.113.0/24"),
                "network_security_group_name": "nsg-web",
            },
            ("id",),
            network_security_group_name="azurerm_network_security_group.web.name",
        ),
        written(
            "azurerm_subnet_network_security_group_association.web",
            {},
            ("id", "subnet_id", "network_security_group_id"),
            subnet_id="azurerm_subnet.web.id",
            network_security_group_id="azurerm_network_security_group.web.id",
        ),
        written("azurerm_public_ip.web", {"name": "pip", "sku": "Standard"}, ("id", "ip_address", "fqdn")),
        Written(
            "azurerm_network_interface.web",
            {"name": "nic", "ip_configuration": [{"name": "internal", "primary": True}]},
            {
                "id": True,
                "ip_configuration": [{"subnet_id": True, "private_ip_address": True, "public_ip_address_id": True}],
            },
            {
                "ip_configuration": [
                    {
                        "subnet_id": {"references": ["azurerm_subnet.web.id"]},
                        "public_ip_address_id": {"references": ["azurerm_public_ip.web.id"]},
                    }
                ]
            },
        ),
        written(
            "azurerm_linux_virtual_machine.web",
            {"name": "vm", "network_interface_ids": []},
            ("id", "network_interface_ids"),
            network_interface_ids="azurerm_network_interface.web.id",
        ),
    ]
