"""Load balancers and application gateways: whom they face, where they lead, whose addresses machines see."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.network.firewalls import Answer, Listening, Role, Target
from crenel.network.wire import wire
from dialects.azure import samples
from dialects.azure.asking import A, D, ask, read
from dialects.azure.samples import identifier, network, public, refer, rule, subnet

MACHINE = (
    "azure:///subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop/providers/Microsoft.Compute"
    "/virtualMachineScaleSets/aks-pool/virtualMachines/"
)


def listening(documents: list[Any], balancer: str, port: int) -> Listening:
    """The listener of a balancer at a port."""
    found = next(each for each in read(*documents).balancers if each.name == balancer)
    return next(each for each in found.listeners if each.port == port)


def test_each_frontend_is_a_balancer() -> None:
    """The rules of two frontends do not mix, though ports are the same; addresses and names are those of each."""
    found = read(*samples.balanced()).balancers
    assert [(each.name, str(each.addresses), each.hostnames) for each in found] == [
        ("kubernetes/shop", "20.1.1.1/32", ("shop.westeurope.cloudapp.azure.com",)),
        ("kubernetes/mail", "20.1.1.2/32", ()),
    ]
    assert [sorted(listener.port for listener in each.listeners) for each in found] == [[443, 50001], [25, 443]]
    assert {each.facing.answer for each in found} == {Answer.YES}
    assert found[0].facing.why == "its frontend has the public address pip-shop (20.1.1.1)"


def test_targets_are_machines_at_the_backend_port() -> None:
    """The pool's members with the backend port; an inbound NAT rule leads to one of them. Clients stay visible."""
    rule_ = listening(samples.balanced(), "kubernetes/shop", 443)
    assert rule_.targets == (
        Target(f"{MACHINE}1", port=30443, interface="node1"), Target(f"{MACHINE}2", port=30443, interface="node2"),
    )  # fmt: skip
    assert (rule_.keeps_client, rule_.tls, rule_.protocol) == (True, False, 6)
    assert rule_.field == ("loadBalancingRules", 0)
    translation = listening(samples.balanced(), "kubernetes/shop", 50001)
    assert translation.targets == (Target(f"{MACHINE}1", port=22, interface="node1"),)


def test_floating_packets_bear_the_address_of_the_load_balancer() -> None:
    """With floating IP a group sees the frontend's address and port: rules for these let packets in, and no others."""
    rules = (rule("shop", 500, source="Internet", destination="20.1.1.1"),)
    documents = samples.balanced(floating=True, rules=rules)
    targets = listening(documents, "kubernetes/shop", 443).targets
    assert targets is not None
    assert targets[0] == Target(f"{MACHINE}1", port=443, interface="node1 for 20.1.1.1")
    ready = wire(read(*documents))
    assert ask(ready, "8.8.8.8", "node1 for 20.1.1.1").outcome is A
    assert ask(ready, "8.8.8.8", "node1 for 20.1.1.2").outcome is D
    assert ask(ready, "8.8.8.8", "node1").outcome is D
    assert ask(ready, "10.0.1.99", "node1").outcome is A
    assert ask(ready, "10.0.1.99", "node1 for 20.1.1.2").outcome is D, "the address is not in VirtualNetwork"


def test_without_floating_they_bear_that_of_the_machine() -> None:
    """The group sees the client, the machine's address and the backend port."""
    ready = wire(read(*samples.balanced(rules=(rule("ports", 500, source="8.8.8.8", ports="30443"),))))
    assert ask(ready, "8.8.8.8", "node1", "TCP/30443").outcome is A
    assert ask(ready, "8.8.8.8", "node1", "TCP/443").outcome is D
    assert ask(ready, "8.8.4.4", "node1", "TCP/30443").outcome is D


@pytest.mark.parametrize(("sku", "expected"), [("Standard", D), ("Basic", A)])
def test_machines_behind_a_public_frontend_without_a_group(sku: str, expected: Any) -> None:
    """Standard is closed by default, Basic is open (Azure Load Balancer SKUs)."""
    ready = wire(read(*samples.balanced(sku=sku)))
    assert ask(ready, "8.8.8.8", "node1", "TCP/30443").outcome is expected
    assert ask(ready, "10.0.1.99", "node1", "TCP/30443").outcome is A


def test_internal_frontends() -> None:
    """A private frontend does not face the internet; one without any address is not known."""
    lb = samples.balanced()[0]
    inner = {**lb["frontendIPConfigurations"][0], "publicIPAddress": None, "privateIPAddress": "10.0.1.200"}
    nothing = {"id": lb["frontendIPConfigurations"][1]["id"], "name": "mail"}
    found = read({**lb, "frontendIPConfigurations": [inner, nothing]}).balancers
    assert [each.facing.answer for each in found] == [Answer.NO, Answer.UNKNOWN]
    assert found[0].facing.why == "its frontend has a private address, 10.0.1.200"


def test_members_that_are_not_in_the_input() -> None:
    """Instances of scale sets are told by their ids; other interfaces are not, and then no target is."""
    lb, _, net, _, pips = samples.balanced()
    seventh = f"{samples.COMPUTE}/virtualMachineScaleSets/aks-pool/virtualMachines/7"
    member = f"{seventh}/networkInterfaces/eth/ipConfigurations/one"
    pool = {**lb["backendAddressPools"][0], "backendIPConfigurations": [refer(member)]}
    assert listening([{**lb, "backendAddressPools": [pool]}, net, pips], "kubernetes/mail", 25).targets == (
        Target(f"{MACHINE}7", port=30025),
    )
    other = {
        **pool,
        "backendIPConfigurations": [refer(f"{identifier('networkInterfaces', 'gone')}/ipConfigurations/one")],
    }
    assert listening([{**lb, "backendAddressPools": [other]}, net], "kubernetes/mail", 25).targets is None


def test_pools_of_addresses() -> None:
    """An address of an interface in the input is that machine, any other one is an address."""
    lb, nics, net, _, _ = samples.balanced()
    nics = [
        {**each, "ipConfigurations": [{**each["ipConfigurations"][0], "loadBalancerBackendAddressPools": []}]}
        for each in nics
    ]
    listed = [{"name": "x", "ipAddress": "10.0.1.4"}, {"name": "y", "properties": {"ipAddress": "10.0.1.77"}}]
    pool = {**lb["backendAddressPools"][0], "backendIPConfigurations": [], "loadBalancerBackendAddresses": listed}
    targets = listening([{**lb, "backendAddressPools": [pool]}, nics, net], "kubernetes/mail", 25).targets
    assert targets is not None
    assert set(targets) == {
        Target(f"{MACHINE}1", port=30025, interface="node1"),
        Target(address="10.0.1.77", port=30025),
    }


def test_all_ports_at_once() -> None:
    """A rule for all ports (HA ports) leaves it open which ones are taken, and says so."""
    lb = samples.balanced()[0]
    rules = [{**lb["loadBalancingRules"][0], "protocol": "All", "frontendPort": 0, "backendPort": 0}]
    found = read({**lb, "loadBalancingRules": rules, "inboundNatRules": []})
    assert found.balancers[0].listeners == ()
    assert "takes more ports than are listed" in found.problems[0].message


def test_ranges_of_ports_for_instances() -> None:
    """An inbound NAT pool, or rule for a pool, gives each instance a port of the range."""
    lb = samples.balanced()[0]
    pool = {
        "name": "ssh", "protocol": "Tcp", "frontendPortRangeStart": 50100, "frontendPortRangeEnd": 50119,
        "backendPort": 22, "frontendIPConfiguration": lb["frontendIPConfigurations"][0],
    }  # fmt: skip
    found = listening([{**lb, "inboundNatPools": [pool]}, *samples.balanced()[1:]], "kubernetes/shop", 50119)
    assert {each.port for each in found.targets or ()} == {22}
    own = {**pool, "backendAddressPool": lb["backendAddressPools"][0]}
    again = listening([{**lb, "inboundNatRules": [own]}, *samples.balanced()[1:]], "kubernetes/shop", 50100)
    assert again.targets == found.targets


def gateway(**more: Any) -> list[Any]:
    """An application gateway in a subnet of its own, with a group there."""
    known = identifier("applicationGateways", "agw")

    def part(kind: str, name: str) -> dict[str, str]:
        return refer(f"{known}/{kind}/{name}")

    def pool(name: str, *addresses: dict[str, str]) -> dict[str, Any]:
        return {"id": part("backendAddressPools", name)["id"], "name": name, "backendAddresses": list(addresses)}

    def listener(name: str, port: str, protocol: str) -> dict[str, Any]:
        return {
            "id": part("httpListeners", name)["id"], "name": name, "protocol": protocol,
            "frontendIPConfiguration": part("frontendIPConfigurations", "public"),
            "frontendPort": part("frontendPorts", port),
        }  # fmt: skip

    return [
        {
            "id": known,
            "name": "agw",
            "type": "Microsoft.Network/applicationGateways",
            "gatewayIPConfigurations": [{"name": "g", "subnet": refer(f"{samples.VNET}/subnets/edge")}],
            "frontendIPConfigurations": [
                {
                    "id": part("frontendIPConfigurations", "public")["id"],
                    "name": "public",
                    "publicIPAddress": refer(identifier("publicIPAddresses", "pip")),
                }
            ],
            "frontendPorts": [
                {"id": part("frontendPorts", f"p{port}")["id"], "name": f"p{port}", "port": port} for port in (80, 443)
            ],
            "httpListeners": [listener("plain", "p80", "Http"), listener("secure", "p443", "Https")],
            "backendAddressPools": [
                pool("web", {"ipAddress": "10.0.1.4"}),
                pool("api", {"ipAddress": "10.0.1.5"}),
                pool("named", {"fqdn": "x.example"}),
            ],
            "backendHttpSettingsCollection": [
                {"id": part("backendHttpSettingsCollection", f"s{port}")["id"], "name": f"s{port}", "port": port}
                for port in (8080, 9090)
            ],
            "urlPathMaps": [
                {
                    "id": part("urlPathMaps", "map")["id"],
                    "name": "map",
                    "defaultBackendAddressPool": part("backendAddressPools", "web"),
                    "defaultBackendHttpSettings": part("backendHttpSettingsCollection", "s8080"),
                    "pathRules": [
                        {
                            "name": "api",
                            "paths": ["/api/*"],
                            "backendAddressPool": part("backendAddressPools", "api"),
                            "backendHttpSettings": part("backendHttpSettingsCollection", "s9090"),
                        }
                    ],
                }
            ],
            "requestRoutingRules": [
                {
                    "name": "secure",
                    "httpListener": part("httpListeners", "secure"),
                    "urlPathMap": part("urlPathMaps", "map"),
                },
                {
                    "name": "plain",
                    "httpListener": part("httpListeners", "plain"),
                    "backendAddressPool": part("backendAddressPools", "named"),
                    "backendHttpSettings": part("backendHttpSettingsCollection", "s8080"),
                },
            ],
            **more,
        },
        network(subnet("edge", "10.0.9.0/24", group="nsg-edge"), subnet("s", "10.0.1.0/24", group="nsg")),
        [
            samples.group("nsg-edge", rule("web", 100, source="Internet", ports=["80", "443"])),
            samples.group(
                "nsg", rule("edge", 100, source="10.0.9.0/24", ports="8080"), rule("no", 200, access="Deny", ports="*")
            ),
        ],
        samples.nic("web", samples.configuration("ipconfig1", "10.0.1.4", "s")),
        public("pip", "20.5.5.5", label="agw.example"),
    ]


def test_application_gateways() -> None:
    """It ends TLS, hides clients, and leads by its path map to every pool that the map names."""
    documents = gateway()
    (balancer,) = read(*documents).balancers
    assert (balancer.name, balancer.hostnames, balancer.facing.answer) == ("agw", ("agw.example",), Answer.YES)
    secure = listening(documents, "agw", 443)
    assert (secure.tls, secure.keeps_client) == (True, False)
    assert set(secure.targets or ()) == {
        Target(
            MACHINE.replace("virtualMachineScaleSets/aks-pool/virtualMachines/", "virtualMachines/web"),
            port=8080,
            interface="web",
        ),
        Target(address="10.0.1.5", port=9090),
    }
    plain = listening(documents, "agw", 80)
    assert (plain.tls, plain.targets) == (False, None)


def test_a_gateway_is_somewhere_in_its_subnet() -> None:
    """Its instances are behind the group of their subnet, and what they lead to sees addresses of that subnet."""
    found = read(*gateway())
    own = next(each for each in found.interfaces if each.role is Role.BALANCER)
    assert (own.name, own.machine, str(own.ranges)) == ("agw", "agw", "10.0.9.0/24")
    ready = wire(found)
    assert ask(ready, "8.8.8.8", "agw", "TCP/443").outcome is A
    assert ask(ready, "8.8.8.8", "agw", "TCP/22").outcome is D
    assert ask(ready, "agw", "web", "TCP/8080").outcome is A
    assert ask(ready, "agw", "web", "TCP/22").outcome is D
