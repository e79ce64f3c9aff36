"""Google Cloud's documents as the command line prints them: builders of single resources, and whole estates."""

from __future__ import annotations

from typing import Any

ROOT = "https://www.googleapis.com/compute/v1/projects/shop"
NET = f"{ROOT}/global/networks/main"
REGION = f"{ROOT}/regions/us-east1"
ZONE = f"{ROOT}/zones/us-east1-b"
GATEWAY = f"{ROOT}/global/gateways/default-internet-gateway"
ACCOUNT = "{}@shop.iam.gserviceaccount.com"


def network(name: str = "main", **more: Any) -> dict[str, Any]:
    """A VPC network."""
    link = f"{ROOT}/global/networks/{name}"
    return {"kind": "compute#network", "name": name, "selfLink": link, "autoCreateSubnetworks": False, **more}


def subnet(name: str = "web", cidr: str = "10.0.1.0/24", net: str = NET, **more: Any) -> dict[str, Any]:
    """A subnet in the region."""
    return {
        "kind": "compute#subnetwork", "name": name, "selfLink": f"{REGION}/subnetworks/{name}", "network": net,
        "ipCidrRange": cidr, "region": REGION, "purpose": "PRIVATE", **more,
    }  # fmt: skip


def firewall(
    name: str,
    *protocols: str,
    deny: bool = False,
    priority: int = 1000,
    egress: bool = False,
    net: str = NET,
    **more: Any,
) -> dict[str, Any]:
    """A VPC firewall rule for entries like ``tcp:80,443``; without a source or destination for all of IPv4."""
    entries: list[dict[str, Any]] = []
    for text in protocols or ("all",):
        protocol, _, ports = text.partition(":")
        entries.append({"IPProtocol": protocol, **({"ports": ports.split(",")} if ports else {})})
    far = "destinationRanges" if egress else "sourceRanges"
    named = {"sourceTags", "sourceServiceAccounts", far} & more.keys()
    return {
        "kind": "compute#firewall", "name": name, "selfLink": f"{ROOT}/global/firewalls/{name}", "network": net,
        "direction": "EGRESS" if egress else "INGRESS", "priority": priority, "disabled": False,
        "denied" if deny else "allowed": entries, **({} if named else {far: ["0.0.0.0/0"]}), **more,
    }  # fmt: skip


def nic(
    address: str = "10.0.1.5",
    public: str | None = None,
    six: str = "",
    net: str = NET,
    subnet: str = "web",
    **more: Any,
) -> dict[str, Any]:
    """An interface of an instance; `public` empty is an external address that is not known."""
    made: dict[str, Any] = {
        "name": "nic0", "network": net, "subnetwork": f"{REGION}/subnetworks/{subnet}", "networkIP": address,
        "stackType": "IPV4_IPV6" if six else "IPV4_ONLY",
    }  # fmt: skip
    if public is not None:
        made["accessConfigs"] = [
            {"type": "ONE_TO_ONE_NAT", "name": "External NAT", **({"natIP": public} if public else {})}
        ]
    if six:
        made["ipv6AccessConfigs"] = [{"type": "DIRECT_IPV6", "externalIpv6": six, "externalIpv6PrefixLength": 96}]
    return {**made, **more}


def instance(
    name: str, *nics: dict[str, Any], tags: tuple[str, ...] = (), account: str = "", number: str = "", **more: Any
) -> dict[str, Any]:
    """An instance in the zone."""
    return {
        "kind": "compute#instance", "name": name, "id": number or "1", "selfLink": f"{ZONE}/instances/{name}",
        "zone": ZONE, "networkInterfaces": list(nics), "tags": {"items": list(tags), "fingerprint": "x"},
        "serviceAccounts": [{"email": ACCOUNT.format(account)}] if account else [], **more,
    }  # fmt: skip


def route(destination: str = "0.0.0.0/0", priority: int = 1000, net: str = NET, **more: Any) -> dict[str, Any]:
    """A route, to the internet gateway unless another hop is given."""
    hop = {} if any(name.startswith("nextHop") for name in more) else {"nextHopGateway": GATEWAY}
    name = f"route-{destination.replace('/', '-').replace('.', '-').replace(':', '-')}-{priority}"
    return {
        "kind": "compute#route", "name": name, "selfLink": f"{ROOT}/global/routes/{name}", "network": net,
        "destRange": destination, "priority": priority, **hop, **more,
    }  # fmt: skip


def policy_rule(
    priority: int, action: str, *protocols: str, egress: bool = False, match: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A rule of a policy, for all of both families unless a match is given."""
    side = "destIpRanges" if egress else "srcIpRanges"
    entries = []
    for text in protocols or ("all",):
        protocol, _, ports = text.partition(":")
        entries.append({"ipProtocol": protocol, **({"ports": ports.split(",")} if ports else {})})
    return {
        "kind": "compute#firewallPolicyRule", "priority": priority, "action": action,
        "direction": "EGRESS" if egress else "INGRESS", "disabled": False,
        "match": {"layer4Configs": entries, **({side: ["0.0.0.0/0", "::/0"]} if match is None else match)}, **more,
    }  # fmt: skip


def network_policy(
    name: str, *rules: dict[str, Any], nets: tuple[str, ...] = (NET,), region: str = "", **more: Any
) -> dict[str, Any]:
    """A network firewall policy, global unless it has a region."""
    place = f"regions/{region}" if region else "global"
    return {
        "kind": "compute#firewallPolicy", "name": name, "selfLink": f"{ROOT}/{place}/firewallPolicies/{name}",
        **({"region": f"{ROOT}/regions/{region}"} if region else {}),
        "associations": [{"name": f"{name}-{n}", "attachmentTarget": net} for n, net in enumerate(nets)],
        "rules": list(rules), **more,
    }  # fmt: skip


def hierarchical(name: str, number: str, place: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A hierarchical firewall policy at an organisation or folder."""
    return {
        "kind": "compute#firewallPolicy", "name": number, "id": number, "shortName": name, "displayName": name,
        "parent": "organizations/1",
        "selfLink": f"https://www.googleapis.com/compute/v1/locations/global/firewallPolicies/{number}",
        "associations": [{"name": place.replace("/", "-"), "attachmentTarget": place, "firewallPolicyId": number}],
        "rules": list(rules), **more,
    }  # fmt: skip


def shop(*firewalls: dict[str, Any]) -> list[Any]:
    """A network with machines `web` (tag web, external addresses, pods), `db` (account db) and `job`."""
    web = nic("10.0.1.5", "34.1.2.3", "2600:1900::5", aliasIpRanges=[{"ipCidrRange": "10.8.0.0/24"}])
    return [
        [network()],
        [subnet(secondaryIpRanges=[{"rangeName": "pods", "ipCidrRange": "10.8.0.0/16"}])],
        [instance("web", web, tags=("web",), account="web", number="11"),
         instance("db", nic("10.0.1.6"), tags=("db",), account="db", number="12"),
         instance("job", nic("10.0.1.7"), number="13")],
        [route(), route("::/0"), route("10.0.1.0/24", 0, nextHopNetwork=NET)],
        list(firewalls) or [firewall("ssh", "tcp:22", sourceRanges=["35.235.240.0/20"])],
    ]  # fmt: skip


def forwarding(
    name: str, address: str, port_range: str = "443-443", scheme: str = "EXTERNAL", **more: Any
) -> dict[str, Any]:
    """A forwarding rule of the region; of what it leads to `more` tells."""
    return {
        "kind": "compute#forwardingRule", "name": name, "selfLink": f"{REGION}/forwardingRules/{name}",
        "region": REGION, "IPAddress": address, "IPProtocol": "TCP", "portRange": port_range,
        "loadBalancingScheme": scheme, **more,
    }  # fmt: skip


def backend(name: str, *groups: str, **more: Any) -> dict[str, Any]:
    """A backend service of the region, before instance groups of the zone."""
    return {
        "kind": "compute#backendService", "name": name, "selfLink": f"{REGION}/backendServices/{name}",
        "backends": [{"group": f"{ZONE}/instanceGroups/{each}", "balancingMode": "CONNECTION"} for each in groups],
        **more,
    }  # fmt: skip


def made_by(group: str) -> dict[str, Any]:
    """The metadata of an instance of a managed group."""
    manager = f"projects/77/zones/us-east1-b/instanceGroupManagers/{group}"
    return {"metadata": {"kind": "compute#metadata", "items": [{"key": "created-by", "value": manager}]}}


def layers(*, first: bool = False) -> list[Any]:
    """Rules in two networks, policies at all levels, and machines that some of them are for.

    `first` says that the policies of networks come before their rules.
    """
    other = f"{ROOT}/global/networks/other"
    order = "BEFORE_CLASSIC_FIREWALL" if first else "AFTER_CLASSIC_FIREWALL"
    six: dict[str, Any] = {"sourceRanges": ["2600:1900::/28"]}
    return [
        [network(networkFirewallPolicyEnforcementOrder=order),
         network("other", networkFirewallPolicyEnforcementOrder=order)],
        [subnet(), subnet("far", "10.9.1.0/24", other)],
        [instance("web", nic("10.0.1.5", "34.1.2.3", "2600:1900::5"), tags=("web",), account="web"),
         instance("db", nic("10.0.1.6", six="2600:1900::6"), tags=("db",), account="db"),
         instance("far", nic("10.9.1.7", net=other, subnet="far"))],
        [firewall("https", "tcp:443", targetTags=["web"]), firewall("https-six", "tcp:443", **six),
         firewall("db", "tcp:5432", "icmp", sourceTags=["web"], targetServiceAccounts=[ACCOUNT.format("db")]),
         firewall("bad", "tcp:1-1023", deny=True, priority=900, sourceRanges=["34.80.0.0/16"]),
         firewall("out", "tcp:25,5000-6000", deny=True, egress=True, destinationRanges=["34.0.0.0/8"]),
         firewall("far", "tcp:80,443", "udp:53", net=other)],
        [hierarchical(
            "base", "100", "organizations/1", policy_rule(1, "deny", "tcp:22"), policy_rule(2, "goto_next", "tcp"),
            policy_rule(3, "allow", "udp:123", match={"srcIpRanges": ["35.0.0.0/8"], "layer4Configs": [
                {"ipProtocol": "udp", "ports": ["123"]}]}),
        )],
        [network_policy("main", policy_rule(5, "allow", "tcp:8080-8089"), policy_rule(6, "deny", egress=True)),
         network_policy("other", policy_rule(5, "deny", "tcp:443"), policy_rule(6, "goto_next"), nets=(other,))],
    ]  # fmt: skip


def documents() -> list[tuple[str, list[Any]]]:
    """The whole estates, by name."""
    return [("shop", shop(firewall("https", "tcp:443", targetTags=["web"]), firewall("ping", "icmp"))),
            ("policies after rules", layers()), ("policies before rules", layers(first=True))]  # fmt: skip


def large(count: int = 200, rules: int = 25) -> list[Any]:
    """That many networks with that many rules each, and two machines in each network."""
    nets = [f"n{number}" for number in range(count)]
    some: dict[str, Any] = {"targetTags": ["a"]}
    return [
        [network(name) for name in nets],
        [firewall(f"{name}-{each}", f"tcp:{1000 + each}", net=f"{ROOT}/global/networks/{name}", priority=each,
                  sourceRanges=[f"10.{number}.{each}.0/24"], **(some if each % 2 else {}))
         for number, name in enumerate(nets) for each in range(rules)],
        [instance(f"{name}-{each}", nic(f"172.16.{number}.{each + 1}", net=f"{ROOT}/global/networks/{name}"),
                  tags=("a",) if each else ())
         for number, name in enumerate(nets) for each in range(2)],
    ]  # fmt: skip
