"""Instances and groups of them, as records.

Source: Compute Engine API, "instances" (``networkInterfaces[]``, ``tags``, ``serviceAccounts``, ``metadata``).
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.dialects.gcp.naming import key, last, project_of
from crenel.dialects.gcp.records import Estate, Instance, Nic
from crenel.dialects.trees import Node, addresses
from crenel.network.addresses import AddressSet, Family
from crenel.provenance import Severity

_CREATED_BY = "created-by"


def take_instance(node: Node, estate: Estate) -> None:
    """Add an instance. The group that made it is told by its metadata."""
    path = key(node.text("selfLink")) or _path(node)
    tags = node.node("tags")
    estate.instances[path] = Instance(
        path,
        node.text("name"),
        node.text("id"),
        frozenset(tags.texts("items")) if tags is not None else frozenset(node.texts("tags")),
        frozenset(each.text("email") for each in node.nodes("serviceAccounts")),
        _bound(node),
        tuple(_nics(node, project_of(path), estate)),
        _maker(node),
        node.origin,
        _later(node),
    )


def _later(node: Node) -> str:
    """What of an instance only a plan's execution will tell."""
    names = node.texts("_later")
    return f"{' and '.join(names)} of {node.text('name')}, known only after apply" if names else ""


def _path(node: Node) -> str:
    zone = key(node.text("zone"))
    return f"{zone}/instances/{node.text('name')}" if zone else node.text("name")


def _bound(node: Node) -> frozenset[str] | None:
    """Secure tags that an instance is made with (``params.resourceManagerTags``); None where that is not written."""
    parameters = node.node("params")
    tags = parameters.node("resourceManagerTags") if parameters is not None else None
    return frozenset(map(str, tags.data.values())) if tags is not None else None


def _maker(node: Node) -> str:
    metadata = node.node("metadata")
    for each in metadata.nodes("items") if metadata is not None else ():
        if each.text("key") == _CREATED_BY:
            return group_name(each.text("value"))
    return ""


def group_name(path: str) -> str:
    """The zone or region and the name of a group, which a group has in common with its manager."""
    parts = path.rstrip("/").split("/")
    return f"{parts[-3]}/{parts[-1]}" if len(parts) > 2 else ""


def _nics(node: Node, project: str, estate: Estate) -> Iterator[Nic]:
    for position, each in enumerate(node.nodes("networkInterfaces")):
        yield _nic(each, project, node.text("name"), estate, position)


def _nic(node: Node, project: str, instance: str, estate: Estate, position: int) -> Nic:
    own, external, public = _addresses(node, estate, instance)
    aliases = [*(each.text("ipCidrRange") for each in node.nodes("aliasIpRanges")), *_prefixes(node)]
    names = [each.text("publicPtrDomainName").rstrip(".") for each in node.nodes("accessConfigs", "ipv6AccessConfigs")]
    return Nic(
        node.text("name") or f"nic{position}",
        key(node.text("network"), project, "global/networks") if node.text("network") else "",
        key(node.text("subnetwork")),
        own,
        _read(aliases, node, estate, instance),
        external,
        public,
        _families(node, own),
        tuple(name for name in names if name),
        node.field,
    )


def _addresses(node: Node, estate: Estate, name: str) -> tuple[AddressSet, AddressSet, frozenset[Family]]:
    """Its own addresses, those outside that lead to it, and the families that have any of these.

    External IPv6 addresses are not translated: they are its own ("IPv6 addresses").
    """
    public: set[Family] = {4} if any(node.nodes("accessConfigs")) else set()
    translated = [each.text("natIP") for each in node.nodes("accessConfigs")]
    outer = [each.text("externalIpv6") for each in node.nodes("ipv6AccessConfigs")]
    if any(node.nodes("ipv6AccessConfigs")) or node.text("ipv6AccessType") == "EXTERNAL":
        public.add(6)
    external = _single([*translated, *outer], node, estate, name)
    own = _single([node.text("networkIP"), node.text("ipv6Address")], node, estate, name)
    return own | external.only(6), external, frozenset(public)


def _prefixes(node: Node) -> Iterator[str]:
    """The whole ranges of IPv6 that an interface has, ``/96`` each ("IPv6 addresses", "Instances")."""
    holders = [(node, "ipv6Address", "internalIpv6PrefixLength")]
    holders += [(each, "externalIpv6", "externalIpv6PrefixLength") for each in node.nodes("ipv6AccessConfigs")]
    for holder, address, length in holders:
        if holder.text(address) and holder.number(length) is not None:
            yield f"{holder.text(address)}/{holder.number(length)}"


def _families(node: Node, own: AddressSet) -> frozenset[Family]:
    stack = node.text("stackType").upper()
    told: dict[str, set[Family]] = {"IPV4_ONLY": {4}, "IPV4_IPV6": {4, 6}, "IPV6_ONLY": {6}}
    return frozenset(own.families()) | told.get(stack, set()) or frozenset({4})


def _single(texts: list[str], node: Node, estate: Estate, name: str) -> AddressSet:
    """Addresses of an interface, each of which has to be one and no range."""
    ranges = [text for text in texts if "/" in text]
    for text in ranges:
        estate.report(f"{text!r} is no address", node.origin, node.field, f"instance {name}")
    return _read([text for text in texts if text not in ranges], node, estate, name)


def _read(texts: list[str], node: Node, estate: Estate, name: str) -> AddressSet:
    """Addresses of an interface; of what is written short, ``/24``, only the length is asked for, and nothing known."""
    found, wrong = addresses(*(text for text in texts if text and not text.startswith("/")))
    estate.unreadable(wrong, node.origin, node.field, f"instance {name}")
    if any(text.startswith("/") for text in texts):
        message = "its alias range is known only once it is made"
        estate.report(message, node.origin, node.field, f"instance {name}", Severity.NOTICE)
    return found


def take_group(node: Node, estate: Estate) -> None:
    """Add a group of instances. Which these are only Terraform writes, and for unmanaged groups alone."""
    path = key(node.text("selfLink")) or node.text("name")
    named: dict[str, list[int]] = {}
    for each in node.nodes("namedPorts"):
        if (port := each.number("port")) is not None:
            named.setdefault(each.text("name"), []).append(port)
    estate.named_ports[path] = named
    if node.has("instances"):
        estate.members[path] = tuple(key(each) for each in node.texts("instances"))


def group_members(group: str, estate: Estate) -> tuple[str, ...] | None:
    """The instances of a group; None where the input does not tell."""
    if group in estate.members:
        return estate.members[group]
    name = group_name(group)
    found = tuple(path for path, each in estate.instances.items() if name and each.group == name)
    return found or None


def short_name(instance: Instance, nic: Nic) -> str:
    """What an interface is called: as its instance, if it is the first."""
    return instance.name if nic is instance.nics[0] else f"{instance.name}/{last(nic.name)}"
