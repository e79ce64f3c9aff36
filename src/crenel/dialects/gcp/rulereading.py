"""Rules of VPC networks and of firewall policies, as they are written.

The fields are those of "firewalls" and "firewallPolicies" (Compute Engine API); what they mean is in "VPC firewall
rules" and "Firewall policy rule details".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crenel.dialects.gcp.naming import key
from crenel.dialects.gcp.records import NOBODY_SAID, End, Estate, SecurityRule, Service, Targets
from crenel.dialects.trees import Node, addresses

INGRESS, EGRESS = "INGRESS", "EGRESS"
NETWORKS = "global/networks"
DEFAULT_PRIORITY = 1000
_ANY_IPV4 = ("0.0.0.0/0",)


def vpc_rule(node: Node, estate: Estate) -> SecurityRule:
    """A VPC firewall rule.

    Without a source an ingress rule means all of IPv4, as an egress rule without a destination does ("VPC firewall
    rules", "Sources", "Destinations").
    """
    title = f"vpc firewall rule {node.text('name')}"
    allowed, denied = tuple(_protocols(node, "allowed")), tuple(_protocols(node, "denied"))
    direction = node.text("direction").upper() or INGRESS
    source = _end(node, estate, title, ("sourceRanges",))
    source = replace(source, tags=_set(node, "sourceTags"), accounts=_set(node, "sourceServiceAccounts"))
    destination = _end(node, estate, title, ("destinationRanges",))
    return SecurityRule(
        title,
        node.number("priority") if node.has("priority") else DEFAULT_PRIORITY,
        direction,
        "both" if allowed and denied else "allow" if allowed else "deny" if denied else "",
        _default(source, node, ("sourceRanges", "sourceTags", "sourceServiceAccounts"), direction == INGRESS),
        _default(destination, node, ("destinationRanges",), direction == EGRESS),
        allowed or denied,
        Targets(_set(node, "targetTags"), _set(node, "targetServiceAccounts")),
        node.origin,
        node.field,
        _later(node),
        node.flag("disabled") is not True,
    )


def _later(node: Node) -> str:
    """What of a rule only a plan's execution will tell."""
    names = node.texts("_later")
    return f"of its {', '.join(names)}, known only after apply" if names else ""


def _default(end: End, node: Node, names: tuple[str, ...], far: bool) -> End:
    """An end of which nothing is written: the guarded one is every address of the targets, the other all of IPv4."""
    if any(node.find(name)[0] for name in names):
        return end
    return End(addresses(*_ANY_IPV4)[0]) if far else NOBODY_SAID


def policy_rule(node: Node, estate: Estate, policy: str) -> SecurityRule:
    """A rule of a firewall policy."""
    title = f"{policy}, rule {node.text('priority')}"
    match = node.node("match") or Node({}, node.origin, node.field)
    return SecurityRule(
        title,
        node.number("priority"),
        node.text("direction").upper(),
        node.text("action").lower(),
        _policy_end(match, estate, title, "src"),
        _policy_end(match, estate, title, "dest"),
        tuple(_layer4(match)),
        Targets(
            accounts=_set(node, "targetServiceAccounts"),
            secure=frozenset(_secure(node, "targetSecureTags")),
            networks=frozenset(key(each) for each in node.texts("targetResources")),
        ),
        node.origin,
        node.field,
        _not_instances(node),
        enabled=node.flag("disabled") is not True and not _ineffective(node),
    )


def _ineffective(node: Node) -> bool:
    """Whether a rule is ignored because all its target tags were deleted (API, "targetSecureTags[].state")."""
    return any(node.nodes("targetSecureTags")) and not any(_secure(node, "targetSecureTags"))


def _not_instances(node: Node) -> str:
    """Rules may be for proxies of internal load balancers (``targetType``), which are not told apart here."""
    kind = node.text("targetType").upper()
    return "" if kind in ("", "INSTANCES") else f"for {kind.replace('_', ' ').lower()}"


def _policy_end(match: Node, estate: Estate, title: str, side: str) -> End:
    """One end. Parts are joined, but a network type or context narrows the others ("Source parameter combinations")."""
    found = _end(match, estate, title, (f"{side}IpRanges",))
    narrowed = match.text(f"{side}NetworkContext", f"{side}NetworkType", f"{side}NetworkScope")
    end = End(
        found.ranges,
        secure=frozenset(_secure(match, f"{side}SecureTags")),
        groups=tuple(key(each) for each in match.texts(f"{side}AddressGroups")),
        unknown=tuple(_only_the_service_knows(match, side)),
        narrowed="" if narrowed in ("", "UNSPECIFIED") else f"in {narrowed.replace('_', ' ').lower()}",
    )
    parts = ("IpRanges", "SecureTags", "AddressGroups", "Fqdns", "RegionCodes", "ThreatIntelligences")
    silent = not any(match.find(f"{side}{part}")[0] for part in parts)
    return End(narrowed=end.narrowed, silent=True) if silent else end


def _only_the_service_knows(match: Node, side: str) -> Iterator[str]:
    for field, words in (("Fqdns", "the name"), ("RegionCodes", "the country"), ("ThreatIntelligences", "the list")):
        yield from (f"{words} {each}" for each in match.texts(f"{side}{field}"))


def _end(node: Node, estate: Estate, title: str, names: tuple[str, ...]) -> End:
    ranges, wrong = addresses(*node.texts(*names))
    estate.unreadable(wrong, node.origin, node.find(*names)[1], title)
    return End(ranges, unknown=tuple(f"the range {text}, which cannot be read" for text in wrong))


def _protocols(node: Node, name: str) -> Iterator[Service]:
    for each in node.nodes(name):
        yield Service(each.text("IPProtocol", "protocol"), each.texts("ports"))


def _layer4(match: Node) -> Iterator[Service]:
    for each in match.nodes("layer4Configs"):
        yield Service(each.text("ipProtocol"), each.texts("ports"))


def _secure(node: Node, name: str) -> Iterator[str]:
    """The ids of secure tags; ineffective ones, deleted meanwhile, match nobody ("Secure tags for firewalls")."""
    for each in node.nodes(name):
        if each.text("state").upper() != "INEFFECTIVE":
            yield each.text("name")


def _set(node: Node, name: str) -> frozenset[str]:
    return frozenset(node.texts(name))
