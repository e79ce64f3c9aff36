"""Settings of proxies and meshes: what is kept of them, and where Istio takes its outbound policy from."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.kubernetes.decode import Decoded, decode
from crenel.kubernetes.mesh import registry_only
from crenel.provenance import Origin
from crenel.sources.document import Document

ONLY = {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}


def decoded(*objects: dict[str, Any]) -> Decoded:
    """Some objects, decoded; a Sidecar is a policy of another API."""
    documents = [Document(each, Origin("mesh.yaml", number)) for number, each in enumerate(objects)]
    return decode(documents, foreign=lambda _, kind: kind == "Sidecar")


def made(api_version: str, kind: str, name: str | None = "web", **more: Any) -> dict[str, Any]:
    """An object."""
    metadata = {"name": name} if name else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": "shop", **metadata}, **more}


def config_map(mesh: Any, name: str = "istio") -> dict[str, Any]:
    """The config map with the mesh's settings."""
    return made("v1", "ConfigMap", name, data={"mesh": mesh})


def test_settings_are_kept() -> None:
    """Kinds of the table are kept with their specs and origins, the later of two with one name counts."""
    rule = made("networking.istio.io/v1", "DestinationRule", spec={"host": "a"})
    again = made("networking.istio.io/v1beta1", "DestinationRule", spec={"host": "b"})
    found = decoded(rule, again, made("traefik.io/v1alpha1", "ServersTransport", spec=[]))
    assert [(each.title, each.spec, each.origin.document) for each in found.settings] == [
        ("destinationrule shop/web", {"host": "b"}, 1),
        ("serverstransport shop/web", {}, 2),
    ]
    assert not found.others_seen


def test_a_setting_without_a_name() -> None:
    """It is reported, and not kept."""
    found = decoded(made("networking.istio.io/v1", "DestinationRule", None))
    assert not found.settings
    assert [problem.message for problem in found.problems] == ["Required value"]


@pytest.mark.parametrize(
    ("thing", "where"),
    [
        (config_map("outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n"), ("configmap shop/istio", None)),
        (config_map("outboundTrafficPolicy: {mode: REGISTRY_ONLY}", "istio-1-20"), ("configmap shop/istio-1-20", None)),
        (
            made("install.istio.io/v1alpha1", "IstioOperator", spec={"meshConfig": ONLY}),
            ("istiooperator shop/web", None),
        ),
        (made("networking.istio.io/v1", "Sidecar", spec=ONLY), ("sidecar shop/web", "shop")),
    ],
    ids=["config map", "a revision's", "operator", "sidecar"],
)
def test_registry_only(thing: dict[str, Any], where: tuple[str, str | None]) -> None:
    """Each place that Istio takes the mode from, and for whom it says so."""
    assert [(each.thing.title, each.namespace) for each in registry_only(decoded(thing))] == [where]


@pytest.mark.parametrize(
    "thing",
    [
        config_map("outboundTrafficPolicy: {mode: ALLOW_ANY}"),
        config_map("outboundTrafficPolicy: [REGISTRY_ONLY]"),
        config_map("a: [b"),
        config_map(7),
        config_map("outboundTrafficPolicy: {mode: REGISTRY_ONLY}", "other"),
        made("install.istio.io/v1alpha1", "IstioOperator", spec={"meshConfig": []}),
        made("networking.istio.io/v1", "Sidecar", spec={**ONLY, "workloadSelector": {"labels": {"a": "b"}}}),
    ],
    ids=["any", "a list", "no YAML", "a number", "another config map", "no mapping", "some pods"],
)
def test_not_registry_only(thing: dict[str, Any]) -> None:
    """Other modes, what cannot be read, and what is for some pods only."""
    assert not list(registry_only(decoded(thing)))
