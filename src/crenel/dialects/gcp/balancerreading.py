"""Forwarding rules, and what they lead to, as records.

Source: Compute Engine API, "forwardingRules", "backendServices", "targetPools", "targetInstances", the target proxies
and "urlMaps".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crenel.dialects.gcp.naming import key, last, place_of, project_of
from crenel.dialects.gcp.records import Backend, Estate, Forwarding
from crenel.dialects.gcp.services import ports
from crenel.dialects.trees import Node

PROXIES = {
    "targetHttpProxies": False, "targetHttpsProxies": True, "targetGrpcProxies": False, "targetTcpProxies": False,
    "targetSslProxies": True,
}  # fmt: skip
"""The collections of target proxies, and whether they end TLS."""
BACKENDS = (
    "backendService", "targetPool", "targetInstance", "targetHttpProxy", "targetHttpsProxy", "targetGrpcProxy",
    "targetTcpProxy", "targetSslProxy", "urlMap",
)  # fmt: skip
_SERVICE = "backendServices/"
_DEEPEST = 30


def take_forwarding(node: Node, estate: Estate) -> None:
    """Add a forwarding rule."""
    path = key(node.text("selfLink")) or node.text("name")
    project = project_of(path)
    estate.forwardings[path] = Forwarding(
        path, node.text("name"), node.text("IPAddress"), node.text("loadBalancingScheme").upper(),
        node.text("IPProtocol").upper(), _ports(node), key(node.text("target")), key(node.text("backendService")),
        key(node.text("network"), project, "global/networks") if node.text("network") else "",
        key(node.text("subnetwork")), last(node.text("region")) or place_of(path),
        (node.text("serviceName").rstrip("."),) if node.text("serviceName") else (), node.origin, node.field,
    )  # fmt: skip


def _ports(node: Node) -> tuple[tuple[int, int], ...] | None:
    """The ports of a forwarding rule (``portRange``, ``ports[]``, ``allPorts``); None for all of them."""
    written = [each for each in (node.text("portRange"), *node.texts("ports")) if each]
    found = [read for text in written if (read := ports(text)) is not None]
    everything = node.flag("allPorts") or not found or any(first <= 1 and end == 65535 for first, end in found)
    return None if everything else tuple(dict.fromkeys(found))


def take_backend(node: Node, estate: Estate) -> None:
    """Add something that forwarding rules lead to. Whatever backend services it names anywhere are behind it."""
    path = key(node.text("selfLink")) or node.text("name")
    named = [key(text) for text in _texts(node.data) if _SERVICE in text or "urlMaps/" in text]
    single = (node.text("instance"),) if node.text("instance") else ()
    estate.backends[path] = Backend(
        path,
        tuple(key(each.text("group")) for each in node.nodes("backends")),
        tuple(key(each) for each in (*node.texts("instances"), *single)),
        tuple(each for each in dict.fromkeys(named) if each != path),
        node.text("portName"),
        node.number("port"),
    )


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """All texts inside of a value, as deep as URL maps are."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for each in inner:
            yield from _texts(each, depth + 1)
