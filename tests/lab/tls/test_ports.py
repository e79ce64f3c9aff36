"""Which ports speak TLS, of which kind, and by which rule."""

from __future__ import annotations

from typing import Any

import pytest

import crenel
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.stage import stage
from crenel.lab.tls.kinds import Kind
from crenel.lab.tls.ports import secured
from lab.tls.pieces import MESH, peers, pod, service, space


def found(*objects: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """By workload and port, the kind and the rule."""
    ports, notes = secured(stage(place(crenel.load(list(objects)).model, Wishes(families=(4,), tls=True))))
    assert not notes
    return {f"{each.name}:{each.port}": (each.kind.value, each.rule) for each in ports}


@pytest.mark.parametrize(
    ("port", "rule"),
    [
        ({"appProtocol": "https"}, "appProtocol https of service shop/web"),
        ({"appProtocol": "kubernetes.io/wss"}, "appProtocol kubernetes.io/wss of service shop/web"),
        ({"appProtocol": "tls", "name": "http"}, "appProtocol tls of service shop/web"),
        ({"name": "https"}, "port name https of service shop/web"),
        ({"name": "https-web"}, "port name https-web of service shop/web"),
        ({"name": "tls-db"}, "port name tls-db of service shop/web"),
        ({"appProtocol": "http", "name": "https"}, ""),  # appProtocol takes precedence: istio.io, Protocol Selection
        ({"name": "grpc"}, ""),  # the same as http2, in plain text: istio.io, Protocol Selection
        ({"name": "http"}, ""),
        ({"name": "httpsx"}, ""),
        ({}, ""),
        ({"name": "https", "protocol": "UDP"}, ""),
    ],
)
def test_the_port_of_a_service(port: dict[str, Any], rule: str) -> None:
    """``appProtocol`` counts before the name; a name counts by its first part."""
    assert found(pod("web", 8443), service("web", {"port": 443, "targetPort": 8443, **port})) == (
        {"shop/web:8443": ("TLS", rule)} if rule else {}
    )


def test_a_headless_service_and_a_named_target() -> None:
    """Where a Service leads is where TLS is spoken; a headless one has the pods' own ports."""
    named = service("web", {"port": 443, "targetPort": "secure", "appProtocol": "https"})
    assert set(found(pod("web", ("secure", 9443)), named)) == {"shop/web:9443"}
    headless = service("web", {"port": 9443, "appProtocol": "https"}, spec={"clusterIP": "None"})
    assert set(found(pod("web", 9443), headless)) == {"shop/web:9443"}


def test_the_name_of_a_container_port() -> None:
    """A container port that is named for TLS is one, without any Service."""
    assert found(pod("web", ("https", 8443), ("http", 8080))) == {
        "shop/web:8443": ("TLS", "container port name https of shop/web")
    }


def test_a_backend_tls_policy() -> None:
    """Gateways speak TLS to the ports that a BackendTLSPolicy is about: all of a Service, or one by its name."""
    policy = {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "BackendTLSPolicy",
        "metadata": {"name": "up", "namespace": "shop"},
        "spec": {
            "targetRefs": [{"group": "", "kind": "Service", "name": "web", "sectionName": "b"}],
            "validation": {"hostname": "web.example", "wellKnownCACertificates": "System"},
        },
    }  # fmt: skip
    front = service("web", {"name": "a", "port": 80}, {"name": "b", "port": 81})
    assert found(pod("web", 80, 81), front, policy) == {
        "shop/web:81": ("TLS", "backendtlspolicy shop/up for service shop/web")
    }


def test_modes_of_istio() -> None:
    """The selector counts before the namespace, a port before its workload, and who has no proxy is left alone."""
    assert found(
        MESH,
        pod("web", 80, 81, 82),
        pod("db", 80),
        pod("out", 80, annotations={"sidecar.istio.io/inject": "false"}),
        pod("far", 80, namespace="other"),
        peers("all", mtls={"mode": "STRICT"}),
        peers(
            "web", selector={"matchLabels": {"app": "web"}}, mtls={"mode": "PERMISSIVE"},
            portLevelMtls={"81": {"mode": "DISABLE"}, "82": {"mode": "STRICT"}},
        ),
    ) == {
        "shop/web:80": ("permissive", "peerauthentication shop/web: PERMISSIVE"),
        "shop/web:82": ("mutual TLS", "peerauthentication shop/web: STRICT"),
        "shop/db:80": ("mutual TLS", "peerauthentication shop/all: STRICT"),
    }  # fmt: skip


def test_the_default_of_istio_is_permissive() -> None:
    """Without any policy a proxy takes both; that is said of it."""
    assert found(MESH, pod("web", 80)) == {
        "shop/web:80": ("permissive", "sidecar of Istio, without a PeerAuthentication: PERMISSIVE")
    }
    ambient = space("shop", **{"istio.io/dataplane-mode": "ambient"})
    assert found(ambient, pod("web", 80), peers("off", mtls={"mode": "DISABLE"})) == {
        "shop/web:80": ("permissive", "peerauthentication shop/off: DISABLE")
    }


def test_ports_that_are_led_past_the_proxy() -> None:
    """What a sidecar does not take in is as the application has it."""
    strict = peers("all", mtls={"mode": "STRICT"})
    excluded = pod("web", 80, ("https", 81), 82, annotations={"traffic.sidecar.istio.io/excludeInboundPorts": "80, 81"})
    assert found(MESH, excluded, strict) == {
        "shop/web:81": ("TLS", "container port name https of shop/web"),
        "shop/web:82": ("mutual TLS", "peerauthentication shop/all: STRICT"),
    }
    included = pod("web", 80, 82, annotations={"traffic.sidecar.istio.io/includeInboundPorts": "82"})
    assert set(found(MESH, included, strict)) == {"shop/web:82"}


@pytest.mark.parametrize(("mode", "kind"), [("STRICT", Kind.MUTUAL), ("PERMISSIVE", Kind.TLS), ("DISABLE", Kind.TLS)])
def test_an_application_with_tls_behind_a_proxy(mode: str, kind: Kind) -> None:
    """A strict proxy is all that is seen; one that lets others through shows the application's own TLS."""
    front = service("web", {"port": 443, "appProtocol": "https"})
    ((_, (said, _)),) = found(MESH, pod("web", 443), front, peers("all", mtls={"mode": mode})).items()
    assert said == kind.value


def test_the_annotation_counts_before_everything() -> None:
    """That of the pod counts before that of a Service; each speaks of its own ports."""
    key = "crenel.dev/tls"
    front = service("web", {"port": 443, "targetPort": 8443, "appProtocol": "https"}, annotations={key: "443=mtls"})
    assert found(pod("web", 8443), front) == {
        "shop/web:8443": ("mutual TLS", "annotation crenel.dev/tls of service shop/web")
    }
    assert found(pod("web", 8443, annotations={key: "plain"}), front) == {}
    named = pod("web", ("admin", 8443), annotations={key: "admin=tls"})
    assert found(named) == {"shop/web:8443": ("TLS", "annotation crenel.dev/tls of pod shop/web")}
    assert found(MESH, pod("web", 80, annotations={key: "plain"})) == {}


def test_templates_carry_their_annotations() -> None:
    """Pods that a Deployment will make have the annotations, and the containers, of its template."""
    template = pod("web", 8443, annotations={"crenel.dev/tls": "mtls"})
    deployment: Any = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {key: template["metadata"][key] for key in ("labels", "annotations")},
                "spec": template["spec"],
            },
        },
    }  # fmt: skip
    assert found(deployment) == {"shop/web:8443": ("mutual TLS", "annotation crenel.dev/tls of pod shop/web-0")}
    del deployment["spec"]["template"]["metadata"]["annotations"]
    deployment["spec"]["template"]["spec"]["initContainers"] = [{"name": "istio-proxy", "image": "example.org/p:1"}]
    assert found(deployment, peers("all", mtls={"mode": "STRICT"})) == {
        "shop/web:8443": ("mutual TLS", "peerauthentication shop/all: STRICT")
    }


def test_an_annotation_that_says_nothing_is_noted() -> None:
    """A word that is no kind is named in a note, and the port is what the rest of the input says."""
    objects = [pod("web", ("https", 8443), annotations={"crenel.dev/tls": "strict"})]
    ports, notes = secured(stage(place(crenel.load(objects).model, Wishes(families=(4,), tls=True))))
    assert [each.rule for each in ports] == ["container port name https of shop/web"]
    assert notes == [
        (
            "pod shop/web: annotation crenel.dev/tls: 'strict' is none of tls, mtls, permissive, plain, "
            "with or without PORT= before it"
        )
    ]
