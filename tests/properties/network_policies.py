"""Random NetworkPolicies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from properties.pieces import PORT_NAMES, PORTS, PROTOCOLS, ip_blocks, namespace_selectors, pod_selectors

Object = dict[str, Any]

peers: st.SearchStrategy[Object] = st.one_of(
    st.fixed_dictionaries({"podSelector": pod_selectors}),
    st.fixed_dictionaries({"namespaceSelector": namespace_selectors}),
    st.fixed_dictionaries(
        {"namespaceSelector": namespace_selectors, "podSelector": st.one_of(pod_selectors, st.none())}
    ),
    st.fixed_dictionaries({"podSelector": pod_selectors, "namespaceSelector": st.none()}),
    st.fixed_dictionaries({"ipBlock": ip_blocks()}),
    st.fixed_dictionaries({"ipBlock": ip_blocks()}),
)


@st.composite
def ports(draw: st.DrawFn) -> Object:
    """A port by number, range or name, or a whole protocol."""
    found: Object = {}
    if draw(st.booleans()):
        found["protocol"] = draw(st.sampled_from(PROTOCOLS))
    match draw(st.sampled_from(("none", "number", "range", "name"))):
        case "none":
            found.setdefault("protocol", "TCP")
        case "number":
            found["port"] = draw(st.sampled_from(PORTS))
        case "range":
            first, last = sorted((draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))))
            found |= {"port": first, "endPort": last}
        case "name":
            found["port"] = draw(st.sampled_from(PORT_NAMES))
    return found


@st.composite
def rules(draw: st.DrawFn, side: str) -> Object:
    """A rule; `side` is "from" or "to". Absent and empty lists both occur now and then, and mean the same."""
    found: Object = {}
    for field, entries in ((side, peers), ("ports", ports())):
        chosen = draw(st.sampled_from(("some", "some", "some", "some", "empty", "absent")))
        if chosen != "absent":
            found[field] = draw(st.lists(entries, min_size=1, max_size=2)) if chosen == "some" else []
    return found


def network_policies(namespaces: list[str]) -> st.SearchStrategy[Object]:
    """A NetworkPolicy in one of the namespaces. Absent and empty lists of rules both occur."""
    types = st.sampled_from(([], ["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Egress", "Ingress"]))
    optional: dict[Any, st.SearchStrategy[Any]] = {
        "policyTypes": types,
        "ingress": st.lists(rules("from"), max_size=2),
        "egress": st.lists(rules("to"), max_size=2),
    }
    spec = st.fixed_dictionaries({"podSelector": pod_selectors}, optional=optional)
    metadata = st.fixed_dictionaries({"namespace": st.sampled_from(namespaces), "name": st.just("p")})
    return st.fixed_dictionaries(
        {
            "apiVersion": st.just("networking.k8s.io/v1"),
            "kind": st.just("NetworkPolicy"),
            "metadata": metadata,
            "spec": spec,
        }
    )
