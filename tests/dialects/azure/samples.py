"""Azure's documents as the command line prints them: builders of single resources, and whole estates made of them."""

from __future__ import annotations

from typing import Any

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/shop"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
VNET = f"{NETWORK}/virtualNetworks/vnet"


def identifier(kind: str, name: str) -> str:
    """The id of a resource of Microsoft.Network."""
    return f"{NETWORK}/{kind}/{name}"


def refer(identifier: str) -> dict[str, str]:
    """A reference to a resource."""
    return {"id": identifier}


def rule(
    name: str,
    priority: int,
    direction: str = "Inbound",
    access: str = "Allow",
    protocol: str = "Tcp",
    source: str | list[str] = "*",
    destination: str | list[str] = "*",
    ports: str | list[str] = "443",
    **more: Any,
) -> dict[str, Any]:
    """A security rule; lists go to the plural fields, as in augmented rules."""
    made: dict[str, Any] = {
        "name": name, "priority": priority, "direction": direction, "access": access, "protocol": protocol,
        "sourcePortRange": "*", "sourcePortRanges": [],
    }  # fmt: skip
    for field, value, plural in (
        ("sourceAddressPrefix", source, "es"),
        ("destinationAddressPrefix", destination, "es"),
        ("destinationPortRange", ports, "s"),
    ):
        made |= {field: value} if isinstance(value, str) else {f"{field}{plural}": value}
    return {**made, **more}


def group(
    name: str, *rules: dict[str, Any], subnets: tuple[str, ...] = (), nics: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A network security group with what it is attached to; default rules are left to the reader."""
    return {
        "id": identifier("networkSecurityGroups", name), "name": name,
        "type": "Microsoft.Network/networkSecurityGroups", "securityRules": list(rules),
        "subnets": [refer(f"{VNET}/subnets/{each}") for each in subnets],
        "networkInterfaces": [refer(identifier("networkInterfaces", each)) for each in nics],
    }  # fmt: skip


def subnet(name: str, *prefixes: str, group: str = "", table: str = "", nat: str = "", **more: Any) -> dict[str, Any]:
    """A subnet of the network."""
    made: dict[str, Any] = {"id": f"{VNET}/subnets/{name}", "name": name, **more}
    made |= {"addressPrefix": prefixes[0]} if len(prefixes) == 1 else {"addressPrefixes": list(prefixes)}
    for field, kind, other in (
        ("networkSecurityGroup", "networkSecurityGroups", group),
        ("routeTable", "routeTables", table),
        ("natGateway", "natGateways", nat),
    ):
        made |= {field: refer(identifier(kind, other))} if other else {}
    return made


def network(*subnets: dict[str, Any], space: tuple[str, ...] = ("10.0.0.0/16",), **more: Any) -> dict[str, Any]:
    """The network."""
    return {
        "id": VNET, "name": "vnet", "type": "Microsoft.Network/virtualNetworks",
        "addressSpace": {"addressPrefixes": list(space)}, "subnets": list(subnets), "virtualNetworkPeerings": [],
        **more,
    }  # fmt: skip


def configuration(
    name: str, address: str, subnet: str, public: str = "", groups: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    """One address configuration."""
    made: dict[str, Any] = {
        "name": name, "privateIPAddress": address, "subnet": refer(f"{VNET}/subnets/{subnet}"),
        "privateIPAddressVersion": "IPv6" if ":" in address else "IPv4", "primary": name == "ipconfig1",
    }  # fmt: skip
    if public:
        made["publicIPAddress"] = refer(identifier("publicIPAddresses", public))
    if groups:
        made["applicationSecurityGroups"] = [refer(identifier("applicationSecurityGroups", each)) for each in groups]
    return {**made, **more}


def nic(name: str, *configurations: dict[str, Any], group: str = "", machine: str = "", **more: Any) -> dict[str, Any]:
    """An interface; its machine has the same name unless told otherwise."""
    known = identifier("networkInterfaces", name)
    made: dict[str, Any] = {
        "id": known, "name": name, "type": "Microsoft.Network/networkInterfaces",
        "ipConfigurations": [{"id": f"{known}/ipConfigurations/{each['name']}", **each} for each in configurations],
        "virtualMachine": refer(machine or f"{COMPUTE}/virtualMachines/{name}"),
    }  # fmt: skip
    if group:
        made["networkSecurityGroup"] = refer(identifier("networkSecurityGroups", group))
    return {**made, **more}


def public(name: str, address: str, sku: str = "Standard", label: str = "") -> dict[str, Any]:
    """A public address."""
    made: dict[str, Any] = {
        "id": identifier("publicIPAddresses", name), "name": name, "type": "Microsoft.Network/publicIPAddresses",
        "ipAddress": address, "sku": {"name": sku, "tier": "Regional"},
        "publicIPAddressVersion": "IPv6" if ":" in address else "IPv4",
    }  # fmt: skip
    return made | ({"dnsSettings": {"fqdn": label}} if label else {})


def table(name: str, *routes: tuple[str, str, str]) -> dict[str, Any]:
    """A route table of (prefix, hop, address of the hop)."""
    return {
        "id": identifier("routeTables", name), "name": name, "type": "Microsoft.Network/routeTables",
        "routes": [
            {"name": f"route-{number}", "addressPrefix": one, "nextHopType": hop, "nextHopIpAddress": address or None}
            for number, (one, hop, address) in enumerate(routes)
        ],
    }  # fmt: skip


def two_tiers() -> list[Any]:
    """A public web machine and a database: groups at both subnets and at the database's interface."""
    return [
        [
            group(
                "nsg-web",
                rule("https", 100, source="Internet"),
                rule("ssh", 110, source="203.0.113.0/24", ports="22"),
                rule("no-telnet", 120, access="Deny", ports=["21", "23-25"]),
                subnets=("web",),
            ),
            group(
                "nsg-data",
                rule("postgres", 200, source="10.0.1.0/24", ports="5432"),
                rule("rest", 4096, access="Deny", protocol="*", ports="*"),
                rule("quiet", 4096, "Outbound", "Deny", "*", destination="Internet", ports="*"),
                subnets=("data",),
            ),
            group("nsg-db", rule("postgres", 100, source="VirtualNetwork", ports="5000-6000"), nics=("db",)),
        ],
        [
            network(
                subnet("web", "10.0.1.0/24", group="nsg-web"),
                subnet("data", "10.0.2.0/24", group="nsg-data"),
                subnet("open", "10.0.3.0/24"),
            )
        ],
        [
            nic("web", configuration("ipconfig1", "10.0.1.4", "web", "pip-web")),
            nic("web2", configuration("ipconfig1", "10.0.1.5", "web")),
            nic("db", configuration("ipconfig1", "10.0.2.4", "data"), group="nsg-db"),
            nic("free", configuration("ipconfig1", "10.0.3.4", "open", "pip-free")),
            nic("bare", configuration("ipconfig1", "10.0.3.5", "open")),
        ],
        [public("pip-web", "20.1.2.3"), public("pip-free", "20.1.2.4")],
    ]


def in_service_shape(data: Any) -> Any:
    """A document as the service itself answers: lists in ``value``, all but names and ids under ``properties``."""
    if isinstance(data, list):
        return {"value": [_resource(each) for each in data]}
    return _resource(data)


def _resource(data: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: data[name] for name in ("id", "name", "type", "sku") if name in data}
    inner = {name: _inner(value) for name, value in data.items() if name not in kept}
    return {**kept, "properties": inner}


def _inner(value: Any) -> Any:
    if isinstance(value, list):
        return [_resource(each) if isinstance(each, dict) and set(each) != {"id"} else each for each in value]
    return value


def balanced(
    floating: bool = False, sku: str = "Standard", rules: tuple[dict[str, Any], ...] = (), machines: int = 2
) -> list[Any]:  # fmt: skip
    """A public load balancer with two frontends before machines, as clusters have it; a group at their subnet."""
    known = identifier("loadBalancers", "kubernetes")

    def part(kind: str, name: str) -> dict[str, str]:
        return refer(f"{known}/{kind}/{name}")

    nics = [
        nic(
            f"node{number}",
            configuration(
                "ipconfig1", f"10.0.1.{3 + number}", "nodes",
                loadBalancerBackendAddressPools=[part("backendAddressPools", "nodes")],
            ),
            machine=f"{COMPUTE}/virtualMachineScaleSets/aks-pool/virtualMachines/{number}",
        )
        for number in range(1, machines + 1)
    ]  # fmt: skip
    return [
        {
            "id": known,
            "name": "kubernetes",
            "type": "Microsoft.Network/loadBalancers",
            "sku": {"name": sku},
            "frontendIPConfigurations": [
                {
                    "id": part("frontendIPConfigurations", each)["id"],
                    "name": each,
                    "publicIPAddress": refer(identifier("publicIPAddresses", f"pip-{each}")),
                }
                for each in ("shop", "mail")
            ],
            "backendAddressPools": [
                {
                    "id": part("backendAddressPools", "nodes")["id"],
                    "name": "nodes",
                    "backendIPConfigurations": [refer(each["ipConfigurations"][0]["id"]) for each in nics],
                }
            ],
            "loadBalancingRules": [
                {
                    "name": f"{each}-{port}",
                    "protocol": "Tcp",
                    "frontendPort": port,
                    "backendPort": port if floating else 30000 + port,
                    "enableFloatingIP": floating,
                    "frontendIPConfiguration": part("frontendIPConfigurations", each),
                    "backendAddressPool": part("backendAddressPools", "nodes"),
                    "disableOutboundSnat": True,
                }
                for each, port in (("shop", 443), ("mail", 25), ("mail", 443))
            ],
            "inboundNatRules": [
                {
                    "name": "ssh-1",
                    "protocol": "Tcp",
                    "frontendPort": 50001,
                    "backendPort": 22,
                    "frontendIPConfiguration": part("frontendIPConfigurations", "shop"),
                    "backendIPConfiguration": refer(nics[0]["ipConfigurations"][0]["id"]),
                }
            ],
        },
        nics,
        network(subnet("nodes", "10.0.1.0/24", group="nsg" if rules else "")),
        [group("nsg", *rules)],
        [
            public("pip-shop", "20.1.1.1", sku, "shop.westeurope.cloudapp.azure.com"),
            public("pip-mail", "20.1.1.2", sku),
        ],
    ]


def dual_stack() -> list[Any]:
    """Two machines with addresses of both families, groups at the subnet and at one of the interfaces."""
    return [
        [
            group(
                "nsg-outer",
                rule("https", 100, source="Internet"),
                rule("office", 200, source=["2001:db8:1::/48"], ports="22"),
                rule("no-six", 300, access="Deny", source="::/0", protocol="*", ports="*"),
                subnets=("both",),
            ),
            group("nsg-inner", rule("https", 100, destination="10.0.1.4"), nics=("one",)),
        ],
        network(subnet("both", "10.0.1.0/24", "fd00:1::/64"), space=("10.0.0.0/16", "fd00:1::/48")),
        [
            nic(
                "one",
                configuration("ipconfig1", "10.0.1.4", "both", "pip-4"),
                configuration("six", "fd00:1::4", "both", "pip-6"),
                group="nsg-inner",
            ),
            nic("two", configuration("ipconfig1", "10.0.1.5", "both"), configuration("six", "fd00:1::5", "both")),
        ],
        [public("pip-4", "20.1.3.4"), public("pip-6", "2603:1020::4")],
    ]


def twice() -> list[Any]:
    """One group at a subnet and at an interface in it."""
    rules = (
        rule("web", 100, ports="80-90"),
        rule("no", 200, access="Deny", source="10.0.1.5", protocol="*", ports="*"),
    )
    return [
        group("nsg", *rules, subnets=("s",), nics=("a",)),
        network(subnet("s", "10.0.1.0/24")),
        nic("a", configuration("ipconfig1", "10.0.1.4", "s")),
        nic("b", configuration("ipconfig1", "10.0.1.5", "s")),
    ]


def documents() -> list[tuple[str, list[Any]]]:
    """All whole estates by name."""
    cluster = (rule("shop", 500, source="Internet", destination="20.1.1.1"),)
    return [
        ("two tiers", two_tiers()),
        ("dual stack", dual_stack()),
        ("load balancer", balanced(rules=(rule("ports", 500, source="Internet", ports="30000-32767"),))),
        ("one group twice", twice()),
        ("floating", balanced(floating=True, rules=cluster, machines=1)),
    ]
