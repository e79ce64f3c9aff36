"""What a policy that is not understood could change: one function per way that such policies are written.

Every function errs on the wide side. Specs are raw and may hold anything: what has the wrong shape counts as absent,
and absence widens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from crenel.dialects.cni import selectors
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import ForeignPolicy

NEITHER: frozenset[str] = frozenset()
INGRESS = frozenset({"ingress"})
EGRESS = frozenset({"egress"})
BOTH = INGRESS | EGRESS


@dataclass(frozen=True, slots=True)
class Scope:
    """What one policy could change."""

    namespace: str | None
    """Only pods of this namespace; None for those of all."""
    selector: LabelSelector | None = None
    """Only pods that it matches; None for every pod of the scope."""
    hosts: bool = False
    """Nodes as well, and the pods in their network."""
    pods: bool = True
    """False for what applies to nodes alone."""
    directions: frozenset[str] = BOTH
    """``ingress`` and ``egress`` of those pods; empty for what changes nothing."""
    may_allow: bool = True
    """It may allow what another policy forbids."""
    may_deny: bool = True
    """It may forbid what would be allowed."""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _place(policy: ForeignPolicy) -> str | None:
    return policy.namespace or None


def _directions(types: list[Any]) -> frozenset[str]:
    """Directions by the names that policies write; both, if there is one that we do not know."""
    named = frozenset(str(each).lower() for each in types)
    return BOTH if named - BOTH else named


def anything(policy: ForeignPolicy) -> Scope:
    """Nothing is known but where it lives."""
    return Scope(_place(policy), hosts=not policy.namespace)


def nothing(policy: ForeignPolicy) -> Scope:
    """No connection depends on it: staged policies, secondary networks, checks of tokens that may be absent."""
    return Scope(_place(policy), directions=NEITHER, may_allow=False, may_deny=False)


def layer(
    directions: frozenset[str], selector: str | None = None, *, everywhere: bool = False
) -> Callable[[ForeignPolicy], Scope]:
    """A second layer, such as a service mesh: it can only forbid, for the pods that a label selector in its spec names.

    With `everywhere` its own namespace does not limit it.
    """

    def describe(policy: ForeignPolicy) -> Scope:
        subject = selectors.as_written(policy.spec.get(selector)) if selector else None
        return Scope(None if everywhere else _place(policy), subject, directions=directions, may_allow=False)

    return describe


def cilium(policy: ForeignPolicy) -> Scope:
    """Cilium's policies: one spec, or several under ``specs``; merged with NetworkPolicies, so they may allow too."""
    spec = policy.spec
    rules = _objects(spec.get("specs")) + ([spec] if set(spec) - {"specs"} else [])
    return _union([_cilium_rule(policy, rule) for rule in rules or [{}]])


def _cilium_rule(policy: ForeignPolicy, rule: dict[str, Any]) -> Scope:
    """One rule: it closes the directions that it has rules for, unless ``enableDefaultDeny`` says otherwise.

    An empty rule allows nobody (``ingress: [{}]`` only closes).
    """
    hosts = isinstance(rule.get("nodeSelector"), dict)
    subject = rule.get("endpointSelector")
    scope = Scope(
        namespace=_place(policy) or selectors.cilium_namespace(subject),
        selector=None if hosts else selectors.cilium(subject),
        hosts=hosts,
        pods=not hosts or isinstance(subject, dict),
    )
    if not rule:
        return scope
    directions, may_allow, may_deny = NEITHER, False, False
    for direction in sorted(BOTH):
        allowing, denying = rule.get(direction) or [], rule.get(f"{direction}Deny") or []
        default = _object(rule.get("enableDefaultDeny")).get(direction)
        closes = default if isinstance(default, bool) else bool(allowing or denying)
        if allowing or denying or closes:
            directions |= {direction}
        may_allow = may_allow or not isinstance(allowing, list) or any(allowing)
        may_deny = may_deny or closes or bool(denying)
    return replace(scope, directions=directions, may_allow=may_allow, may_deny=may_deny)


def _union(scopes: list[Scope]) -> Scope:
    """One scope that takes in several."""
    first, *rest = scopes
    for each in rest:
        same = each.selector == first.selector and each.namespace == first.namespace
        first = Scope(
            namespace=first.namespace if each.namespace == first.namespace else None,
            selector=first.selector if same else None,
            hosts=first.hosts or each.hosts,
            pods=first.pods or each.pods,
            directions=first.directions | each.directions,
            may_allow=first.may_allow or each.may_allow,
            may_deny=first.may_deny or each.may_deny,
        )
    return first


def calico(policy: ForeignPolicy) -> Scope:
    """Calico's own policies; ``types`` defaults as the API says, a global one applies to host endpoints as well."""
    spec = policy.spec
    types = spec.get("types")
    if isinstance(types, list) and types:
        directions = _directions(types)
    else:
        egress = bool(_objects(spec.get("egress")))
        directions = EGRESS if egress else NEITHER
        if _objects(spec.get("ingress")) or not egress:
            directions |= INGRESS
    actions = [each.get("action") for side in ("ingress", "egress") for each in _objects(spec.get(side))]
    return Scope(
        _place(policy),
        selectors.calico(spec.get("selector")),
        hosts=not policy.namespace,
        directions=directions,
        may_allow=any(action not in ("Deny", "Log") for action in actions),
    )


def host_endpoint(_: ForeignPolicy) -> Scope:
    """A host endpoint closes its node's interface to all that no policy allows."""
    return Scope(None, hosts=True, pods=False, may_allow=False)


_ISTIO_ROOT = "istio-system"
"""The default root namespace (mesh configuration ``rootNamespace``): what lives there applies to the whole mesh."""


def _istio(policy: ForeignPolicy, directions: frozenset[str], selector: LabelSelector | None) -> Scope:
    place = None if policy.namespace == _ISTIO_ROOT else _place(policy)
    return Scope(place, selector, directions=directions, may_allow=False)


def _workloads(policy: ForeignPolicy) -> LabelSelector | None:
    """The subject of an Istio policy: a selector, unless it is attached to Services or gateways instead."""
    if policy.spec.get("targetRef") or policy.spec.get("targetRefs"):
        return None
    return selectors.as_written(policy.spec.get("selector"))


def istio_authorization(policy: ForeignPolicy) -> Scope:
    """Forbids on top, at the receiving side; AUDIT and a dry run (annotation ``istio.io/dry-run``) only watch."""
    if policy.spec.get("action") == "AUDIT" or str(policy.annotations.get("istio.io/dry-run")).lower() == "true":
        return nothing(policy)
    return _istio(policy, INGRESS, _workloads(policy))


def istio_peers(policy: ForeignPolicy) -> Scope:
    """Mutual TLS: turns plain text away, except where it is PERMISSIVE everywhere."""
    mode = _object(policy.spec.get("mtls")).get("mode")
    if mode == "PERMISSIVE" and not policy.spec.get("portLevelMtls"):
        return nothing(policy)
    return _istio(policy, INGRESS, _workloads(policy))


def istio_sidecar(policy: ForeignPolicy) -> Scope:
    """Limits what a proxy knows of the mesh: what it may send to, and with ``ingress`` which ports it takes."""
    labels = _object(policy.spec.get("workloadSelector")).get("labels")
    directions = BOTH if policy.spec.get("ingress") else EGRESS
    return _istio(policy, directions, selectors.as_written({"matchLabels": labels}))


def istio_filter(policy: ForeignPolicy) -> Scope:
    """A filter in the proxy can refuse anything."""
    labels = _object(policy.spec.get("workloadSelector")).get("labels")
    subject = selectors.as_written({"matchLabels": labels}) if labels else _workloads(policy)
    return _istio(policy, BOTH, subject if not policy.spec.get("targetRefs") else None)


def linkerd_egress(policy: ForeignPolicy) -> Scope:
    """With trafficPolicy Allow it only watches; in namespace linkerd-egress it applies to all of them."""
    if policy.spec.get("trafficPolicy") == "Allow":
        return nothing(policy)
    place = None if policy.namespace == "linkerd-egress" else _place(policy)
    return Scope(place, directions=EGRESS, may_allow=False)


def egress_firewall(policy: ForeignPolicy) -> Scope:
    """Forbids on top, for every pod of its namespace; without a Deny rule it forbids nothing."""
    rules = policy.spec.get("egress")
    if isinstance(rules, list) and all(_object(each).get("type") == "Allow" for each in rules):
        return nothing(policy)
    return Scope(_place(policy), directions=EGRESS, may_allow=False)


def user_defined_network(policy: ForeignPolicy) -> Scope:
    """A primary network of their own takes pods out of everyone else's reach; a secondary one changes nothing."""
    network = _object(policy.spec.get("network")) or policy.spec
    roles = [role for kind in ("layer2", "layer3", "localnet") if (role := _object(network.get(kind)).get("role"))]
    if roles and all(role == "Secondary" for role in roles):
        return nothing(policy)
    return Scope(_place(policy), may_allow=False)


def _has_rules(spec: dict[str, Any]) -> frozenset[str]:
    return frozenset(direction for direction in BOTH if spec.get(direction))


def admin_like(policy: ForeignPolicy) -> Scope:
    """An admin policy with a subject, as policy.networking.k8s.io has it; it changes only directions with rules."""
    subject = _object(policy.spec.get("subject"))
    pods = _object(subject.get("pods"))
    namespaces = pods.get("namespaceSelector") if pods else subject.get("namespaces")
    scope = Scope(
        _named_namespace(namespaces),
        selectors.as_written(pods.get("podSelector")),
        directions=_has_rules(policy.spec) if policy.spec else BOTH,
    )
    rules = [each for direction in BOTH for each in _objects(policy.spec.get(direction))]
    denies_only = bool(rules) and all(each.get("action") == "Deny" for each in rules)
    return replace(scope, may_allow=not denies_only)


def _named_namespace(value: Any) -> str | None:
    """The one namespace that a namespace selector names by its name label."""
    selector = selectors.as_written(value)
    return ((selector.match_labels if selector else None) or {}).get("kubernetes.io/metadata.name")


def networkpolicy_like(policy: ForeignPolicy) -> Scope:
    """Written like a NetworkPolicy, with more peers; policyTypes defaults in the same way."""
    spec = policy.spec
    types = spec.get("policyTypes")
    if isinstance(types, list) and types:
        directions = _directions(types)
    else:
        directions = INGRESS | (EGRESS if spec.get("egress") else NEITHER)
    return Scope(_place(policy), selectors.as_written(spec.get("podSelector")), directions=directions)


def fqdn(policy: ForeignPolicy) -> Scope:
    """Egress to names; it isolates the pods it selects as a NetworkPolicy for egress does."""
    return Scope(_place(policy), selectors.as_written(policy.spec.get("podSelector")), directions=EGRESS)


def security_groups(policy: ForeignPolicy) -> Scope:
    """Puts pods into cloud security groups; by service account as well, which labels do not tell."""
    by_account = bool(policy.spec.get("serviceAccountSelector"))
    subject = None if by_account else selectors.as_written(policy.spec.get("podSelector"))
    return Scope(_place(policy), subject, may_allow=False)


def antrea(policy: ForeignPolicy) -> Scope:
    """Antrea's own policies: no isolation, only rules; the subject is given for all rules or rule by rule."""
    rules = [each for direction in BOTH for each in _objects(policy.spec.get(direction))]
    subjects = _objects(policy.spec.get("appliedTo"))
    for rule in rules:
        subjects += _objects(rule.get("appliedTo"))
    scope = Scope(
        _place(policy),
        directions=_has_rules(policy.spec) if policy.spec else BOTH,
        hosts=not policy.namespace and any("nodeSelector" in each for each in subjects),
        may_allow=not rules or any(each.get("action") not in ("Drop", "Reject") for each in rules),
    )
    if len(subjects) != 1 or set(subjects[0]) - {"podSelector", "namespaceSelector"}:
        return scope
    named = _named_namespace(subjects[0].get("namespaceSelector")) if not policy.namespace else None
    return replace(
        scope,
        selector=selectors.as_written(subjects[0].get("podSelector")),
        namespace=scope.namespace or named,
    )


def kube_ovn_subnet(policy: ForeignPolicy) -> Scope:
    """A subnet closes itself with ``private`` or ``acls``, or by lying in a VPC of its own."""
    own_vpc = policy.spec.get("vpc") not in (None, "", "ovn-cluster")
    if not (policy.spec.get("private") or policy.spec.get("acls") or own_vpc):
        return nothing(policy)
    return anything(policy)
