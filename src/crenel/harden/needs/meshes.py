"""The proxies that a mesh puts beside workloads: whom they ask for their configuration and certificates.

Sources: Istio, "Ports used by Istio" (istiod serves XDS and the CA on 15012) and "Installing the Sidecar" (the labels
``istio-injection``, ``istio.io/rev`` and ``sidecar.istio.io/inject``); Linkerd, "Automatic Proxy Injection" (the
annotation ``linkerd.io/inject``) and its charts (identity 8080, destination 8086, policy 8090).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.harden.needs.ground import Ground, Written
from crenel.harden.needs.model import Basket, End, Everybody, Evidence, EvidenceKind, Pods
from crenel.kubernetes.objects.workloads import Namespace
from crenel.network.traffic import TCP, Match

_ISTIO, _LINKERD = "Istio", "Linkerd"
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
