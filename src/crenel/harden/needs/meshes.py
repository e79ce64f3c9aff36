"""The proxies that a mesh puts beside workloads: whom they ask for their configuration and certificates.

Sources: Istio, "Ports used by Istio" (istiod serves XDS and the CA on 15012) and "Installing the Sidecar" (the labels
``istio-injection``, ``istio.io/rev`` and ``sidecar.istio.io/inject``); Linkerd, "Automatic Proxy Injection" (the
annotation ``linkerd.io/inject``) and its charts (identity 8080, destination 8086, policy 8090). What proxies send each
other they may send by a port of their own, which is what policies see: Linkerd, "TCP Proxying and Protocol Detection"
(opaque ports by TCP/4143, also in NetworkPolicies); Istio, "Ambient and Kubernetes NetworkPolicy" (HBONE by TCP/15008).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crenel.audit.linkerd import skipped
from crenel.bits import members
from crenel.dialects.cni.selectors import as_written
from crenel.dialects.istiopeers import AMBIENT, Member, membership
from crenel.harden.needs.ground import Ground, Written
from crenel.harden.needs.model import Basket, End, Everybody, Evidence, EvidenceKind, Pods, Traffic
from crenel.kubernetes.mesh import opaque_ports
from crenel.kubernetes.objects.workloads import Namespace
from crenel.network.traffic import LAST_PORT, TCP, Match

_ISTIO, _LINKERD = "Istio", "Linkerd"
_OPAQUE = "config.linkerd.io/opaque-ports"
_OPAQUE_PORTS = "25,587,3306,4444,5432,6379,9300,11211"
"""What the chart of Linkerd has for ``proxy.opaquePorts``."""
OPAQUE_BY, HBONE_BY = 4143, 15008
"""The ports of proxies by which other ports are carried."""
_ON = ("enabled", "true", "ingress")


@dataclass(frozen=True, slots=True)
class _Plane:
    """One part of the control plane of a mesh: the labels of its pods, and its ports."""

    words: str
    labels: Mapping[str, str]
    ports: tuple[int, ...]


_PLANES: Mapping[str, tuple[_Plane, ...]] = {
    _ISTIO: (_Plane("istiod", {"app": "istiod"}, (15012,)),),
    _LINKERD: (
        _Plane("Linkerd's identity", {"linkerd.io/control-plane-component": "identity"}, (8080,)),
        _Plane("Linkerd's destination", {"linkerd.io/control-plane-component": "destination"}, (8086, 8090)),
    ),
}


def joined(ground: Ground, basket: Basket) -> None:
    """Add what the proxies of all workloads need that a mesh injects them into."""
    namespaces = {each.name: each for each in ground.decoded.namespaces}
    for pods in ground.owners:
        mesh, evidence = _mesh(pods, namespaces.get(pods.namespace), ground.written.get(pods), ground)
        for plane in _PLANES.get(mesh, ()):
            for target in _targets(ground, plane):
                if target != pods:
                    basket.add(pods, target, [Match(TCP, (port, port)) for port in plane.ports], evidence)


def carried(ground: Ground, basket: Basket) -> None:
    """Add the ports of proxies by which the mesh carries what workloads need of each other."""
    opaque, linked, ambient = Opaque(ground), set(_members(ground, _LINKERD)), set(_ambient(ground))
    for (source, target, traffic), evidence in list(basket.found.items()):
        if not isinstance(target, Pods) or (traffic is not None and traffic.protocol != TCP):
            continue
        port, words = 0, ""
        if source in ambient and target in ambient:
            port, words = HBONE_BY, "ztunnel carries it in HBONE"
        elif source in linked and target in linked and opaque.meets(target, traffic):
            port, words = OPAQUE_BY, "Linkerd carries opaque ports by a port of its proxy"
        if port:
            sure = any(each.kind is not EvidenceKind.GUESS for each in evidence)
            kind = EvidenceKind.FACT if sure else EvidenceKind.GUESS
            basket.add(source, target, [Match(TCP, (port, port))], Evidence(kind, words))


class Opaque:
    """Which ports the proxies of Linkerd take as they are: by annotations, by Services, by Servers or by default."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._usual = opaque_ports(ground.decoded) or _OPAQUE_PORTS
        self._namespaces = {each.name: each.metadata.annotations or {} for each in ground.decoded.namespaces}

    def at(self, pods: Pods, port: int) -> bool:
        """Whether a port of a workload is one."""
        written = self._ground.written.get(pods)
        own = written.annotations if written is not None else {}
        said = own.get(_OPAQUE, self._namespaces.get(pods.namespace, {}).get(_OPAQUE, self._usual))
        return skipped(str(said), port) or (pods, port) in self._named

    def meets(self, pods: Pods, traffic: Traffic) -> bool:
        """Whether some TCP port of a workload, of those that are needed, is one."""
        ports = {port for _, protocol, port in self._ground.group(pods).ports if protocol == "TCP"}
        first, last = (traffic.ports if traffic is not None else None) or (1, LAST_PORT)
        ports |= {first} if first == last else set()
        return any(first <= port <= last and self.at(pods, port) for port in ports)

    @cached_property
    def _named(self) -> frozenset[tuple[End, int]]:
        """The ports that Services, by their own ports, and Servers call so."""
        ground, found = self._ground, set[tuple[End, int]]()
        for service in ground.decoded.services:
            text = str((service.metadata.annotations or {}).get(_OPAQUE, ""))
            ports = [each.port for each in (service.spec.ports if service.spec else None) or ()]
            asked = tuple(Match(None, (port, port)) for port in ports if skipped(text, port))
            for target, traffic in ground.behind(service, asked) if asked else ():
                if traffic is not None and traffic.ports is not None:
                    found.add((target, traffic.ports[0]))
        for policy in ground.decoded.foreign_policies:
            if policy.kind == "Server" and policy.spec.get("proxyProtocol") == "opaque":
                chosen = ground.model.scope.in_namespace(policy.namespace, as_written(policy.spec.get("podSelector")))
                for pods in {ground.of(index) for index in members(chosen[1])}:
                    found |= {(pods, port) for name, _, port in ground.group(pods).ports
                              if policy.spec.get("port") in (port, str(port), name)}  # fmt: skip
        return frozenset(found)


def _members(ground: Ground, mesh: str) -> Iterator[Pods]:
    namespaces = {each.name: each for each in ground.decoded.namespaces}
    for pods in ground.owners:
        if _mesh(pods, namespaces.get(pods.namespace), ground.written.get(pods), ground)[0] == mesh:
            yield pods


def _ambient(ground: Ground) -> Iterator[Pods]:
    namespaces = {each.name: each.labels for each in ground.decoded.namespaces}
    for pods in ground.owners:
        written = ground.written.get(pods)
        said = {key: str(value) for key, value in (written.annotations if written is not None else {}).items()}
        names = [str(each.get("name")) for each, _ in written.containers] if written is not None else []
        member = Member(ground.group(pods).labels, said, names, ground.hosted(pods))
        if membership(member, namespaces.get(pods.namespace, {})) == AMBIENT:
            yield pods


def _mesh(pods: Pods, home: Namespace | None, written: Written | None, ground: Ground) -> tuple[str, Evidence]:
    """The mesh that injects its proxy into a workload, and what says so; an empty name for none."""
    labels, around = ground.group(pods).labels, home.labels if home is not None else {}
    own = written.annotations if written is not None else {}
    outer = (home.metadata.annotations or {}) if home is not None else {}
    nothing = Evidence(EvidenceKind.FACT, "")
    said = str(labels.get("sidecar.istio.io/inject", own.get("sidecar.istio.io/inject", "")))
    if ground.hosted(pods) or said == "false":
        return "", nothing
    if said == "true":
        return _ISTIO, _fact("it asks for the proxy of Istio", written)
    if around.get("istio-injection") == "enabled" or around.get("istio.io/rev"):
        return _ISTIO, _fact("its namespace asks for the proxy of Istio", home)
    asked: Any = own.get("linkerd.io/inject", outer.get("linkerd.io/inject"))
    if asked in _ON:
        return _LINKERD, _fact("it asks for the proxy of Linkerd", written if "linkerd.io/inject" in own else home)
    return "", nothing


def _fact(text: str, thing: Written | Namespace | None) -> Evidence:
    return Evidence(EvidenceKind.FACT, text, thing.origin) if thing is not None else Evidence(EvidenceKind.FACT, text)


def _targets(ground: Ground, plane: _Plane) -> Iterator[End]:
    found = [pods for pods in ground.owners if plane.labels.items() <= ground.group(pods).labels.items()]
    if found:
        yield from found
    else:
        yield Everybody(f"{plane.words}, wherever it runs")
