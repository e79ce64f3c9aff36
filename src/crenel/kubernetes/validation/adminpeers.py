"""The peers and subjects of admin policies.

Source: the custom resource definitions of kubernetes-sigs/network-policy-api, experimental channel. ``domainNames``
in a rule that does not allow is let pass with a warning: the definitions take it, the documentation gives it no
meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crenel.kubernetes.objects.policies import AdminPeer, AdminRule, NamespacedPods
from crenel.kubernetes.validation.addresses import is_cidr, prefix
from crenel.kubernetes.validation.mistakes import (
    Mistake,
    duplicate,
    invalid,
    listed,
    required,
    too_long,
    too_many,
    unknown,
    warning,
)
from crenel.kubernetes.validation.selectors import check_selector
from crenel.provenance import FieldPath, field_text

_DOMAIN = r"^(\*\.)?([a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$"
_IS_DOMAIN = re.compile(_DOMAIN.strip("^$")).fullmatch
_MOST_OF_A_PEER = 25
_LONGEST_CIDR = 43
_EGRESS_ONLY = ("networks", "nodes", "domainNames")


def check_rule_peers(
    rule: AdminRule,
    data: Mapping[str, Any],
    field: FieldPath,
    most: int,
    names: bool,
    both_selectors: bool,
    found: list[Mistake],
) -> None:
    """The ``from`` or ``to`` of a rule, of which only one belongs there."""
    arriving = field[1] == "ingress"
    side, peers, other, wrong = ("from", rule.from_, "to", rule.to) if arriving else ("to", rule.to, "from", rule.from_)
    if wrong is not None:
        found.append(unknown((*field, other)))
    if peers is None:
        found.append(required((*field, side)))
        return
    listed(peers, (*field, side), most, found)
    refused = _EGRESS_ONLY if arriving else () if names else ("domainNames",)
    for position, peer in enumerate(peers):
        place = (*field, side, position)
        _check_count(peer, data[side][position], place, rule.action, found)
        _check_known(peer, place, refused, both_selectors, found)
        if peer.domain_names and "domainNames" not in refused and rule.action in ("Deny", "Pass"):
            words = f"domainNames is only supported for rules that allow, and this one says {rule.action}"
            found.append(warning((*place, "domainNames"), words))
    if not arriving:
        _check_named_ports(rule, peers, field, found)


def _check_count(peer: AdminPeer, data: Mapping[str, Any], field: FieldPath, action: str, found: list[Mistake]) -> None:
    """Exactly one field; one that we do not know fails closed, and so does none at all."""
    written = [name for name, value in data.items() if value is not None]
    if len(written) > 1:
        found.append(too_many(field, len(written), 1))
    elif not any(getattr(peer, name) is not None for name in AdminPeer.__struct_fields__):
        effect = "this rule denies everybody" if action in ("Deny", "Pass") else "this peer matches nothing"
        place = (*field, *written)
        what = f'unknown field "{field_text(place)}"' if written else "no field of the peer is set"
        found.append(warning(place, f"{what}: it fails closed, {effect}"))


def _check_known(
    peer: AdminPeer, field: FieldPath, refused: Sequence[str], both_selectors: bool, found: list[Mistake]
) -> None:
    values = {"networks": peer.networks, "nodes": peer.nodes, "domainNames": peer.domain_names}
    found += [unknown((*field, name)) for name in refused if values[name] is not None]
    if peer.namespaces is not None:
        check_selector(peer.namespaces, (*field, "namespaces"), found)
    if peer.pods is not None:
        check_pods(peer.pods, (*field, "pods"), both_selectors, found)
    if peer.nodes is not None and "nodes" not in refused:
        check_selector(peer.nodes, (*field, "nodes"), found)
    if peer.networks is not None and "networks" not in refused:
        _check_networks(peer.networks, (*field, "networks"), found)
    if peer.domain_names is not None and "domainNames" not in refused:
        _check_domains(peer.domain_names, (*field, "domainNames"), found)


def check_pods(pods: NamespacedPods, field: FieldPath, both: bool, found: list[Mistake]) -> None:
    """Pods of some namespaces; `both` when namespaceSelector must be there too (v1alpha1)."""
    if pods.namespace_selector is not None:
        check_selector(pods.namespace_selector, (*field, "namespaceSelector"), found)
    elif both:
        found.append(required((*field, "namespaceSelector")))
    if pods.pod_selector is not None:
        check_selector(pods.pod_selector, (*field, "podSelector"), found)
    else:
        found.append(required((*field, "podSelector")))


def _check_networks(networks: Sequence[str], field: FieldPath, found: list[Mistake]) -> None:
    _check_set(networks, field, found)
    for position, cidr in enumerate(networks):
        place = (*field, position)
        if len(cidr) > _LONGEST_CIDR:
            found.append(too_long(place, _LONGEST_CIDR))
        if not is_cidr(cidr):
            found.append(invalid(place, cidr, "Invalid CIDR format provided"))
        elif (read := prefix(cidr)) is not None and read.host_bits:
            alone = f"{cidr.partition('/')[0]}/{read.width}"
            words = f'CIDR value "{cidr}" is ambiguous in this context (should be "{read}" or "{alone}"?)'
            found.append(warning(place, f'{words}: read as "{read}"'))


def _check_domains(domains: Sequence[str], field: FieldPath, found: list[Mistake]) -> None:
    _check_set(domains, field, found)
    for position, domain in enumerate(domains):
        if _IS_DOMAIN(domain) is None:
            place = (*field, position)
            found.append(invalid(place, domain, f"{field_text(place)} in body should match '{_DOMAIN}'"))


def _check_set(values: Sequence[str], field: FieldPath, found: list[Mistake]) -> None:
    listed(values, field, _MOST_OF_A_PEER, found)
    if len(set(values)) != len(values):
        seen = values.index
        found += [duplicate((*field, place), value) for place, value in enumerate(values) if seen(value) != place]


def _check_named_ports(rule: AdminRule, peers: Sequence[AdminPeer], field: FieldPath, found: list[Mistake]) -> None:
    """Addresses, nodes and DNS names have no named ports (the rule's CEL expression)."""
    named = any(each.destination_named_port is not None for each in rule.protocols or ())
    named = named or any(each.named_port is not None for each in rule.ports or ())
    outside = (peer.networks is not None or peer.nodes is not None or peer.domain_names is not None for peer in peers)
    if named and any(outside):
        words = "peer cannot be set with namedPorts since there are no namedPorts for"
        kinds = "networks/nodes/domainNames"
        found.append(Mistake(field, f'Invalid value: "object": {kinds} {words} {kinds}'))
