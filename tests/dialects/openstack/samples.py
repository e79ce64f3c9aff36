"""OpenStack's documents as the services answer: builders of single resources, and whole estates made of them."""

from __future__ import annotations

from typing import Any

WEB, DB, DEFAULT = "5e0a0000-0000-4000-8000-000000000001", "5e0a0000-0000-4000-8000-000000000002", "5e0a-default"
NET, SUBNET, SUBNET6 = "net-1", "subnet-4", "subnet-6"
EXTERNAL, ROUTER = "net-ext", "router-1"
SERVERS = {"web": "0b5e0000-0000-4000-8000-00000000000a", "db": "0b5e0000-0000-4000-8000-00000000000b"}


def rule(
    direction: str = "ingress", ethertype: str = "IPv4", protocol: str | None = None, ports: Any = None, **more: Any
) -> dict[str, Any]:
    """A rule. `ports` are a port, or first and last, or type and code of ICMP."""
    first, last = ports if isinstance(ports, tuple) else (ports, ports)
    number = len(more)
    return {
        "id": f"rule-{direction}-{ethertype}-{protocol}-{first}-{last}-{number}-{sorted(more.items())}",
        "direction": direction, "ethertype": ethertype, "protocol": protocol, "port_range_min": first,
        "port_range_max": last, "remote_ip_prefix": None, "remote_group_id": None, "remote_address_group_id": None,
        "project_id": "p", "revision_number": 0, **more,
    }  # fmt: skip


def egress() -> list[dict[str, Any]]:
    """The rules that a new group has."""
    return [rule("egress", "IPv4"), rule("egress", "IPv6")]


def group(key: str, name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A security group."""
    owned = [{**each, "security_group_id": key} for each in rules]
    return {
        "id": key, "name": name, "description": "", "project_id": "p", "stateful": True, "security_group_rules": owned,
        **more,
    }  # fmt: skip


def port(name: str, *addresses: str, groups: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A port of the server of the same name."""
    fixed = [{"subnet_id": SUBNET6 if ":" in text else SUBNET, "ip_address": text} for text in addresses]
    return {
        "id": f"port-{name}", "name": name, "mac_address": "fa:16:3e:00:00:01", "network_id": NET, "fixed_ips": fixed,
        "allowed_address_pairs": [], "security_groups": list(groups), "port_security_enabled": True,
        "device_id": SERVERS.get(name, ""), "device_owner": "compute:nova" if name in SERVERS else "", **more,
    }  # fmt: skip


def groups(*listed: dict[str, Any]) -> dict[str, Any]:
    """What the service answers for security groups."""
    return {"security_groups": list(listed)}


def ports(*listed: dict[str, Any]) -> dict[str, Any]:
    """What the service answers for ports."""
    return {"ports": list(listed)}


def floating(address: str, port_id: str = "", fixed: str = "") -> dict[str, Any]:
    """A floating address."""
    return {
        "id": f"fip-{address}", "floating_ip_address": address, "fixed_ip_address": fixed or None,
        "port_id": port_id or None, "floating_network_id": EXTERNAL, "router_id": ROUTER, "status": "ACTIVE",
    }  # fmt: skip


def network(*, snat: bool = True, gateway: bool = True, address: str = "93.184.216.2") -> list[dict[str, Any]]:
    """A network with a subnet of each family, and a router between it and an external network."""
    info = {
        "network_id": EXTERNAL, "enable_snat": snat,
        "external_fixed_ips": [{"subnet_id": "ext", "ip_address": address}],
    }  # fmt: skip
    router: dict[str, Any] = {
        "id": ROUTER,
        "name": "edge",
        "external_gateway_info": info if gateway else None,
        "routes": [],
    }
    attached = port(
        "router", "10.0.0.1", device_id=ROUTER, device_owner="network:router_interface", port_security_enabled=False
    )
    return [
        {"routers": [router]},
        {"networks": [
            {"id": NET, "name": "shop", "router:external": False},
            {"id": EXTERNAL, "name": "public", "router:external": True},
        ]},
        {"subnets": [
            {"id": SUBNET, "name": "four", "network_id": NET, "cidr": "10.0.0.0/24", "gateway_ip": "10.0.0.1",
             "ip_version": 4},
            {"id": SUBNET6, "name": "six", "network_id": NET, "cidr": "2001:db8:a::/64",
             "gateway_ip": "2001:db8:a::1", "ip_version": 6},
        ]},
        ports(attached),
    ]  # fmt: skip


def shop() -> list[Any]:
    """A web server that everybody reaches by HTTPS and that alone reaches the database."""
    web = group(
        WEB, "web", *egress(), rule(protocol="tcp", ports=443), rule(ethertype="IPv6", protocol="tcp", ports=443),
        rule(protocol="tcp", ports=(8000, 8010), remote_ip_prefix="203.0.113.0/24"), rule(protocol="icmp"),
    )  # fmt: skip
    db = group(
        DB, "db", rule("egress", "IPv4", "udp", 53),
        rule(protocol="tcp", ports=5432, remote_group_id=WEB),
        rule(ethertype="IPv6", protocol="tcp", ports=5432, remote_group_id=WEB),
    )  # fmt: skip
    return [
        groups(web, db),
        ports(
            port("web", "10.0.0.10", "2001:db8:a::10", groups=(WEB,)),
            port("db", "10.0.0.20", "2001:db8:a::20", groups=(DB,)),
        ),
        *network(),
    ]


def stateless() -> list[Any]:
    """A server whose group is stateless, with rules for replies to some ports only."""
    key = "sg-stateless"
    rules = (
        rule(protocol="tcp", ports=443), rule(ethertype="IPv6", protocol="tcp", ports=443),
        rule("egress", "IPv4", "tcp", (32768, 60999)), rule("egress", "IPv6", "tcp", (1024, 65535)),
        rule(protocol="udp", ports=53), rule("egress", "IPv4", "udp", (1024, 65535), remote_ip_prefix="203.0.113.0/24"),
    )  # fmt: skip
    return [
        groups(group(key, "fast", *rules, stateful=False), group(WEB, "web", *egress())),
        ports(
            port("web", "10.0.0.10", "2001:db8:a::10", groups=(key,)),
            port("client", "10.0.0.30", "2001:db8:a::30", groups=(WEB,)),
        ),
    ]


def balancer(provider: str = "amphora", **more: Any) -> list[Any]:
    """A load balancer with a listener, a pool and two members, one of them the web server."""
    listener = {
        "id": "li-1", "name": "https", "protocol": "TCP", "protocol_port": 443, "default_pool_id": "pool-1",
        "loadbalancers": [{"id": "lb-1"}], "allowed_cidrs": None, "l7policies": [], **more,
    }  # fmt: skip
    return [
        {"loadbalancers": [{
            "id": "lb-1", "name": "front", "vip_address": "10.0.0.100", "vip_port_id": "port-vip",
            "vip_subnet_id": SUBNET, "provider": provider, "listeners": [{"id": "li-1"}], "pools": [{"id": "pool-1"}],
            "operating_status": "ONLINE", "provisioning_status": "ACTIVE",
        }]},
        {"listeners": [listener]},
        {"pools": [{
            "id": "pool-1", "name": "web", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN",
            "members": [{"id": "m-1"}, {"id": "m-2"}], "listeners": [{"id": "li-1"}], "loadbalancers": [{"id": "lb-1"}],
        }]},
        {"members": [
            {"id": "m-1", "name": "", "address": "10.0.0.10", "protocol_port": 30443, "subnet_id": SUBNET},
            {"id": "m-2", "name": "", "address": "10.0.9.9", "protocol_port": 30443, "subnet_id": SUBNET},
        ]},
        ports(port("vip", "10.0.0.100", device_owner="Octavia", groups=())),
    ]  # fmt: skip


def large(count: int = 200, rules: int = 25) -> list[Any]:
    """That many groups with that many rules each, and two ports for each group."""
    made = [
        group(
            f"sg-{number}", f"g{number}", *egress(),
            *(
                rule(protocol="tcp", ports=1000 + each, remote_ip_prefix=f"10.{number}.{each}.0/24")
                for each in range(rules - 3)
            ),
            rule(protocol="tcp", ports=22, remote_group_id=f"sg-{(number + 1) % count}"),
        )
        for number in range(count)
    ]  # fmt: skip
    members = [
        port(f"p{number}-{each}", f"172.16.{number}.{each + 1}", groups=(f"sg-{number}",))
        for number in range(count)
        for each in range(2)
    ]
    return [groups(*made), ports(*members)]


def pairs() -> list[Any]:
    """Two servers in two groups each, which share one; the group of a third is everybody by its address pair."""
    base = group("sg-base", "base", rule(protocol="icmp"), rule(ethertype="IPv6", protocol="icmp"), *egress())
    app = group("sg-app", "app", rule(protocol="tcp", ports=(9000, 9009), remote_group_id="sg-router"))
    mesh = group("sg-mesh", "mesh", rule(remote_group_id="sg-mesh"), rule("egress", "IPv4", "udp", 53))
    router = group("sg-router", "router", rule("egress", remote_group_id="sg-app"), rule(protocol="sctp"))
    return [
        groups(base, app, mesh, router),
        ports(
            port("one", "10.0.0.10", "2001:db8:a::10", groups=("sg-base", "sg-app")),
            port("two", "10.0.0.20", "2001:db8:a::20", groups=("sg-mesh", "sg-app")),
            port("three", "10.0.1.30", groups=("sg-router",), allowed_address_pairs=[{"ip_address": "10.9.0.0/16"}]),
        ),
    ]


def documents() -> list[tuple[str, list[Any]]]:
    """The whole estates, by name."""
    return [("shop", shop()), ("stateless groups", stateless()), ("groups of groups", pairs())]
