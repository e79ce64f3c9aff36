"""Random policies of the admin tiers: v1alpha1 (admin and baseline) or v1alpha2, never both in one cluster."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from properties.pieces import DOMAINS, PORT_NAMES, PORTS, cidrs, namespace_selectors, node_selectors, pod_selectors

Object = dict[str, Any]
GROUP = "policy.networking.k8s.io"
PRIORITIES = (0, 10, 10, 1000)


def _namespaced(fields: tuple[str, ...]) -> st.SearchStrategy[Object]:
    both = {"namespaceSelector": namespace_selectors, "podSelector": pod_selectors}
    return st.fixed_dictionaries({key: value for key, value in both.items() if key in fields})


def _subjects() -> st.SearchStrategy[Object]:
    return st.one_of(
        st.fixed_dictionaries({"namespaces": namespace_selectors}),
        st.fixed_dictionaries({"pods": _namespaced(("namespaceSelector", "podSelector"))}),
    )


@st.composite
def _peers(draw: st.DrawFn, side: str, action: str, named: bool, certain: bool) -> Object:
    kinds = ["namespaces", "pods", "unknown"]
    if side == "to" and not named:  # the API refuses a port by name beside these
        kinds += ["networks", "networks", "nodes"]
        if action in ("Accept", "Allow") and not certain:
            kinds.append("domainNames")
    match draw(st.sampled_from(kinds)):
        case "namespaces":
            return {"namespaces": draw(namespace_selectors)}
        case "pods":
            return {"pods": draw(_namespaced(("namespaceSelector", "podSelector")))}
        case "networks":
            return {"networks": draw(st.lists(cidrs, min_size=1, max_size=2, unique=True))}
        case "nodes":
            return {"nodes": draw(node_selectors)}
        case "domainNames":
            return {"domainNames": draw(st.lists(st.sampled_from(DOMAINS), min_size=1, max_size=2, unique=True))}
        case _:
            return draw(st.sampled_from(({"namespaces": {}}, {"namespaces": {}}, {"somethingNew": {}})))


def _range(draw: st.DrawFn) -> Object:
    first, last = sorted(draw(st.lists(st.sampled_from(PORTS), min_size=2, max_size=2, unique=True)))
    return {"start": first, "end": last}


@st.composite
def _port(draw: st.DrawFn, newer: bool, named: bool) -> Object:
    if named:
        return {"destinationNamedPort" if newer else "namedPort": draw(st.sampled_from(PORT_NAMES))}
    protocol = draw(st.sampled_from(("tcp", "udp", "sctp")))
    if newer:
        chosen = {"range": _range(draw)} if draw(st.booleans()) else {"number": draw(st.sampled_from(PORTS))}
        return {protocol: {"destinationPort": chosen}}
    if draw(st.booleans()):
        return {"portRange": {"protocol": protocol.upper(), **_range(draw)}}
    return {"portNumber": {"protocol": protocol.upper(), "port": draw(st.sampled_from(PORTS))}}


@st.composite
def _rules(draw: st.DrawFn, side: str, actions: tuple[str, ...], newer: bool, certain: bool) -> Object:
    action, named = draw(st.sampled_from(actions)), draw(st.integers(0, 3)) == 0
    rule: Object = {
        "action": action,
        side: draw(st.lists(_peers(side, action, named, certain), min_size=1, max_size=2)),
    }
    if named or draw(st.booleans()):
        entries = st.lists(_port(newer, named), min_size=1, max_size=2)
        rule["protocols" if newer else "ports"] = draw(entries)
    return rule


@st.composite
def _policies(draw: st.DrawFn, kind: str, extra: Object, certain: bool) -> Object:
    newer = kind == "ClusterNetworkPolicy"
    actions: tuple[str, ...] = ("Accept" if newer else "Allow", "Deny", "Pass")
    if kind == "BaselineAdminNetworkPolicy":
        actions, certain = actions[:2], True  # it has no domainNames
    spec = {"subject": draw(_subjects()), **extra}
    for direction, side in (("ingress", "from"), ("egress", "to")):
        if draw(st.booleans()):
            spec[direction] = draw(st.lists(_rules(side, actions, newer, certain), min_size=1, max_size=2))
    version = "v1alpha2" if newer else "v1alpha1"
    return {"apiVersion": f"{GROUP}/{version}", "kind": kind, "metadata": {"name": "default"}, "spec": spec}


@st.composite
def admin_policies(draw: st.DrawFn, *, certain: bool = False) -> list[Object]:
    """Policies of the admin and baseline tiers, often of equal priority unless all is to be `certain`."""
    newer = draw(st.booleans())
    found = []
    for number in range(draw(st.sampled_from((0, 1, 2, 3)))):
        priority = number if certain else draw(st.sampled_from(PRIORITIES))
        if newer:
            tier = draw(st.sampled_from(("Admin", "Baseline")))
            found.append(draw(_policies("ClusterNetworkPolicy", {"tier": tier, "priority": priority}, certain)))
        else:
            found.append(draw(_policies("AdminNetworkPolicy", {"priority": priority}, certain)))
    if not newer and draw(st.booleans()):
        found.append(draw(_policies("BaselineAdminNetworkPolicy", {}, certain)))
    return found
