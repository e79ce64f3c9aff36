"""What the input shows about TLS, leg by leg, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.questions.proving.result import State
from questions.cluster import Object, namespace, service, workload
from questions.proving.asking import result

WEB = workload("shop/web", {"http": 8080, "https": 8443})
PORTS = [{"port": 80, "targetPort": 8080, "name": "plain"}, {"port": 443, "targetPort": 8443, "name": "secure"}]


def tls(**fields: Any) -> Any:
    """A statement."""
    return {"tls": fields}


def peers(mode: str, name: str = "shop/default", **spec: Any) -> Object:
    """A PeerAuthentication of Istio."""
    space, _, own = name.partition("/")
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": own, "namespace": space},
        "spec": {"mtls": {"mode": mode}, **spec},
    }


def probed(scheme: str | None) -> Object:
    """The workload with a probe on its port 8443."""
    found = workload("shop/web", {"https": 8443})
    get = {"path": "/", "port": "https", **({"scheme": scheme} if scheme else {})}
    found["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": get}
    return found


MESH = [namespace("shop", **{"istio-injection": "enabled"}), WEB]


@pytest.mark.parametrize(
    ("objects", "statement", "state", "says"),
    [
        ([WEB], tls(to="shop/web:8443"), State.UNKNOWN, "that the port is called 'https' proves nothing"),
        ([WEB], tls(to="shop/web:nope"), State.NOTHING, "declares no port named 'nope'"),
        ([*MESH, peers("STRICT")], tls(to="shop/web"), State.HOLDS, "encrypted on 2 legs"),
        (
            [*MESH, peers("PERMISSIVE")],
            tls(to="shop/web:8080"),
            State.VIOLATED,
            "peerauthentication shop/default: PERM",
        ),
        (MESH, tls(to="shop/web:8080"), State.VIOLATED, "PERMISSIVE, as no PeerAuthentication in the input says"),
        ([WEB, peers("STRICT")], tls(to="shop/web:8080"), State.UNKNOWN, "no mesh, probe or appProtocol"),
        ([probed("HTTPS")], tls(to="shop/*"), State.HOLDS, "encrypted on 1 leg"),
        ([probed(None)], tls(to="shop/*"), State.VIOLATED, "an HTTP probe of container c speaks HTTP"),
        (
            [WEB, service("shop/web", [{**PORTS[1], "appProtocol": "https"}], {"app": "web"})],
            tls(to="shop/web:https"),
            State.HOLDS,
            "encrypted on 1 leg",
        ),
        (
            [WEB, service("shop/web", [{**PORTS[0], "appProtocol": "http"}], {"app": "web"})],
            tls(to="shop/svc/web:80"),
            State.VIOLATED,
            "service shop/web: appProtocol http",
        ),
    ],
)
def test_workloads(objects: list[Object], statement: Any, state: State, says: str) -> None:
    """The strongest word counts; a name is none."""
    found = result(objects, statement)
    assert (found.state, says in found.says) == (state, True), found.says


def ingress(*, tls_hosts: list[str], port: str = "plain", **annotations: str) -> list[Object]:
    """A shop behind ingress-nginx."""
    labels = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
    controller = workload("ingress-nginx/controller", {"http": 80, "https": 443}, labels=labels)
    backend = {"service": {"name": "web", "port": {"name": port}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return [
        WEB,
        service("shop/web", PORTS, {"app": "web"}),
        controller,
        service(
            "ingress-nginx/controller",
            [{"port": 80, "name": "http", "targetPort": "http"}, {"port": 443, "name": "https", "targetPort": "https"}],
            {"app": "controller"},
            type="LoadBalancer",
        ),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": "nginx"},
            "spec": {"controller": "k8s.io/ingress-nginx"},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "web", "namespace": "shop", "annotations": annotations},
            "spec": {
                "ingressClassName": "nginx",
                "rules": [{"host": "shop.example.com", "http": {"paths": [path]}}],
                **({"tls": [{"hosts": tls_hosts, "secretName": "shop-tls"}]} if tls_hosts else {}),
            },
        },
    ]  # fmt: skip


MESHED = [namespace("shop", **{"istio-injection": "enabled"}), peers("STRICT")]
PLAIN = ingress(tls_hosts=[])
ENDED = ingress(tls_hosts=["shop.example.com"])
WHOLE = ingress(
    tls_hosts=["shop.example.com"], port="secure", **{"nginx.ingress.kubernetes.io/backend-protocol": "HTTPS"}
)


@pytest.mark.parametrize(
    ("objects", "statement", "state"),
    [
        (PLAIN, tls(host="shop.example.com", legs="client"), State.VIOLATED),
        (ENDED, tls(host="shop.example.com", legs="client"), State.HOLDS),
        (ENDED, tls(host="https://shop.example.com/cart", legs="client"), State.HOLDS),
        (ENDED, tls(host="shop.example.com"), State.VIOLATED),
        (WHOLE, tls(host="shop.example.com"), State.HOLDS),
        ([*ENDED, *MESHED], tls(host="shop.example.com"), State.HOLDS),
        (ENDED, tls(host="other.example.com"), State.NOTHING),
    ],
)  # fmt: skip
def test_hosts(objects: list[Object], statement: Any, state: State) -> None:
    """Every leg, to the last pod, unless the client's alone is meant; a mesh that insists encrypts the last one."""
    found = result(objects, statement)
    assert found.state is state, (found.says, found.notes)
