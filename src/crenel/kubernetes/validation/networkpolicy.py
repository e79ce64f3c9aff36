"""NetworkPolicy (networking.k8s.io/v1).

Source: kubernetes/kubernetes pkg/apis/networking/validation/validation.go. A type that is listed twice is no mistake
there.
"""

from __future__ import annotations

from collections.abc import Sequence

from crenel.kubernetes.objects.policies import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from crenel.kubernetes.validation.addresses import prefix, strict_cidr
from crenel.kubernetes.validation.mistakes import Mistake, forbidden, invalid, required, unsupported
from crenel.kubernetes.validation.ports import PROTOCOLS, check_number, check_port
from crenel.kubernetes.validation.selectors import check_selector, is_plain
from crenel.provenance import FieldPath

_TYPES = ("Ingress", "Egress")


def check_networkpolicy(policy: NetworkPolicy, found: list[Mistake]) -> None:
    """Everything below ``spec`` (ValidateNetworkPolicySpec)."""
    spec = policy.spec
    if spec is None:
        return
    if spec.pod_selector is not None and not is_plain(spec.pod_selector):
        check_selector(spec.pod_selector, ("spec", "podSelector"), found)
    for position, arriving in enumerate(spec.ingress or ()):
        if arriving is not None:
            _check_rule(arriving.ports, arriving.from_, ("spec", "ingress", position), "from", found)
    for position, leaving in enumerate(spec.egress or ()):
        if leaving is not None:
            _check_rule(leaving.ports, leaving.to, ("spec", "egress", position), "to", found)
    if spec.policy_types:
        _check_types(spec.policy_types, found)


def _check_types(types: list[str], found: list[Mistake]) -> None:
    if len(types) > len(_TYPES):
        found.append(invalid(("spec", "policyTypes"), types, "may not specify more than two policyTypes"))
        return
    for position, each in enumerate(types):
        if each not in _TYPES:
            found.append(unsupported(("spec", "policyTypes", position), each, _TYPES))


def _check_rule(
    ports: Sequence[NetworkPolicyPort] | None,
    peers: Sequence[NetworkPolicyPeer] | None,
    field: FieldPath,
    side: str,
    found: list[Mistake],
) -> None:
    if ports:
        for position, port in enumerate(ports):
            if not _is_plain_port(port):
                _check_port(port, (*field, "ports", position), found)
    if peers:
        for position, peer in enumerate(peers):
            if not _is_plain_peer(peer):
                _check_peer(peer, (*field, side, position), found)


def _is_plain_port(port: NetworkPolicyPort) -> bool:
    """Whether a port is one number and right; the quick way."""
    number = port.port
    return (
        port.end_port is None
        and (port.protocol is None or port.protocol in PROTOCOLS)
        and isinstance(number, int)
        and 1 <= number <= 65535
    )


def _is_plain_peer(peer: NetworkPolicyPeer) -> bool:
    """Whether a peer is a selector or two and right; the quick way."""
    pods, namespaces = peer.pod_selector, peer.namespace_selector
    selects = pods is not None or namespaces is not None
    return selects and peer.ip_block is None and is_plain(pods) and is_plain(namespaces)


def _check_port(port: NetworkPolicyPort, field: FieldPath, found: list[Mistake]) -> None:
    if port.protocol is not None and port.protocol not in PROTOCOLS:
        found.append(unsupported((*field, "protocol"), port.protocol, PROTOCOLS))
    if port.port is not None:
        check_port(port.port, (*field, "port"), found)
    if port.end_port is not None:
        _check_end(port.port, port.end_port, (*field, "endPort"), found)


def _check_end(port: int | str | None, end: int, field: FieldPath, found: list[Mistake]) -> None:
    if port is None:
        found.append(invalid(field, end, "may not be specified when `port` is not specified"))
    elif isinstance(port, str):
        found.append(invalid(field, end, "may not be specified when `port` is non-numeric"))
    else:
        if end < port:
            found.append(invalid(field, end, "must be greater than or equal to `port`"))
        check_number(end, field, found)


def _check_peer(peer: NetworkPolicyPeer, field: FieldPath, found: list[Mistake]) -> None:
    if peer.pod_selector is not None:
        check_selector(peer.pod_selector, (*field, "podSelector"), found)
    if peer.namespace_selector is not None:
        check_selector(peer.namespace_selector, (*field, "namespaceSelector"), found)
    selects = peer.pod_selector is not None or peer.namespace_selector is not None
    if peer.ip_block is not None:
        _check_block(peer.ip_block, (*field, "ipBlock"), found)
        if selects:
            found.append(forbidden(field, "may not specify both ipBlock and another peer"))
    elif not selects:
        found.append(required(field, "must specify a peer"))


def _check_block(block: IPBlock, field: FieldPath, found: list[Mistake]) -> None:
    """The syntax of the CIDRs, and that each hole lies strictly inside (ValidateIPBlock)."""
    if not block.cidr:
        found.append(required((*field, "cidr")))
        return
    if reason := strict_cidr(block.cidr):
        found.append(invalid((*field, "cidr"), block.cidr, reason))
    for position, hole in enumerate(block.except_ or ()):
        place = (*field, "except", position)
        if reason := strict_cidr(hole):
            found.append(invalid(place, hole, reason))
        if not _strictly_inside(hole, block.cidr):
            found.append(invalid(place, hole, "must be a strict subset of `cidr`"))


def _strictly_inside(hole: str, cidr: str) -> bool:
    """Whether a hole lies inside a CIDR and is smaller; true where one cannot be read, as that is said already."""
    inner, outer = prefix(hole), prefix(cidr)
    if inner is None or outer is None:
        return True
    shift = outer.width - outer.length
    return inner.width == outer.width and inner.length > outer.length and inner.value >> shift == outer.value >> shift


def mend_networkpolicy(policy: NetworkPolicy) -> None:
    """Write the CIDRs of a policy that a server holds in their usual form.

    Servers before strict validation took host bits and leading zeros, and keep such policies; packet filters cut both
    off.
    """
    spec = policy.spec or NetworkPolicySpec()
    peers = [peer for rule in spec.ingress or () if rule for peer in rule.from_ or ()]
    peers += [peer for rule in spec.egress or () if rule for peer in rule.to or ()]
    for peer in peers:
        if peer.ip_block is not None:
            peer.ip_block.cidr = _usual(peer.ip_block.cidr)
            peer.ip_block.except_ = [_usual(hole) for hole in peer.ip_block.except_ or ()]


def _usual(cidr: str) -> str:
    return cidr if (read := prefix(cidr)) is None else str(read)
