"""How workloads of Istio take connections: who has a proxy, and which mode a PeerAuthentication gives a port.

Source of the rules: Istio reference, PeerAuthentication: a policy with a selector counts before the one of its
namespace, that before the one of the root namespace, and a mode that is unset is taken from the next; what none says is
PERMISSIVE. A policy with a selector does not count in the root namespace; of several the oldest counts. Ports are those
of the workload. Installing the Sidecar: injection by labels; Ambient: the label ``istio.io/dataplane-mode``; Resource
Annotations: ``traffic.sidecar.istio.io/excludeInboundPorts`` and ``includeInboundPorts``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.selectors import LabelIndex
from crenel.provenance import FieldPath

STRICT, PERMISSIVE, DISABLE = "STRICT", "PERMISSIVE", "DISABLE"
SIDECAR, AMBIENT = "sidecar", "ambient"
_MODES = (STRICT, PERMISSIVE, DISABLE)
_GROUP, _KIND = "security.istio.io", "PeerAuthentication"
_DEFAULT_ROOT = "istio-system"
_INJECT, _DATAPLANE, _PROXY = "sidecar.istio.io/inject", "istio.io/dataplane-mode", "istio-proxy"
_EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts"
_INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"


@dataclass(frozen=True, slots=True)
class Mode:
    """How a port takes connections, and the policy that says so; None for the default."""

    value: str
    policy: ForeignPolicy | None = None
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Member:
    """What is looked at to tell whether a pod takes part in the mesh."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    containers: Collection[str]
    """The names of its containers, those for its beginning included."""
    hosted: bool
    """Whether it is on the network of its node."""


def membership(pod: Member, namespace: Mapping[str, str]) -> str:
    """How a pod takes part: `SIDECAR`, `AMBIENT`, or empty for not at all. `namespace` are the labels of its own."""
    if pod.hosted:
        return ""
    if _PROXY in pod.containers or _injected(pod, namespace):
        return SIDECAR
    return AMBIENT if pod.labels.get(_DATAPLANE, namespace.get(_DATAPLANE)) == "ambient" else ""


def _injected(pod: Member, namespace: Mapping[str, str]) -> bool:
    if pod.annotations.get(_INJECT) == "false":
        return False
    own = pod.labels.get(_INJECT)
    if own is not None or namespace.get("istio-injection") == "disabled":
        return own == "true"
    revision = "istio.io/rev" in namespace or "istio.io/rev" in pod.labels
    return revision or namespace.get("istio-injection") == "enabled"


def led_past(annotations: Mapping[str, str], port: int) -> str:
    """The annotation that leads a port past the sidecar; empty where none does."""
    included = annotations.get(_INCLUDED, "*").strip()
    if included != "*":  # what is left out counts only where everything is taken in
        return "" if str(port) in _listed(included) else _INCLUDED
    return _EXCLUDED if str(port) in _listed(annotations.get(_EXCLUDED, "")) else ""


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",")]


def is_peer_authentication(policy: ForeignPolicy) -> bool:
    """Whether a policy is a PeerAuthentication."""
    return policy.api_version.partition("/")[0] == _GROUP and policy.kind == _KIND


class PeerAuthentications:
    """The policies of an input, for the workloads that an index has by their labels."""

    def __init__(self, policies: Iterable[ForeignPolicy], root: str | None, index: LabelIndex) -> None:
        """Of `policies` those of other kinds are left out. `root` is the root namespace, None where none is known."""
        self.root = root or _DEFAULT_ROOT
        """The namespace whose policy counts everywhere."""
        self._chosen: dict[str, list[tuple[int, ForeignPolicy]]] = defaultdict(list)
        self._whole: dict[str, ForeignPolicy] = {}
        for policy in filter(is_peer_authentication, policies):
            chosen = _labels(policy)
            if chosen is None:
                self._whole.setdefault(policy.namespace, policy)
            else:
                self._chosen[policy.namespace].append((index.match(chosen)[0], policy))

    def mode(self, position: int, namespace: str, port: int | None = None) -> Mode:
        """How a port of the workload at a position of the index takes connections; without a port, all others."""
        own: list[ForeignPolicy] = []
        if namespace != self.root:
            own = [each for reach, each in self._chosen[namespace] if reach >> position & 1][:1]
        for policy in own if port is not None else ():
            mode = _table(_table(policy.spec.get("portLevelMtls")).get(str(port))).get("mode")
            if mode in _MODES:
                return Mode(mode, policy, ("spec", "portLevelMtls", str(port), "mode"))
        wide = (self._whole.get(namespace), self._whole.get(self.root))
        for policy in (*own, *(each for each in wide if each is not None)):
            mode = _table(policy.spec.get("mtls")).get("mode")
            if mode in _MODES:
                return Mode(mode, policy, ("spec", "mtls", "mode"))
        return Mode(PERMISSIVE)


def _labels(policy: ForeignPolicy) -> LabelSelector | None:
    found = _table(_table(policy.spec.get("selector")).get("matchLabels"))
    return LabelSelector(match_labels={str(key): str(value) for key, value in found.items()}) if found else None


def _table(value: Any) -> Mapping[str, Any]:
    """A mapping; empty for anything else. Keys that YAML reads as numbers are texts here."""
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}
