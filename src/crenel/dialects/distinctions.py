"""What the policies of an input can tell apart, gathered before pods are grouped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator

from crenel.dialects.networkpolicy import block
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import AdminPolicy, NamespacedPods, NetworkPolicy
from crenel.kubernetes.population import PER_POD, Distinctions
from crenel.network.addresses import FAMILIES, AddressSet, Family, parse_address


def gather(*inputs: Decoded) -> Distinctions:
    """Gather from one input, or from several whose networks shall be comparable."""
    keys: set[str] = set()
    blocks: set[AddressSet] = set()
    for decoded in inputs:
        for policy in decoded.network_policies:
            _add(keys, _selectors(policy))
            blocks.update(_blocks(policy))
        for admin in decoded.admin_policies:
            _add(keys, _admin_selectors(admin))
            blocks.update(_networks(admin))
        for service in decoded.services:
            keys.update((service.spec.selector if service.spec else None) or ())
    return Distinctions(frozenset(keys & PER_POD), _Classes(blocks))


def _add(keys: set[str], selectors: Iterator[LabelSelector | None]) -> None:
    for selector in selectors:
        if selector is not None:
            keys.update(selector.match_labels or ())
            keys.update(each.key for each in selector.match_expressions or ())


def _selectors(policy: NetworkPolicy) -> Iterator[LabelSelector | None]:
    if policy.spec is None:
        return
    yield policy.spec.pod_selector
    for ingress in policy.spec.ingress or ():
        for peer in (ingress.from_ if ingress else None) or ():
            yield peer.pod_selector
    for egress in policy.spec.egress or ():
        for peer in (egress.to if egress else None) or ():
            yield peer.pod_selector


def _blocks(policy: NetworkPolicy) -> Iterator[AddressSet]:
    if policy.spec is None:
        return
    for ingress in policy.spec.ingress or ():
        yield from (block(peer.ip_block) for peer in (ingress.from_ if ingress else None) or () if peer.ip_block)
    for egress in policy.spec.egress or ():
        yield from (block(peer.ip_block) for peer in (egress.to if egress else None) or () if peer.ip_block)


def _admin_selectors(policy: AdminPolicy) -> Iterator[LabelSelector | None]:
    if policy.spec is None:
        return
    chosen: list[NamespacedPods | None] = [policy.spec.subject.pods if policy.spec.subject else None]
    for rule in [*(policy.spec.ingress or ()), *(policy.spec.egress or ())]:
        chosen += [peer.pods for peer in [*(rule.from_ or ()), *(rule.to or ())]]
    yield from (pods.pod_selector for pods in chosen if pods is not None)


def _networks(policy: AdminPolicy) -> Iterator[AddressSet]:
    for rule in (policy.spec.egress if policy.spec else None) or ():
        yield from (AddressSet.of(*peer.networks) for peer in rule.to or () if peer.networks)


class _Classes:
    """Maps a pod's addresses to the set of blocks that hold them."""

    def __init__(self, blocks: set[AddressSet]) -> None:
        self._blocks = list(blocks)
        self._starts: dict[Family, list[int]] = {
            family: sorted({cut for each in blocks for low, high in each.ranges(family) for cut in (low, high + 1)})
            for family in FAMILIES
        }
        self._known: dict[tuple[Family, int], Hashable] = {}

    def __call__(self, addresses: tuple[str, ...]) -> Hashable:
        return tuple(sorted({self._class(address) for address in addresses}, key=repr)) if self._blocks else None

    def _class(self, text: str) -> Hashable:
        try:
            family, value = parse_address(text)
        except ValueError:
            return None
        cell = (family, bisect_right(self._starts[family], value))
        if cell not in self._known:
            inside = frozenset(number for number, each in enumerate(self._blocks) if each.contains(family, value))
            self._known[cell] = (family, inside)
        return self._known[cell]
