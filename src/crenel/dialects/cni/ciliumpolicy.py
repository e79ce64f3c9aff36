"""CiliumNetworkPolicy (cilium.io/v2), where it has nothing but egress to pods and to DNS names.

Source of the rules: Cilium documentation, "Layer 3 Policies" (endpoints, DNS), "Layer 4 Policies", "Layer 7 Policies"
(DNS Policy and IP Discovery), "Policy Enforcement Modes", and the definition of the kind. A policy with egress rules
closes the egress of those that it selects; what it and NetworkPolicies allow is united. Selectors see labels of
Kubernetes, but for those that Cilium leaves out of identities. The address of a name is known only where a rule of the
pod has its questions read (``rules.dns``); a rule for all questions (``*``) lets the same packets through as none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crenel.dialects.cni.byname import (
    BeyondError,
    Names,
    Opening,
    Pods,
    Read,
    listed,
    matches,
    name,
    only,
    selector,
    span,
    text,
)
from crenel.dialects.cni.selectors import CILIUM_NAMESPACE, cilium_label
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.network.traffic import Match

API = "ciliumnetworkpolicy"
KIND = ("cilium.io/v2", "CiliumNetworkPolicy")
SOURCES = ("k8s:", "any:")
MOST_PORTS = 40
"""How many ports one entry of ``toPorts`` may have (the kind's definition, ``maxItems``)."""
ALL_NAMES = "*"
MANY = "**."
"""Stands for one or more labels, since Cilium 1.19 (upgrade notes); before, for one."""
_ANY = ("TCP", "UDP", "SCTP")


def read(policy: ForeignPolicy) -> Read | None:
    """Read one; None for a policy that says more than that."""
    try:
        return _read(policy)
    except BeyondError:
        return None


def _read(policy: ForeignPolicy) -> Read:
    spec = only(policy.spec, "description", "endpointSelector", "egress", "enableDefaultDeny")
    default = only(spec.get("enableDefaultDeny", {}), "egress", "ingress")
    if not policy.namespace or default.get("egress", True) is not True or default.get("ingress", False) is not False:
        raise BeyondError
    subject = _endpoints(spec.get("endpointSelector"), policy.namespace)
    if subject.namespace != policy.namespace:
        raise BeyondError
    openings = tuple(_openings(listed(spec.get("egress")), policy.namespace))
    return Read(subject, openings, any(_asks(rule) for rule in spec["egress"]))


def _asks(rule: dict[str, Any]) -> bool:
    """Whether a rule has questions for names read."""
    return any("rules" in each for each in rule.get("toPorts", ()))


def _openings(rules: list[Any], namespace: str) -> Iterator[Opening]:
    for place, rule in enumerate(rules):
        found = only(rule, "toEndpoints", "toFQDNs", "toPorts")
        if not found:
            continue  # an empty rule opens nothing, and closes the rest like any other
        if ("toEndpoints" in found) is ("toFQDNs" in found):
            raise BeyondError
        pods: tuple[Pods, ...] = ()
        names = Names()
        if "toEndpoints" in found:
            pods = tuple(_endpoints(each, namespace) for each in listed(found["toEndpoints"]))
        else:
            names = _names(listed(found["toFQDNs"]))
        traffic = tuple(_traffic(listed(found["toPorts"]))) if "toPorts" in found else None
        yield Opening(place, pods, names, traffic)


def _endpoints(value: Any, namespace: str) -> Pods:
    """Pods by their labels, of the policy's own namespace where none is named."""
    found = only(value, "matchLabels", "matchExpressions")
    labels = found.get("matchLabels") or {}
    expressions = found.get("matchExpressions") or []
    if not isinstance(labels, dict) or not isinstance(expressions, list):
        raise BeyondError
    homes = {text(each) for key, each in labels.items() if _plain(key) == CILIUM_NAMESPACE}
    if len(homes) > 1:
        raise BeyondError
    own = {_label(key): each for key, each in labels.items() if _plain(key) != CILIUM_NAMESPACE}
    asked = [{**only(each, "key", "operator", "values"), "key": _label(each.get("key"))} for each in expressions]
    return Pods(next(iter(homes), namespace), selector({"matchLabels": own, "matchExpressions": asked}))


def _plain(key: Any) -> str:
    """A key without the source of labels of Kubernetes."""
    found = text(key)
    return next((found.removeprefix(each) for each in SOURCES if found.startswith(each)), found)


def _label(key: Any) -> str:
    if (found := cilium_label(text(key))) is None:
        raise BeyondError
    return found


def _names(written: list[Any]) -> Names:
    exact, single = list[str](), list[str]()
    for each in written:
        found = only(each, "matchName", "matchPattern")
        if len(found) != 1:
            raise BeyondError
        if "matchName" in found:
            exact.append(name(found["matchName"]))
            continue
        pattern = text(found["matchPattern"])
        if pattern.startswith(MANY):
            exact.append(f"*.{name(pattern.removeprefix(MANY))}")
        elif pattern.startswith("*."):
            single.append(f"*.{name(pattern.removeprefix('*.'))}")
        else:
            exact.append(name(pattern))
    return Names(tuple(exact), tuple(single))


def _traffic(written: list[Any]) -> Iterator[Match]:
    for each in written:
        found = only(each, "ports", "rules")
        if "rules" in found:
            _let_all_pass(found["rules"])
        for port in listed(found.get("ports")):
            one = only(port, "port", "endPort", "protocol")
            protocol = one.get("protocol") or "ANY"
            if protocol not in (*_ANY, "ANY"):
                raise BeyondError
            protocols = _ANY if protocol == "ANY" else (protocol,)
            yield from matches(protocols, span(one.get("port"), one.get("endPort")))


def _let_all_pass(rules: Any) -> None:
    """Accept rules for DNS that turn no question away."""
    asked = listed(only(rules, "dns").get("dns"))
    if not any(only(each, "matchName", "matchPattern").get("matchPattern") == ALL_NAMES for each in asked):
        raise BeyondError
