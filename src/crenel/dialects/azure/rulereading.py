"""Security rules, as they are written.

The fields are those of SecurityRulePropertiesFormat and EffectiveNetworkSecurityRule (Azure REST API, "Network Security
Groups - Get" and "Network Interfaces - List Effective Network Security Groups").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crenel.dialects.azure.fields import Node
from crenel.dialects.azure.records import End, SecurityRule
from crenel.provenance import Origin

ANY = ("*",)


def security_rule(node: Node, origin: Origin | None = None) -> SecurityRule:
    """One rule. Of a field and its plural both count."""
    inner = node.data.get("properties")
    own = {**inner, **node.data} if isinstance(inner, dict) else node.data
    return SecurityRule(
        name=_text(own, "name"),
        priority=node.number("priority"),
        direction=_text(own, "direction").lower(),
        access=_text(own, "access").lower(),
        protocol=_text(own, "protocol"),
        source=_end(node, own, "source"),
        source_ports=_both(own, "sourcePortRange", "sourcePortRanges"),
        destination=_end(node, own, "destination"),
        ports=_both(own, "destinationPortRange", "destinationPortRanges"),
        field=node.field,
        origin=origin,
    )


def _text(own: Mapping[str, Any], name: str) -> str:
    value = own.get(name)
    return value if isinstance(value, str) else ""


def _end(node: Node, own: Mapping[str, Any], which: str) -> End:
    groups, expanded = f"{which}ApplicationSecurityGroups", f"expanded{which.capitalize()}AddressPrefix"
    return End(
        _both(own, f"{which}AddressPrefix", f"{which}AddressPrefixes"),
        node.references(groups) if own.get(groups) else (),
        node.texts(expanded) if own.get(expanded) else (),
    )


def _both(own: Mapping[str, Any], name: str, plural: str) -> tuple[str, ...]:
    single, listed = own.get(name), own.get(plural)
    texts = [single, *listed] if isinstance(listed, list) else [single]
    return tuple(dict.fromkeys(text for text in texts if isinstance(text, str) and text))


def _default(name: str, priority: int, access: str, source: str, destination: str) -> SecurityRule:
    direction = "inbound" if name.endswith("InBound") else "outbound"
    return SecurityRule(name, priority, direction, access, "*", End((source,)), ANY, End((destination,)), ANY)


DEFAULTS = (
    _default("AllowVnetInBound", 65000, "allow", "VirtualNetwork", "VirtualNetwork"),
    _default("AllowAzureLoadBalancerInBound", 65001, "allow", "AzureLoadBalancer", "*"),
    _default("DenyAllInBound", 65500, "deny", "*", "*"),
    _default("AllowVnetOutBound", 65000, "allow", "VirtualNetwork", "VirtualNetwork"),
    _default("AllowInternetOutBound", 65001, "allow", "*", "Internet"),
    _default("DenyAllOutBound", 65500, "deny", "*", "*"),
)
"""What every group has besides its own rules (Azure network security groups overview, "Default security rules")."""
