"""AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2).

Source: the custom resource definitions of kubernetes-sigs/network-policy-api, experimental channel. Beyond them:
selectors and the protocols of v1alpha1 are checked although the definitions leave them open, because no
implementation can act on them otherwise; and a peer that says nothing we know is let pass with a warning, because the
API tells implementations to fail closed on it (apis/v1alpha2/clusternetworkpolicy_types.go:305-313).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from crenel.kubernetes.objects.policies import AdminPolicy, AdminPolicySpec, AdminRule, AdminSubject
from crenel.kubernetes.validation.adminpeers import check_pods, check_rule_peers
from crenel.kubernetes.validation.adminports import check_ports, check_protocols
from crenel.kubernetes.validation.mistakes import (
    Mistake,
    bounded,
    invalid,
    required,
    too_few,
    too_long,
    too_many,
    unknown,
    unsupported,
)
from crenel.kubernetes.validation.selectors import check_selector
from crenel.provenance import FieldPath


class Shape(NamedTuple):
    """What tells the three kinds apart."""

    actions: tuple[str, ...]
    most: int
    """The most rules, peers of a rule and ports of a rule."""
    priority: bool
    tier: bool
    protocols: bool
    """True for v1alpha2's ``protocols``, false for v1alpha1's ``ports``."""
    names: bool
    """Whether a peer may be a DNS name."""


SHAPES: Mapping[str, Shape] = {
    "ClusterNetworkPolicy": Shape(("Accept", "Deny", "Pass"), 25, True, True, True, True),
    "AdminNetworkPolicy": Shape(("Allow", "Deny", "Pass"), 100, True, False, False, True),
    "BaselineAdminNetworkPolicy": Shape(("Allow", "Deny"), 100, False, False, False, False),
}


def check_adminpolicy(policy: AdminPolicy, data: Mapping[str, Any], found: list[Mistake]) -> None:
    """The whole policy; `data` is what it was decoded from, as peers may have fields that the type does not know."""
    shape = SHAPES[policy.kind]
    if policy.kind == "BaselineAdminNetworkPolicy" and policy.name not in ("", "default"):
        words = 'Only one baseline admin network policy with metadata.name="default" can be created in the cluster'
        found.append(invalid(("metadata", "name"), policy.name, words))
    spec = policy.spec
    if spec is None:
        found.append(required(("spec",)))
        return
    _check_rank(spec, shape, found)
    if spec.subject is None:
        found.append(required(("spec", "subject")))
    else:
        _check_subject(spec.subject, shape, found)
    if spec.ingress:
        _check_rules(spec.ingress, data["spec"]["ingress"], "ingress", shape, found)
    if spec.egress:
        _check_rules(spec.egress, data["spec"]["egress"], "egress", shape, found)


def _check_rank(spec: AdminPolicySpec, shape: Shape, found: list[Mistake]) -> None:
    if spec.priority is None:
        if shape.priority:
            found.append(required(("spec", "priority")))
    elif not shape.priority:
        found.append(unknown(("spec", "priority")))
    else:
        bounded(spec.priority, 0, 1000, ("spec", "priority"), found)
    if spec.tier is None:
        if shape.tier:
            found.append(required(("spec", "tier")))
    elif not shape.tier:
        found.append(unknown(("spec", "tier")))
    elif spec.tier not in ("Admin", "Baseline"):
        found.append(unsupported(("spec", "tier"), spec.tier, ("Admin", "Baseline")))


def _check_subject(subject: AdminSubject, shape: Shape, found: list[Mistake]) -> None:
    field = ("spec", "subject")
    if subject.namespaces is not None:
        check_selector(subject.namespaces, (*field, "namespaces"), found)
        if subject.pods is not None:
            found.append(too_many(field, 2, 1))
    elif subject.pods is None:
        found.append(too_few(field, "properties"))
    if subject.pods is not None:
        check_pods(subject.pods, (*field, "pods"), not shape.protocols, found)


def _check_rules(rules: list[AdminRule], data: list[Any], direction: str, shape: Shape, found: list[Mistake]) -> None:
    if len(rules) > shape.most:
        found.append(too_many(("spec", direction), len(rules), shape.most))
    for position, rule in enumerate(rules):
        _check_rule(rule, data[position], ("spec", direction, position), shape, found)


def _check_rule(rule: AdminRule, data: Mapping[str, Any], field: FieldPath, shape: Shape, found: list[Mistake]) -> None:
    if rule.action not in shape.actions:
        found.append(unsupported((*field, "action"), rule.action, shape.actions))
    if rule.name is not None and len(rule.name) > 100:
        found.append(too_long((*field, "name"), 100))
    if shape.protocols:
        if rule.ports is not None:
            found.append(unknown((*field, "ports")))
        if rule.protocols is not None:
            check_protocols(rule.protocols, (*field, "protocols"), shape.most, found)
    else:
        if rule.protocols is not None:
            found.append(unknown((*field, "protocols")))
        if rule.ports is not None:
            check_ports(rule.ports, (*field, "ports"), shape.most, found)
    check_rule_peers(rule, data, field, shape.most, shape.names, not shape.protocols, found)
