"""Egress to DNS names: by which kind of policy, for whom it can be said so, and what a NetworkPolicy says no more.

A workload whose names cannot be said exactly keeps them in its NetworkPolicy, where they open every address outside.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crenel.dialects.cni import ciliumpolicy, fqdnpolicy
from crenel.dialects.cni.selectors import cilium_label
from crenel.dialects.cni.support import CILIUM_NETWORK_POLICY, CLUSTER_NETWORK_POLICY, FQDN_NETWORK_POLICY, Feature
from crenel.dialects.enforcement import Enforcement
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Named, Need, Pods
from crenel.harden.needs.naming import servers
from crenel.harden.policies.kept import Kept
from crenel.harden.policies.labels import Choice, Chooser
from crenel.harden.policies.model import Left
from crenel.kubernetes.decode import Decoded
from crenel.network.rules import Direction
from crenel.network.traffic import LAST_PORT, PORTED, TCP, UDP


class Kind(enum.Enum):
    """By what egress to names is said; the value is the word of the command line."""

    CILIUM = "cilium"
    GKE = "gke"
    CLUSTER = "clusternetworkpolicy"

    @property
    def api(self) -> str:
        """The API that has to be enforced."""
        return _APIS[self]


_APIS = {
    Kind.CILIUM: CILIUM_NETWORK_POLICY,
    Kind.GKE: FQDN_NETWORK_POLICY,
    Kind.CLUSTER: CLUSTER_NETWORK_POLICY,
}
_OBJECTS = {ciliumpolicy.KIND: Kind.CILIUM, fqdnpolicy.KIND: Kind.GKE}
_WHAT = "names are opened by {}"
_DEEPER = "the asterisk of {} stands for one label{}: names with more of them stay closed"


def chosen(wanted: Kind | bool, enforcement: Enforcement, decoded: Decoded) -> tuple[Kind, list[Left]]:
    """The kind that is wanted, or else the one that the input shows to be enforced, and what is not certain of it."""
    kind = wanted if isinstance(wanted, Kind) else _found(enforcement, decoded)
    if _enforced(kind, enforcement):
        return kind, []
    why = enforcement.explain(kind.api)
    limits = [each.text for each in enforcement.limits if each.feature is Feature.NAMES]
    why = "; ".join([why, *limits, "until something does, they are closed"])
    return kind, [Left("names", _WHAT.format(kind.api), why)]


def _found(enforcement: Enforcement, decoded: Decoded) -> Kind:
    for kind in Kind:
        if _enforced(kind, enforcement):
            return kind
    if enforcement.cni is None:
        seen = [_OBJECTS.get((each.api_version, each.kind)) for each in decoded.foreign_policies]
        if Kind.GKE in seen:
            return Kind.GKE
        if Kind.CILIUM in seen or any(each.endswith(".cilium.io") for each in decoded.custom_resource_names):
            return Kind.CILIUM
    return Kind.CLUSTER


def _enforced(kind: Kind, enforcement: Enforcement) -> bool:
    return enforcement.enforced(kind.api) is True and enforcement.covers(kind.api, Feature.NAMES) is not False


@dataclass(slots=True)
class Naming:
    """What policies by name say: the needs that they take over, of which NetworkPolicies speak no more."""

    kind: Kind
    names: dict[Pods, list[Need]] = field(default_factory=lambda: defaultdict(list))
    """The needs for names of each workload."""
    resolving: dict[Pods, list[Need]] = field(default_factory=dict)
    """Its needs for DNS, where the same policy has to speak of them."""
    choices: dict[Pods, Choice] = field(default_factory=dict)
    """How those are selected that it speaks of."""
    left: dict[Left, None] = field(default_factory=dict)

    def takes(self, need: Need, pods: Pods) -> bool:
        """Whether a need is said here, at the end that sends."""
        return need.source == pods and (need in self.names.get(pods, ()) or need in self.resolving.get(pods, ()))


def plan(kind: Kind, ground: Ground, needs: Sequence[Need], namespaces: Sequence[str], kept: Kept) -> Naming:
    """Find for whom names can be said by policies of a kind."""
    return _Plan(kind, ground, namespaces, kept).all(needs)


class _Plan:
    def __init__(self, kind: Kind, ground: Ground, namespaces: Sequence[str], kept: Kept) -> None:
        self._ground = ground
        self._namespaces = namespaces
        self._kept = kept
        self._chooser = Chooser(ground)
        self._servers = {(target, port) for target, ports in servers(ground) for port in ports}
        self._naming = Naming(kind)

    def all(self, needs: Sequence[Need]) -> Naming:
        own: Mapping[Pods, list[Need]] = defaultdict(list)
        for need in needs:
            if isinstance(need.source, Pods):
                own[need.source].append(need)
        for pods in sorted(own):
            if pods.namespace in self._namespaces and not self._ground.hosted(pods):
                self._workload(pods, own[pods], list(self._asked(own[pods])))
        if self._naming.kind is Kind.CILIUM:
            self._twins(own)
        return self._naming

    def _asked(self, needs: Iterable[Need]) -> Iterator[Need]:
        """The needs for DNS, and for nothing else that its pods may serve."""
        yield from (each for each in needs if (each.target, each.traffic) in self._servers)

    def _twins(self, own: Mapping[Pods, list[Need]]) -> None:
        """Of workloads that are selected alike, none may have DNS allowed without rules for it."""
        alike = {(each.namespace, *_key(self._naming.choices[each])) for each in self._naming.names}
        others = (each for each in own if each not in self._naming.names and not self._ground.hosted(each))
        for pods in others:
            if (pods.namespace, *_key(self._chooser.of(pods))) in alike:
                self._naming.resolving[pods] = list(self._asked(own[pods]))

    def _workload(self, pods: Pods, needs: Sequence[Need], asked: Sequence[Need]) -> None:
        named = [each for each in needs if isinstance(each.target, Named) and self._is_open(each, pods)]
        if not named:
            return
        if (why := self._hindered(pods, asked)) is not None:
            self._stay(pods, named, why)
            return
        said = [each for each in named if self._is_said(each)]
        self._stay(
            pods, [each for each in named if each not in said], "its rules have single ports of TCP and UDP alone"
        )
        if not said:
            return
        self._naming.names[pods] = said
        self._naming.choices[pods] = self._chooser.of(pods)
        if self._naming.kind is Kind.CILIUM:
            self._naming.resolving[pods] = list(asked)
            self._naming.choices |= {
                each.target: self._chooser.of(each.target) for each in asked if isinstance(each.target, Pods)
            }
            self._open_to_all(pods, asked)
        self._deeper(pods, said)

    def _is_open(self, need: Need, pods: Pods) -> bool:
        """Whether a policy has to be written for a need: one with ports, that no policy of the input has."""
        ported = need.traffic is None or need.traffic.protocol in PORTED
        return ported and not self._kept.allows(need, pods, Direction.EGRESS)

    def _is_said(self, need: Need) -> bool:
        if self._naming.kind is not Kind.GKE or need.traffic is None:
            return True
        first, last = need.traffic.ports or (1, LAST_PORT)
        return need.traffic.protocol in (TCP, UDP) and first == last

    def _hindered(self, pods: Pods, asked: Sequence[Need]) -> str | None:
        """Why names of a workload cannot be said; None where they can."""
        if self._naming.kind is not Kind.CILIUM:
            return None
        if not asked:
            return "Cilium learns the addresses of names from answers to the pod, which asks no DNS"
        targets = [each.target for each in asked]
        if not all(isinstance(each, Pods) and not self._ground.hosted(each) for each in targets):
            return "its questions go to an address or to the network of a node, where Cilium may not read the answers"
        for each in (pods, *targets):
            choice = self._chooser.of(each) if isinstance(each, Pods) else None
            unseen = [key for key in (*choice.labels, *choice.absent) if cilium_label(key) is None] if choice else []
            if unseen:
                return f"Cilium leaves the label {unseen[0]} of {each} out of what policies see"
        return None

    def _stay(self, pods: Pods, needs: Sequence[Need], why: str) -> None:
        for need in needs:
            self._leave(pods, str(need), f"not by {self._naming.kind.api}: {why}")

    def _open_to_all(self, pods: Pods, asked: Iterable[Need]) -> None:
        """Say where a policy of the input lets questions through that nobody has asked to be read."""
        if any(self._kept.allows(each, pods, Direction.EGRESS) for each in asked):
            why = (
                "a policy of the input allows DNS without rules for it, and Cilium documents that such rules then have "
                "no effect: see that it learns the names (cilium-dbg fqdn cache list)"
            )
            self._leave(pods, f"{pods} reaches its names only where answers are read", why)

    def _deeper(self, pods: Pods, said: Iterable[Need]) -> None:
        for need in said:
            if isinstance(need.target, Named) and need.target.name.startswith("*."):
                if self._naming.kind is Kind.GKE:
                    self._leave(pods, str(need), _DEEPER.format(need.target.name, " in an FQDNNetworkPolicy"))
                elif self._naming.kind is Kind.CILIUM:
                    name = ciliumpolicy.MANY + need.target.name.removeprefix("*.")
                    self._leave(pods, str(need), _DEEPER.format(name, " before Cilium 1.19"))

    def _leave(self, pods: Pods, what: str, why: str) -> None:
        self._naming.left.setdefault(Left(str(pods), what, why))


def _key(choice: Choice) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    return frozenset(choice.labels.items()), frozenset(choice.absent)
