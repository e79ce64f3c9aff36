"""Load balancers of Terraform's provider azurerm: each rule and each pool is a resource of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crenel.dialects.azure.blocks import Block, key_of
from crenel.dialects.azure.records import Estate, Forwarding, Frontend, LoadBalancer, Pool
from crenel.network.traffic import LAST_PORT


def _balancer(block: Block, estate: Estate) -> None:
    known, sku = key_of(block.resource), block.known_text("sku").lower()
    estate.balancers[known] = LoadBalancer(
        known, block.text("name"), sku in ("standard", "gateway") if sku else None,
        frontends=tuple(_frontends(block, known)), origin=block.resource.origin,
    )  # fmt: skip


def _frontends(block: Block, known: str) -> Iterator[Frontend]:
    for each in block.blocks("frontend_ip_configuration"):
        name = each.text("name")
        yield Frontend(
            f"{known}/frontendipconfigurations/{name.lower()}", name, each.reference("public_ip_address_id"),
            each.known_text("private_ip_address"), each.reference("subnet_id"),
        )  # fmt: skip


def _pool(block: Block, estate: Estate) -> None:
    known = key_of(block.resource)
    if balancer := block.reference("loadbalancer_id"):
        estate.loose_pools.setdefault(balancer, []).append(Pool(known, block.references("backend_ip_configurations")))


def _pool_address(block: Block, estate: Estate) -> None:
    """An address of a pool; to which load balancer the pool belongs tells the pool."""
    address = block.known_text("ip_address")
    if pool := block.reference("backend_address_pool_id"):
        estate.pool_addresses.append(Pool(pool, (), (address,) if address else (), complete=bool(address)))


def _rule(block: Block, estate: Estate) -> None:
    _forward(block, estate, block.references("backend_address_pool_ids"), (block.number("frontend_port") or 0,) * 2)


def _translation(block: Block, estate: Estate) -> None:
    pool = block.reference("backend_address_pool_id")
    port = block.number("frontend_port")
    first = port or block.number("frontend_port_start") or 0
    final = port or block.number("frontend_port_end") or first
    own = key_of(block.resource)
    _forward(block, estate, (pool,) if pool else (own,), (first, final))


def _forward(block: Block, estate: Estate, leads: tuple[str, ...], ports: tuple[int, int]) -> None:
    """A rule of a load balancer; one without a pool leads to the configurations that are associated with itself."""
    balancer = block.reference("loadbalancer_id")
    if not balancer:
        return
    name = block.text("frontend_ip_configuration_name").lower()
    floating = block.flag("floating_ip_enabled") or block.flag("enable_floating_ip")
    forwarding = Forwarding(
        key_of(block.resource), f"{balancer}/frontendipconfigurations/{name}", block.text("protocol").lower(),
        (ports[0], min(ports[1], LAST_PORT)) if ports[0] else None,
        tuple((each, block.number("backend_port")) for each in leads), floating is True,
        block.resource.type.endswith("lb_rule") and block.flag("disable_outbound_snat") is not True,
        known=bool(leads), field=block.field,
    )  # fmt: skip
    estate.loose_forwardings.setdefault(balancer, []).append(forwarding)


def _outbound(block: Block, estate: Estate) -> None:
    if pool := block.reference("backend_address_pool_id"):
        estate.outbound_pools.add(pool)


def _pool_member(block: Block, estate: Estate) -> None:
    _associate(block, estate, block.reference("backend_address_pool_id"))


def _translation_member(block: Block, estate: Estate) -> None:
    _associate(block, estate, block.reference("nat_rule_id"))


def _associate(block: Block, estate: Estate, other: str | None) -> None:
    nic = block.reference("network_interface_id")
    if nic and other:
        configuration = f"{nic}/ipconfigurations/{block.text('ip_configuration_name').lower()}"
        estate.configuration_pools.setdefault(configuration, []).append(other)


def _gateway(block: Block, estate: Estate) -> None:
    """An application gateway, whose parts refer to each other by their names."""
    known = key_of(block.resource)
    subnets = (each.reference("subnet_id") or "" for each in block.blocks("gateway_ip_configuration"))
    pools = [
        Pool(
            f"{known}/backendaddresspools/{each.text('name').lower()}", (), each.texts("ip_addresses"),
            complete=not each.texts("fqdns"),
        )
        for each in block.blocks("backend_address_pool")
    ]  # fmt: skip
    estate.balancers[known] = LoadBalancer(
        known, block.text("name"), True, True, tuple(filter(None, subnets)), tuple(_frontends(block, known)),
        tuple(pools), tuple(_listeners(block, known)), origin=block.resource.origin,
    )  # fmt: skip


def _listeners(block: Block, known: str) -> Iterator[Forwarding]:
    ports = {each.text("name"): each.number("port") for each in block.blocks("frontend_port")}
    for each in block.blocks("http_listener"):
        port = ports.get(each.text("frontend_port_name"))
        rules = [
            one for one in block.blocks("request_routing_rule") if one.text("http_listener_name") == each.text("name")
        ]
        leads = [lead for rule in rules for lead in _leads(rule, block, known)]
        frontend = each.text("frontend_ip_configuration_name").lower()
        yield Forwarding(
            f"{known}/httplisteners/{each.text('name').lower()}", f"{known}/frontendipconfigurations/{frontend}", "tcp",
            (port, port) if port else None, tuple(dict.fromkeys(leads)), tls=each.text("protocol").lower() == "https",
            known=port is not None, field=each.field,
        )  # fmt: skip


def _leads(rule: Block, gateway: Block, known: str) -> Iterator[tuple[str, int | None]]:
    ports = {each.text("name"): each.number("port") for each in gateway.blocks("backend_http_settings")}
    wanted = rule.text("url_path_map_name")
    maps = [each for each in gateway.blocks("url_path_map") if wanted and each.text("name") == wanted]
    places = [(rule, ""), *((each, "default_") for each in maps)]
    places += [(path, "") for each in maps for path in each.blocks("path_rule")]
    for place, prefix in places:
        if pool := place.text(f"{prefix}backend_address_pool_name"):
            port = ports.get(place.text(f"{prefix}backend_http_settings_name"))
            yield f"{known}/backendaddresspools/{pool.lower()}", port


BALANCING: dict[str, Callable[[Block, Estate], None]] = {
    "lb": _balancer,
    "lb_backend_address_pool": _pool,
    "lb_backend_address_pool_address": _pool_address,
    "lb_rule": _rule,
    "lb_nat_rule": _translation,
    "lb_nat_pool": _translation,
    "lb_outbound_rule": _outbound,
    "network_interface_backend_address_pool_association": _pool_member,
    "network_interface_application_gateway_backend_address_pool_association": _pool_member,
    "network_interface_nat_rule_association": _translation_member,
    "application_gateway": _gateway,
}
"""What is taken of each type, without the name of the provider."""
