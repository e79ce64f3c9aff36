"""Who takes part in a mesh of Istio, and how its ports take connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crenel.dialects.istiopeers import Member, PeerAuthentications, led_past, membership
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.selectors import LabelIndex

INDEX = LabelIndex([(0, {"app": "web"}, frozenset()), (1, {"app": "db"}, frozenset())])
WEB, DB = 0, 1


def policy(name: str, namespace: str = "shop", kind: str = "PeerAuthentication", **spec: Any) -> ForeignPolicy:
    return ForeignPolicy("security.istio.io/v1", kind, name, namespace, spec)


def selecting(app: str) -> dict[str, Any]:
    return {"matchLabels": {"app": app}}


def mode(*policies: ForeignPolicy, position: int = WEB, port: int | None = None, namespace: str = "shop") -> str:
    found = PeerAuthentications(policies, None, INDEX).mode(position, namespace, port)
    return f"{found.value} {found.policy.name if found.policy else '-'} {'/'.join(map(str, found.field))}".strip()


STRICT, OFF, UNSET = {"mode": "STRICT"}, {"mode": "DISABLE"}, {"mode": "UNSET"}


def test_the_narrower_policy_counts() -> None:
    """The workload's own before the namespace's before the root namespace's; what none says is PERMISSIVE."""
    own = policy("own", selector=selecting("web"), mtls=OFF)
    whole, root = policy("whole", mtls=STRICT), policy("root", "istio-system", mtls=STRICT)
    assert mode() == "PERMISSIVE -"
    assert mode(root, whole, own) == "DISABLE own spec/mtls/mode"
    assert mode(root, whole, own, position=DB) == "STRICT whole spec/mtls/mode"
    assert mode(root, own, namespace="other", position=DB) == "STRICT root spec/mtls/mode"


@pytest.mark.parametrize("unset", [UNSET, {}, None, [], "STRICT", {"mode": "strict"}])
def test_what_is_unset_is_taken_from_the_next(unset: Any) -> None:
    """A mode that is missing, UNSET, or none at all leaves it to the namespace."""
    own = policy("own", selector=selecting("web"), mtls=unset)
    assert mode(own, policy("whole", mtls=STRICT)) == "STRICT whole spec/mtls/mode"


def test_a_port_counts_before_its_workload() -> None:
    """``portLevelMtls`` is read with keys that are numbers or texts, of policies with a selector alone."""
    for key in (8080, "8080"):
        own = policy("own", selector=selecting("web"), mtls=STRICT, portLevelMtls={key: OFF})
        assert mode(own, port=8080) == "DISABLE own spec/portLevelMtls/8080/mode"
        assert mode(own, port=8081) == mode(own) == "STRICT own spec/mtls/mode"
    whole = policy("whole", mtls=STRICT, portLevelMtls={"8080": OFF})
    assert mode(whole, port=8080) == "STRICT whole spec/mtls/mode"


def test_what_does_not_count() -> None:
    """Policies with a selector in the root namespace, other kinds, and a later one beside an earlier."""
    narrow = policy("narrow", "istio-system", selector=selecting("web"), mtls=STRICT)
    assert mode(narrow, namespace="istio-system") == "PERMISSIVE -"
    assert mode(policy("other", kind="RequestAuthentication", mtls=STRICT)) == "PERMISSIVE -"
    assert mode(policy("one", mtls=OFF), policy("two", mtls=STRICT)) == "DISABLE one spec/mtls/mode"


@pytest.mark.parametrize(
    ("labels", "annotations", "namespace", "way"),
    [
        ({}, {}, {}, ""),
        ({}, {}, {"istio-injection": "enabled"}, "sidecar"),
        ({}, {}, {"istio.io/rev": "canary"}, "sidecar"),
        ({"istio.io/rev": "canary"}, {}, {}, "sidecar"),
        ({"istio.io/rev": "canary"}, {}, {"istio-injection": "disabled"}, ""),
        ({"sidecar.istio.io/inject": "true"}, {}, {}, "sidecar"),
        ({"sidecar.istio.io/inject": "false"}, {}, {"istio-injection": "enabled"}, ""),
        ({}, {"sidecar.istio.io/inject": "false"}, {"istio-injection": "enabled"}, ""),
        ({}, {}, {"istio.io/dataplane-mode": "ambient"}, "ambient"),
        ({"istio.io/dataplane-mode": "none"}, {}, {"istio.io/dataplane-mode": "ambient"}, ""),
    ],
)
def test_membership(labels: Mapping[str, str], annotations: Mapping[str, str], namespace: Any, way: str) -> None:
    """By labels of the pod before those of its namespace; a pod on the network of its node is never in it."""
    assert membership(Member(labels, annotations, (), hosted=False), namespace) == way
    assert membership(Member(labels, annotations, (), hosted=True), namespace) == ""
    assert membership(Member(labels, annotations, ("istio-proxy",), hosted=False), namespace) == "sidecar"


EXCLUDE, INCLUDE = (f"traffic.sidecar.istio.io/{each}InboundPorts" for each in ("exclude", "include"))


@pytest.mark.parametrize(
    ("annotations", "past"),
    [
        ({}, ""),
        ({EXCLUDE: "80, 8080"}, EXCLUDE),
        ({EXCLUDE: "80"}, ""),
        ({INCLUDE: "*"}, ""),
        ({INCLUDE: "80"}, INCLUDE),
        ({INCLUDE: "80,8080", EXCLUDE: "8080"}, ""),
        ({INCLUDE: ""}, INCLUDE),
        ({INCLUDE: "*", EXCLUDE: "8080"}, EXCLUDE),
    ],
)
def test_ports_past_the_sidecar(annotations: dict[str, str], past: str) -> None:
    """What is left out counts only where everything is taken in."""
    assert led_past(annotations, 8080) == past
