"""Which of OpenStack's resources a mapping is, and where in a document they are.

The command line prints lists with titles for columns (``"IP Protocol"``) and single resources with the names of the
API; the services answer with the name of the resource around it (``{"ports": [...]}``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crenel.dialects import trees
from crenel.dialects.trees import Node
from crenel.provenance import Origin

GROUP, RULE, ADDRESSES, PORT, FLOATING = "group", "rule", "address group", "port", "floating address"
ROUTER, SUBNET, NETWORK, SERVER = "router", "subnet", "network", "server"
BALANCER, LISTENER, POOL, MEMBER, AMPHORA = "load balancer", "listener", "pool", "member", "amphora"
TREE = "status of a load balancer"

_WRAPPED = {
    "security_group": GROUP, "security_group_rule": RULE, "address_group": ADDRESSES, "port": PORT,
    "floatingip": FLOATING, "router": ROUTER, "subnet": SUBNET, "network": NETWORK, "server": SERVER,
    "loadbalancer": BALANCER, "listener": LISTENER, "pool": POOL, "member": MEMBER,
}  # fmt: skip
"""What is around resources in answers of the services, also with an ``s``."""

_MARKS: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(marks.split(",")), kind)
    for marks, kind in (
        ("IP Protocol,IP Range", RULE),
        ("direction,remote_ip_prefix", RULE),
        ("security_group_rules,id", GROUP),
        ("rules,stateful,id", GROUP),
        ("rules,project_id,revision_number,id", GROUP),
        ("Fixed IP Addresses,MAC Address", PORT),
        ("fixed_ips,mac_address", PORT),
        ("Floating IP Address,Fixed IP Address", FLOATING),
        ("floating_ip_address,floating_network_id", FLOATING),
        ("ID,Name,Description,Project,Addresses", ADDRESSES),
        ("ID,Name,Description,Project,Tags", GROUP),
        ("ID,Name,Network,Subnet", SUBNET),
        ("cidr,gateway_ip,ip_version", SUBNET),
        ("external_gateway_info,id", ROUTER),
        ("ID,Name,Status,Networks", SERVER),
        ("id,addresses,OS-EXT-STS:vm_state", SERVER),
        ("id,addresses,flavor,image", SERVER),
        ("ID,Name,Subnets", NETWORK),
        ("ID,Name,Status,State,Project", ROUTER),
        ("id,router:external", NETWORK),
        ("id,router_external,subnets", NETWORK),
        ("vip_address,provider,id", BALANCER),
        ("protocol_port,address,id", MEMBER),
        ("protocol_port,default_pool_id,id", LISTENER),
        ("lb_algorithm,protocol,id", POOL),
        ("lb_network_ip,loadbalancer_id", AMPHORA),
        ("addresses,description,project_id,id", ADDRESSES),
    )
)
_TREE = frozenset({"listeners", "operating_status", "provisioning_status", "name", "id"})
_SEEN = 5
"""How many elements of a list are looked at to know it."""


def kind_of(data: Mapping[Any, Any], wrapper: str = "") -> str:
    """Which resource a mapping is; empty for none. `wrapper` is what the service put around it."""
    keys = {key for key in data if isinstance(key, str)}
    for marks, kind in _MARKS:
        if marks <= keys:
            return kind
    if wrapper == "loadbalancer" and keys >= _TREE:
        return TREE
    return ""


def recognises(data: Any) -> bool:
    """Whether a document is one of OpenStack's, by some of its elements."""
    for count, (kind, _) in enumerate(elements(data)):
        if kind:
            return True
        if count >= _SEEN:
            break
    return False


def elements(data: Any, origin: Origin | None = None) -> Iterator[tuple[str, Node]]:
    """The resources of a document with what they are; empty for a mapping that is none."""
    place = origin or Origin("")
    if isinstance(data, list):
        for node in trees.listed(data, place):
            yield kind_of(node.data), node
    elif isinstance(data, dict):
        wrapped = [name for name in data if isinstance(name, str) and name.rstrip("s") in _WRAPPED]
        if kind := kind_of(data):
            yield kind, Node(data, place)
        else:
            for name in [*wrapped, *(["amphorae"] if "amphorae" in data else [])]:
                yield from _inside(data[name], name, place)


def _inside(value: Any, name: str, origin: Origin) -> Iterator[tuple[str, Node]]:
    if isinstance(value, dict):
        yield kind_of(value, name), Node(value, origin, (name,))
    for node in trees.listed(value, origin, (name,)):
        yield kind_of(node.data, name.rstrip("s")), node
