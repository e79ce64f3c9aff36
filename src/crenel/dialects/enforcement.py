"""Is it enforced? Which network plugin the input shows, and what that plugin enforces.

The API server only stores policies; whether anything acts on them is the network plugin's business. The plugin is
recognised from what it runs (images, container names), from how it is configured (ConfigMaps, flags) and from objects
that only it writes. The table of plugins, with the page that each row rests on, is `crenel.dialects.cni.table`.

Nothing that shows a plugin means that nothing is known (None), never that nothing is enforced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crenel.dialects.cni.judgement import JUDGEMENTS
from crenel.dialects.cni.seen import ConfigMapLike, Running, Seen, look
from crenel.dialects.cni.support import (
    ADMIN_NETWORK_POLICY,
    CLUSTER_NETWORK_POLICY,
    HOST_NETWORK,
    NETWORK_POLICY,
    POLICY_APIS,
    Feature,
    Limit,
    Support,
)
from crenel.dialects.cni.table import BY_KEY, ROWS, Row
from crenel.kubernetes.objects.workloads import Node, Pod, Workload
from crenel.provenance import NOWHERE, FieldPath, Origin


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing in the input that speaks for a plugin."""

    plugin: str
    text: str
    sure: bool = True
    """False for what only hints at it, such as a policy of its own kind, which anybody can apply."""
    origin: Origin = NOWHERE
    field: FieldPath = ()

    def __str__(self) -> str:
        return f"{self.plugin}: {self.text}"


@dataclass(frozen=True, slots=True)
class Enforcement:
    """What enforces policies in the cluster that the input describes."""

    cni: str | None = None
    """The plugin, or plugins, by the name people use; None when none was recognised."""
    evidence: tuple[Evidence, ...] = ()
    supports: tuple[tuple[str, Support], ...] = ()
    """What each recognised plugin enforces, by its name."""

    @property
    def enforces(self) -> frozenset[str]:
        """The policy APIs that are surely enforced."""
        return frozenset(api for api in POLICY_APIS if self.enforced(api))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What is known to be left out, or to work differently, whatever enforces it."""
        active = [support for _, support in self.supports if support.networkpolicy is not False]
        return (HOST_NETWORK, *(limit for support in active for limit in support.limits))

    def enforced(self, policy_api: str) -> bool | None:
        """Whether an API (``networkpolicy``, ``adminnetworkpolicy``, ``clusternetworkpolicy``) is enforced.

        One plugin that enforces it is enough. None when that is not known.
        """
        answers = {support.of(policy_api) for _, support in self.supports}
        if True in answers:
            return True
        return None if None in answers or not answers else False

    def covers(self, policy_api: str, feature: Feature) -> bool | None:
        """Whether a part of an API is enforced as the API describes it.

        False only for what is known to be missing: a feature that no page speaks of counts as the API itself does.
        """
        if feature is HOST_NETWORK.feature:
            return False
        answers: set[bool | None] = set()
        for _, support in self.supports:
            left_out = any(limit.feature is feature for limit in support.limits)
            answers.add(False if left_out else support.of(policy_api))
        if True in answers:
            return True
        return None if None in answers or not answers else False

    def explain(self, policy_api: str) -> str:
        """One line that says who enforces an API, or why nobody does."""
        answer = self.enforced(policy_api)
        if self.cni is None:
            return f"whether anything enforces {policy_api} is not known: the input shows no network plugin"
        reasons = [
            f"{name}: {support.reasons[policy_api]}"
            for name, support in self.supports
            if policy_api in support.reasons and support.of(policy_api) is answer
        ]
        why = f" ({'; '.join(reasons)})" if reasons else ""
        if answer is None:
            return f"whether {self.cni} enforces {policy_api} is not known{why}"
        return f"{self.cni} enforces {policy_api}" if answer else f"{self.cni} does not enforce {policy_api}{why}"


def recognise(
    workloads: Iterable[Workload],
    pods: Iterable[Pod],
    config_maps: Iterable[ConfigMapLike],
    nodes: Iterable[Node],
    kinds: Iterable[tuple[str, str] | str] = (),
) -> Enforcement:
    """Recognise the network plugin.

    `kinds` are the (apiVersion, kind) pairs of the custom resources in the input, and the names of its
    CustomResourceDefinitions.
    """
    seen = look(workloads, pods, config_maps, nodes, kinds)
    evidence: list[Evidence] = []
    found: dict[str, Support] = {}
    for row in ROWS:
        running = _running(row, seen)
        signs = [*_of_containers(row, running), *_of_configuration(row, seen), *_of_kinds(row, seen)]
        evidence += signs
        if any(sign.sure for sign in signs) and row.key in JUDGEMENTS:
            found[row.key] = JUDGEMENTS[row.key](seen, running)
    if "azure" in found and len(found) > 1:
        del found["azure"]
    supports = tuple((BY_KEY[key].title, support) for key, support in found.items())
    return Enforcement(_title(found, seen), tuple(evidence), supports)


def _running(row: Row, seen: Seen) -> list[Running]:
    """A plugin's own containers, each once."""
    by_name = [each for workload, container in row.containers for each in seen.called(workload, container)]
    chosen = [*seen.running(*row.images), *by_name]
    return list({(each.owner, each.name): each for each in chosen}.values())


def _of_containers(row: Row, running: Sequence[Running]) -> Iterator[Evidence]:
    shown: set[str] = set()
    for each in running:
        if each.reference not in shown:
            shown.add(each.reference)
            text = f"{each.owner} runs {each.reference or each.name}"
            yield Evidence(row.title, text, origin=each.origin, field=each.field)


_CONFIGURATIONS = {
    "cilium": ("cilium-config",),
    "flannel": ("kube-flannel-cfg",),
    "aws": ("amazon-vpc-cni",),
    "antrea": ("antrea-config",),
    "kube-router": ("kube-router-cfg",),
}
"""ConfigMaps that come with the plugin."""


def _of_configuration(row: Row, seen: Seen) -> Iterator[Evidence]:
    for name in _CONFIGURATIONS.get(row.key, ()):
        if (found := seen.configurations.get(name)) is not None:
            yield Evidence(row.title, f"{found.title} configures it", origin=found.origin)
    canal = seen.configurations.get("canal-config")
    if canal is not None and row.key in ("calico", "flannel"):
        yield Evidence(row.title, f"{canal.title} configures it", origin=canal.origin)
    calico = seen.configurations.get("calico-config")
    if row.key == "calico" and calico is not None and calico.value("calico_backend"):
        yield Evidence(row.title, f"{calico.title} configures it", origin=calico.origin)
    for node in seen.nodes:
        if (text := _node_says(row.key, node)) is not None:
            yield Evidence(row.title, text, origin=node.origin)
            return


def _node_says(key: str, node: Node) -> str | None:
    """What a node's metadata says about a plugin that runs out of sight."""
    if key == "k3s":
        annotated = "k3s.io/node-args" in (node.metadata.annotations or {})
        labelled = node.labels.get("node.kubernetes.io/instance-type") == "k3s"
        provided = bool(node.spec and (node.spec.provider_id or "").startswith("k3s://"))
        return f"{node.title} is a k3s node" if annotated or labelled or provided else None
    if key == "aws" and node.labels.get("eks.amazonaws.com/compute-type") == "auto":
        return f"{node.title} belongs to EKS Auto Mode"
    return None


def _of_kinds(row: Row, seen: Seen) -> Iterator[Evidence]:
    for group, kind in sorted(seen.kinds):
        if (group, kind) in row.kinds:
            yield Evidence(row.title, f"objects of kind {kind} ({group}), which it writes")
        elif group in row.hints:
            yield Evidence(row.title, f"objects of kind {kind} ({group})", sure=False)
    for group in sorted({group for group, _ in row.kinds} | set(row.hints)):
        if group in seen.defined:
            yield Evidence(row.title, f"definitions of custom resources ({group})", sure=False)


def _title(found: dict[str, Support], seen: Seen) -> str | None:
    """The plugins by the names people use; those that connect pods before those that only enforce."""
    keys = sorted(found, key=lambda key: not BY_KEY[key].connects)
    if "calico" in keys and "flannel" in keys:
        keys = ["canal", *(key for key in keys if key not in ("calico", "flannel"))]
    titles = [_names(seen).get(key) or BY_KEY[key].title for key in keys]
    return " with ".join(titles) or None


def _names(seen: Seen) -> dict[str, str]:
    names = {"canal": "Canal (Flannel and Calico)"}
    if seen.called("anetd", "cilium-agent"):
        names["cilium"] = "GKE Dataplane V2 (Cilium)"
    return names


__all__ = [
    "ADMIN_NETWORK_POLICY", "CLUSTER_NETWORK_POLICY", "NETWORK_POLICY", "POLICY_APIS", "ConfigMapLike", "Enforcement",
    "Evidence", "Feature", "Limit", "Support", "recognise",
]  # fmt: skip
