"""Labels, selectors, ports and CIDRs, from pools so small that they often meet."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import strategies as st

KEYS = ("app", "tier")
VALUES = ("", "a", "b")
NAMESPACES = ("n0", "n1", "n2", "n3")
PORT_NAMES = ("http", "dns")
PORTS = (1, 79, 80, 81, 8080, 65535)
PROTOCOLS = ("TCP", "UDP", "SCTP")
DOMAINS = ("example.com", "api.example.com", "*.example.com")
CIDRS = (
    "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/23", "10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/30", "10.0.0.2/32", "10.0.1.2/31",
    "192.168.0.0/24", "192.168.0.1/32", "203.0.113.0/24", "203.0.113.128/25",
    "::/0", "fd00::/16", "fd00::/63", "fd00::/64", "fd00:0:0:1::/64", "fd00::2/128", "fdff::/64", "2001:db8::/32",
)  # fmt: skip

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2)


def _requirement(keys: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    listed = st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
    key = st.sampled_from(keys)
    with_values = st.fixed_dictionaries({"key": key, "operator": st.sampled_from(("In", "NotIn")), "values": listed})
    without = st.fixed_dictionaries({"key": key, "operator": st.sampled_from(("Exists", "DoesNotExist"))})
    return st.one_of(with_values, without)


def _selectors(keys: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    chosen = st.dictionaries(st.sampled_from(keys), st.sampled_from(values), min_size=1, max_size=2)
    requirements = st.lists(_requirement(keys, values), min_size=1, max_size=2)
    return st.one_of(
        st.just({}),
        st.fixed_dictionaries({"matchLabels": chosen}),
        st.fixed_dictionaries({"matchExpressions": requirements}),
        st.fixed_dictionaries({"matchLabels": chosen, "matchExpressions": requirements}),
        st.sampled_from(({"matchLabels": None}, {"matchLabels": {}, "matchExpressions": []})),
    )


_ORDINAL = "statefulset.kubernetes.io/pod-name"
_NAME = "kubernetes.io/metadata.name"
_ALL: st.SearchStrategy[dict[str, Any]] = st.just({})
pod_selectors = st.one_of(
    _ALL, _ALL, _selectors(KEYS, VALUES), _selectors(KEYS, VALUES), _selectors((_ORDINAL,), ("w0-0", "w1-1", "w2-0"))
)
namespace_selectors = st.one_of(
    _ALL, _ALL, _selectors(KEYS, VALUES), _selectors(KEYS, VALUES), _selectors((_NAME,), NAMESPACES)
)
node_selectors = _selectors(("zone",), VALUES)
cidrs = st.sampled_from(CIDRS)


@st.composite
def ip_blocks(draw: st.DrawFn) -> dict[str, Any]:
    """An ipBlock, often with exceptions."""
    cidr = draw(cidrs)
    inside = [each for each in CIDRS if each != cidr and _within(each, cidr)]
    block: dict[str, Any] = {"cidr": cidr}
    holes: bool = draw(st.booleans())
    if inside and holes:
        block["except"] = draw(st.lists(st.sampled_from(inside), min_size=1, max_size=2, unique=True))
    return block


def _within(inner: str, outer: str) -> bool:
    one, other = ipaddress.ip_network(inner), ipaddress.ip_network(outer)
    return one.version == other.version and int(one[0]) >= int(other[0]) and int(one[-1]) <= int(other[-1])
