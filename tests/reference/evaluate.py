"""The verdict on one point: egress at the source and ingress at the destination, each through all its tiers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from reference import admin, networkpolicy
from reference.cluster import Address, Cluster, Network, Object, Pod
from reference.ends import End, find_pod, possible_ends


def verdict(
    cluster: Cluster,
    policies: Iterable[Object],
    source: str,
    destination: str,
    protocol: str,
    port: int | None,
    *,
    family: int | None = None,
    hairpin: bool = False,
) -> str:
    """Whether a new connection is "allowed", "denied" or "unknown".

    Ends are a pod ("ns/name"), "node/NAME", an address, or "dns:NAME" as the destination. `family` is needed where both
    ends have addresses of both; where they share none, the question is what policies would say to the destination's. A
    pod always reaches its own address; `hairpin` judges that like any other connection, as it is through a Service or
    to another replica.
    """
    if family is None:
        (family,) = families(cluster, source, destination) or _families_of(cluster, destination)
    given = list(policies)
    pod = find_pod(cluster, source)
    if pod is not None and pod is find_pod(cluster, destination) and not hairpin:
        return "allowed"
    sources = possible_ends(cluster, source, family, given)
    destinations = possible_ends(cluster, destination, family, given)
    places = {end.runs_on: end for end in destinations}.values()
    traffic = (protocol, port)
    egress = [_one_way(cluster, given, sources[0], each, "egress", traffic) for each in destinations]
    ingress = [_one_way(cluster, given, each, other, "ingress", traffic) for each in places for other in sources]
    out, into = set().union(*egress), set().union(*ingress)
    if "deny" not in out | into:
        return "allowed"
    return "denied" if "allow" not in out or "allow" not in into else "unknown"


def _one_way(
    cluster: Cluster, policies: list[Object], subject: End, other: End, direction: str, traffic: tuple[str, int | None]
) -> set[str]:
    """What may become of a packet at one end, "allow" or "deny"; policies apply to pods alone."""
    if subject.pod is None:
        return {"allow"}
    upper = [each for each in policies if admin.tier_of(each) == "Admin"]
    lower = [each for each in policies if admin.tier_of(each) == "Baseline"]
    middle = [each for each in policies if each["kind"] == "NetworkPolicy"]
    found = admin.decisions(cluster, upper, subject, other, direction, traffic)
    if None in found:
        found = (found - {None}) | {networkpolicy.decide(cluster, middle, subject, other, direction, traffic)}
    if None in found:
        found = (found - {None}) | admin.decisions(cluster, lower, subject, other, direction, traffic)
    return {each or "allow" for each in found}


def families(cluster: Cluster, source: str, destination: str) -> tuple[int, ...]:
    """The address families that both ends have; a name outside has those of the source."""
    own = _families_of(cluster, source)
    if destination.startswith("dns:"):
        return own
    return tuple(each for each in _families_of(cluster, destination) if each in own)


def _families_of(cluster: Cluster, text: str) -> tuple[int, ...]:
    pod = find_pod(cluster, text)
    if pod is None and not text.startswith("node/"):
        return (ipaddress.ip_address(text).version,)
    known = _known_addresses(cluster, text, pod) or [*cluster.seen, *cluster.pod_ranges]
    return tuple(sorted({each.version for each in known})) or (4,)


def _known_addresses(cluster: Cluster, text: str, pod: Pod | None) -> list[Address | Network]:
    if pod is None:
        return [*cluster.nodes[text.removeprefix("node/")].addresses]
    if pod.host_network:
        homes = [cluster.nodes[pod.node]] if pod.node in cluster.nodes else cluster.nodes.values()
        return [*pod.addresses] or [address for node in homes for address in node.addresses]
    return [*pod.addresses] or [*cluster.pod_ranges]


def combined(answers: Iterable[str]) -> str:
    """One word for several verdicts, say of two families: "partial" where some are allowed and others denied."""
    found = set(answers)
    if len(found) == 1:
        return found.pop()
    return "unknown" if "unknown" in found else "partial"
