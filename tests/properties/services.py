"""Random Services of every type for a random cluster."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from properties.pieces import PORT_NAMES, PORTS, PROTOCOLS, labels

Object = dict[str, Any]

_RANGES = ("0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/25", "8.8.0.0/16", "::/0", "2001:db8::/33")


@st.composite
def services(draw: st.DrawFn, namespaces: list[str]) -> list[Object]:
    """Up to three Services, with or without pods behind them."""
    count = draw(st.integers(0, 3))
    return [draw(_service(f"s{number}", draw(st.sampled_from(namespaces)))) for number in range(count)]


@st.composite
def _service(draw: st.DrawFn, name: str, namespace: str) -> Object:
    kind = draw(st.sampled_from(("ClusterIP", "ClusterIP", "NodePort", "LoadBalancer")))
    spec: Object = {"type": kind, "selector": draw(labels) or {"app": "a"}, "ports": draw(_ports())}
    if draw(st.booleans()):
        spec["internalTrafficPolicy"] = draw(st.sampled_from(("Cluster", "Local")))
    if kind != "ClusterIP" and draw(st.booleans()):
        spec["externalTrafficPolicy"] = draw(st.sampled_from(("Cluster", "Local")))
    if kind == "LoadBalancer" and draw(st.booleans()):
        spec["loadBalancerSourceRanges"] = draw(st.lists(st.sampled_from(_RANGES), min_size=1, max_size=2, unique=True))
    if draw(st.booleans()):
        spec["sessionAffinity"] = draw(st.sampled_from(("None", "ClientIP")))
    if draw(st.booleans()):
        spec["ipFamilyPolicy"] = draw(st.sampled_from(("SingleStack", "PreferDualStack")))
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


@st.composite
def _ports(draw: st.DrawFn) -> list[Object]:
    found = []
    for number in range(draw(st.integers(1, 2))):
        port: Object = {"name": f"p{number}", "port": 8000 + number, "protocol": draw(st.sampled_from(PROTOCOLS))}
        target = draw(st.sampled_from((None, *PORTS, *PORT_NAMES)))
        found.append(port if target is None else {**port, "targetPort": target})
    return found
