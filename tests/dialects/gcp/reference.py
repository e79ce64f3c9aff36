"""A naive evaluator of Google Cloud's firewalls: one packet at a time, straight from the vendor's text.

It shares nothing with the package. Sources: "VPC firewall rules", "Evaluation order for firewall policies and rules",
"Firewall policy rule details". It knows the shapes that `samples` makes and whatever is sure.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

_NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "sctp": 132, "gre": 47}


class Packet(NamedTuple):
    """The first packet of a connection; `port` is 0 for a protocol without ports."""

    source: str
    destination: str
    protocol: int
    port: int


class World(NamedTuple):
    """An estate: networks, instances, VPC rules, policies of the organisation and of networks."""

    networks: list[dict[str, Any]]
    instances: list[dict[str, Any]]
    rules: list[dict[str, Any]]
    organisation: list[dict[str, Any]]
    policies: list[dict[str, Any]]


def passes(world: World, packet: Packet) -> bool:
    """Whether a packet gets out of its source and into its destination."""
    for direction, address in (("EGRESS", packet.source), ("INGRESS", packet.destination)):
        machine = _machine(world, address)
        if machine is not None and not _passes(world, machine, direction, packet):
            return False
    return True


def _passes(world: World, machine: dict[str, Any], direction: str, packet: Packet) -> bool:
    if direction == "EGRESS" and packet.destination == "169.254.169.254":
        return True
    nic = machine["networkInterfaces"][0]
    network = next(each for each in world.networks if each["selfLink"] == nic["network"])
    of_network = [each for each in world.policies if _attached(each, nic["network"])]
    vpc = [_vpc(world, machine, direction, packet)]
    whole = [_policy(each, machine, direction, packet) for each in world.organisation]
    regional = [each for each in of_network if each.get("region")]
    ordered = [each for each in of_network if not each.get("region")] + regional
    late = [_policy(each, machine, direction, packet) for each in ordered]
    first = network.get("networkFirewallPolicyEnforcementOrder") == "BEFORE_CLASSIC_FIREWALL"
    for answer in [*whole, *(late + vpc if first else vpc + late)]:
        if answer is not None:
            return answer
    return direction == "EGRESS"


def _machine(world: World, address: str) -> dict[str, Any] | None:
    return next((each for each in world.instances if ip_address(address) in _own(each)), None)


def _own(machine: dict[str, Any]) -> list[Any]:
    nic = machine["networkInterfaces"][0]
    six = [each["externalIpv6"] for each in nic.get("ipv6AccessConfigs", [])]
    return [ip_address(text) for text in (nic["networkIP"], *six)]


def _attached(policy: dict[str, Any], network: str) -> bool:
    return any(each["attachmentTarget"] == network for each in policy["associations"])


def _vpc(world: World, machine: dict[str, Any], direction: str, packet: Packet) -> bool | None:
    """The best matching rule of the network: the lowest number, and of equal ones a denial."""
    network = machine["networkInterfaces"][0]["network"]
    best: tuple[int, bool] | None = None
    for rule in world.rules:
        if rule["network"] != network or rule["direction"] != direction or rule["disabled"]:
            continue
        if not _is_target(rule, machine):
            continue
        allows = "allowed" in rule
        entries = [(each["IPProtocol"], each.get("ports")) for each in rule["allowed" if allows else "denied"]]
        if _carries(entries, packet) and _ends(rule, world, network, packet):
            best = min(best, (rule["priority"], allows)) if best is not None else (rule["priority"], allows)
    return best[1] if best is not None else None


def _is_target(rule: dict[str, Any], machine: dict[str, Any]) -> bool:
    tags, accounts = rule.get("targetTags"), rule.get("targetServiceAccounts")
    if tags:
        return bool({*tags} & {*machine["tags"]["items"]})
    return not accounts or any(each["email"] in accounts for each in machine["serviceAccounts"])


def _ends(rule: dict[str, Any], world: World, network: str, packet: Packet) -> bool:
    if not _inside(packet.source, rule.get("sourceRanges")) and not _sends(rule, world, network, packet.source):
        return rule["direction"] == "EGRESS" and "sourceRanges" not in rule and _destined(rule, packet)
    return _destined(rule, packet)


def _destined(rule: dict[str, Any], packet: Packet) -> bool:
    return "destinationRanges" not in rule or _inside(packet.destination, rule["destinationRanges"])


def _sends(rule: dict[str, Any], world: World, network: str, address: str) -> bool:
    tags, accounts = rule.get("sourceTags", []), rule.get("sourceServiceAccounts", [])
    sender = _machine(world, address)
    if sender is None or sender["networkInterfaces"][0]["network"] != network:
        return False
    return bool({*tags} & {*sender["tags"]["items"]}) or any(
        each["email"] in accounts for each in sender["serviceAccounts"]
    )


def _inside(address: str, ranges: list[str] | None) -> bool:
    found = ip_address(address)
    return any(found in network for text in ranges or () if (network := ip_network(text)).version == found.version)


def _carries(entries: list[tuple[str, list[str] | None]], packet: Packet) -> bool:
    for protocol, ports in entries:
        number = _NUMBERS.get(protocol, -1 if protocol == "all" else None)
        number = int(protocol) if number is None else number
        if number == -1 or (number == packet.protocol and (not ports or any(_in(text, packet.port) for text in ports))):
            return True
    return False


def _in(text: str, port: int) -> bool:
    low, _, high = text.partition("-")
    return int(low) <= port <= int(high or low)


def _policy(policy: dict[str, Any], machine: dict[str, Any], direction: str, packet: Packet) -> bool | None:
    """The first rule that matches; None where it leaves the decision to the next level."""
    if policy.get("region") and "us-east1" not in policy["region"]:
        return None
    for rule in sorted(policy["rules"], key=lambda each: int(each["priority"])):
        if rule["direction"] != direction or rule["disabled"]:
            continue
        accounts = rule.get("targetServiceAccounts")
        if accounts and not any(each["email"] in accounts for each in machine["serviceAccounts"]):
            continue
        match = rule["match"]
        entries = [(each["ipProtocol"], each.get("ports")) for each in match["layer4Configs"]]
        source = "srcIpRanges" not in match or _inside(packet.source, match["srcIpRanges"])
        target = "destIpRanges" not in match or _inside(packet.destination, match["destIpRanges"])
        if source and target and _carries(entries, packet):
            return {"allow": True, "deny": False}.get(rule["action"])
    return None
