"""ClusterNetworkPolicies beside the NetworkPolicies: guardrails that a namespace cannot undo, and egress by name.

Source of the rules: kubernetes-sigs/network-policy-api, apis/v1alpha2/clusternetworkpolicy_types.go. In the tier Admin
rules come before every NetworkPolicy: Pass leaves the decision to those, Deny and Accept make it. At most 25 rules are
in one policy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from crenel.dialects.adminpolicy import is_baseline, priority
from crenel.harden.needs.ground import MANAGED_BY, MANAGER, Ground
from crenel.harden.needs.model import Everybody, Need, Outside, Pods, Traffic, traffic_text
from crenel.harden.policies.labels import Choice
from crenel.harden.policies.model import Written
from crenel.harden.policies.text import MARK
from crenel.harden.policies.yaml import Noted, written
from crenel.kubernetes.population import NAMESPACE_NAME
from crenel.network.addresses import AddressSet
from crenel.network.traffic import LAST_PORT, PORTED, protocol_name

METADATA = AddressSet.of("169.254.169.254")
METADATA6 = AddressSet.of("fd00:ec2::254")
"""Where clouds tell instances who they are (AWS, Azure, Google Cloud, OpenStack; the second is AWS' for IPv6)."""
_PRIORITIES = {"kube-system": 980, "metadata": 985, "apart": 990, "names": 995}
"""Behind those of the input: what one of ours passes, no later one of the tier is asked about."""
Named: TypeAlias = Mapping[str, tuple[str, ...]]
"""DNS names, sorted, each with lines that say why."""
FIRST = min(_PRIORITIES.values())
_MOST = 25


@dataclass(frozen=True)
class _Rule:
    """One rule: what it does, with whom (`peers` as they are written), and with what."""

    action: str
    name: str
    peers: list[dict[str, Any]]
    traffic: tuple[Traffic, ...] = ()
    why: tuple[str, ...] = ()


def in_the_way(ground: Ground) -> list[str]:
    """The policies of the input that would come after ours, which would take something from them."""
    admin = [each for each in ground.decoded.admin_policies if not is_baseline(each)]
    return [each.title for each in admin if priority(each) >= FIRST]


def guardrails(ground: Ground, needs: Sequence[Need], namespaces: Sequence[str]) -> Iterator[Written]:
    """All guardrails: the metadata address, the system's namespace, and namespaces apart from each other."""
    yield _file("guardrails/metadata.yaml", _metadata(ground, needs))
    if (found := _system(needs, namespaces)) is not None:
        yield _file("guardrails/kube-system.yaml", [found])
    for name in namespaces:
        if name in ground.incomplete:
            continue
        yield _file(f"guardrails/apart-{name}.yaml", [_apart(needs, name)])


def by_name(name: str, pods: Pods, choice: Choice, egress: Mapping[tuple[Traffic, ...], Named]) -> str:
    """Egress by DNS name of one workload: the names that it reaches with some traffic."""
    listed = [
        _Rule("Accept", "names", [{"domainNames": list(names)}], traffic, tuple(w for n in names for w in names[n]))
        for traffic, names in egress.items()
    ]
    subject = {"pods": {"namespaceSelector": _labelled(pods.namespace), "podSelector": choice.data}}
    says = (f"The names outside that {pods} connects to.",)
    return _document(f"{pods.namespace}-{name}", "names", subject, "egress", listed, says)


def _file(path: str, documents: Iterable[str]) -> Written:
    return Written(path, f"{MARK}\n" + "---\n".join(documents))


def _metadata(ground: Ground, needs: Sequence[Need]) -> Iterator[str]:
    """Nobody reaches the metadata server but who is known to need it; names may be asked for there."""
    served = [need for need in needs if isinstance(need.target, Outside) and _covers(need.target)]
    rules = [
        _Rule("Pass", f"needed-{number}", [{"networks": ["169.254.169.254/32"]}], (traffic,), (f"needed by {who}",))
        for number, (traffic, who) in enumerate(_by_traffic(served)[: _MOST - 3], 1)
    ]
    rules.insert(0, _Rule("Pass", "pods", [{"namespaces": {}}], (), ("No pod is a metadata server.",)))
    if any(isinstance(need.target, Pods) and ground.hosted(need.target) for need in needs):
        rules.insert(1, _Rule("Pass", "nodes", [{"nodes": {}}]))
    both = METADATA | METADATA6 if 6 in ground.model.network.blueprint.families else METADATA
    rules.append(_Rule("Deny", "metadata", [{"networks": both.cidrs()}]))
    says = ("The metadata server of the cloud gives away credentials: pods do not reach it.",)
    yield _document("crenel-metadata", "metadata", {"namespaces": {}}, "egress", rules, says)


def _covers(end: Outside) -> bool:
    """Whether the metadata server is what is meant, and not only somewhere among many addresses."""
    return end.addresses.size() <= 256 and bool(end.addresses & (METADATA | METADATA6))


def _by_traffic(needs: Iterable[Need]) -> list[tuple[Traffic, str]]:
    found: dict[Traffic, dict[str, None]] = defaultdict(dict)
    for need in needs:
        found[need.traffic][str(need.source)] = None
    return [(traffic, ", ".join(found[traffic])) for traffic in sorted(found, key=traffic_text)]


def _system(needs: Sequence[Need], namespaces: Sequence[str]) -> str | None:
    """Of the system's pods only what is needed is reached: names first of all."""
    if "kube-system" in namespaces:
        return None
    needed = [need for need in needs if isinstance(need.target, Pods) and need.target.namespace == "kube-system"]
    rules = [
        _Rule("Pass", f"needed-{number}", [{"namespaces": _labelled("kube-system")}], (traffic,), (f"needed by {who}",))
        for number, (traffic, who) in enumerate(_by_traffic(needed)[: _MOST - 1], 1)
    ]
    rules.append(_Rule("Deny", "kube-system", [{"namespaces": _labelled("kube-system")}]))
    subject = {"namespaces": {"matchExpressions": [_among("In", sorted(namespaces))]}}
    says = ("Applications reach nothing in kube-system but what they need there.",)
    return _document("crenel-kube-system", "kube-system", subject, "egress", rules, says)


def _apart(needs: Sequence[Need], name: str) -> str:
    """The pods of other namespaces reach one only where they need to."""
    own = [need for need in needs if isinstance(need.target, Pods) and need.target.namespace == name]
    homes = sorted({need.source.namespace for need in own if isinstance(need.source, Pods)} - {name})
    unknown = sorted({need.traffic for need in own if isinstance(need.source, Everybody)}, key=traffic_text)
    rules = [_Rule("Pass", "itself", [{"namespaces": _labelled(name)}])]
    if homes:
        peers = [{"namespaces": {"matchExpressions": [_among("In", homes)]}}]
        rules.append(_Rule("Pass", "needed", peers, (), ("Who of them, and with what, NetworkPolicies decide.",)))
    if unknown:
        why = ("Where these come from is not known.",)
        rules.append(_Rule("Pass", "unknown", [{"namespaces": {}}], tuple(unknown), why))
    rules.append(_Rule("Deny", "others", [{"namespaces": {}}]))
    says = (f"The pods of other namespaces do not reach {name}, whatever its NetworkPolicies say.",)
    return _document(f"crenel-apart-{name}", "apart", {"namespaces": _labelled(name)}, "ingress", rules, says)


def _labelled(namespace: str) -> dict[str, Any]:
    return {"matchLabels": {NAMESPACE_NAME: namespace}}


def _among(operator: str, values: Sequence[str]) -> dict[str, Any]:
    return {"key": NAMESPACE_NAME, "operator": operator, "values": list(values)}


def _document(
    name: str, sort: str, subject: dict[str, Any], direction: str, rules: Sequence[_Rule], says: tuple[str, ...]
) -> str:
    key = "to" if direction == "egress" else "from"
    return written(
        {
            "apiVersion": "policy.networking.k8s.io/v1alpha2",
            "kind": "ClusterNetworkPolicy",
            "metadata": {"name": name, "labels": {MANAGED_BY: MANAGER}},
            "spec": {
                "tier": "Admin",
                "priority": _PRIORITIES[sort],
                "subject": subject,
                direction: [Noted(_shape(rule, key), rule.why) for rule in rules],
            },
        },
        says,
    )


def _shape(rule: _Rule, key: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"name": rule.name, "action": rule.action, key: rule.peers}
    if rule.traffic and None not in rule.traffic:
        protocols = [_protocol(each) for each in rule.traffic if each is not None and each.protocol in PORTED]
        if len(protocols) <= _MOST:
            shape["protocols"] = protocols
    return shape


def _protocol(traffic: Traffic) -> dict[str, Any]:
    assert traffic is not None
    first, last = traffic.ports or (1, LAST_PORT)
    port: dict[str, Any] = {"number": first} if first == last else {"range": {"start": first, "end": last}}
    return {protocol_name(traffic.protocol or 0).lower(): {"destinationPort": port}}
