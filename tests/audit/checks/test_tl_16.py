"""TL-16: a pod outside of the mesh, or a port that is led past its proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.checks.test_tl_15 import AMBIENT, MESH, meshed, peers
from audit.pieces import DENY_INGRESS, deployment, service

WEB, CLIENT = deployment("web"), deployment("client", port=None)
STRICT = peers("STRICT")
SERVICE = service("web", "ports: [{port: 80, targetPort: 8080}]")
OUTSIDE = WEB.replace("labels: {app: web}", 'labels: {app: web, sidecar.istio.io/inject: "false"}')


def said(annotation: str) -> str:
    """The Deployment with an annotation of its pods."""
    return WEB.replace(
        "metadata: {labels: {app: web}}", f"metadata: {{labels: {{app: web}}, annotations: {{{annotation}}}}}"
    )


def test_real_command(tmp_path: Path) -> None:
    """The workload is named."""
    (line,) = command("TL-16", MESH + OUTSIDE + CLIENT + STRICT, tmp_path)
    assert line == (
        "5 medium deployment shop/web: it has no proxy (its labels keep the proxy out), in a namespace that "
        "takes mutual "
        "TLS alone"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MESH + said('sidecar.istio.io/inject: "false"') + STRICT, "its labels keep the proxy out"),
        (MESH + deployment("web", pod="hostNetwork: true, ") + STRICT, "it is on the network of its node"),
        (
            AMBIENT
            + WEB.replace("{labels: {app: web}}", "{labels: {app: web, istio.io/dataplane-mode: none}}")
            + STRICT,
            "its labels keep the proxy out",
        ),
        (MESH + OUTSIDE, ""),
        (MESH + OUTSIDE.replace("ports: [{name: main, containerPort: 8080}]", "env: []") + STRICT, ""),
        (OUTSIDE + STRICT, ""),
    ],
    ids=["annotation", "host", "ambient", "permissive", "serves nothing", "no mesh"],
)
def test_outside(text: str, words: str) -> None:
    """Only what serves, where the rest is strict."""
    lines = messages("TL-16", text + CLIENT)
    assert [words in line for line in lines] == ([True] if words else [])


@pytest.mark.parametrize(
    ("annotation", "mesh", "found"),
    [
        ('traffic.sidecar.istio.io/excludeInboundPorts: "8080,9090"', MESH, True),
        ('traffic.sidecar.istio.io/excludeInboundPorts: "9090"', MESH, False),
        ('traffic.sidecar.istio.io/includeInboundPorts: "9090"', MESH, True),
        ('traffic.sidecar.istio.io/includeInboundPorts: "*"', MESH, False),
        ('traffic.sidecar.istio.io/excludeInboundPorts: "8080"', "", False),
        ('config.linkerd.io/skip-inbound-ports: "4222,8000-8100"', meshed(), True),
        ('config.linkerd.io/skip-inbound-ports: "4222"', meshed(), False),
        ('config.linkerd.io/skip-inbound-ports: "8080"', "", False),
    ],
)
def test_ports_led_past_the_proxy(annotation: str, mesh: str, found: bool) -> None:
    """A port that a Service leads to, and the proxy does not see."""
    lines = messages("TL-16", mesh + said(annotation) + CLIENT + SERVICE)
    line = "medium deployment shop/web: TCP/8080 of shop/web is led past the proxy, and a Service leads there"
    assert lines == ([line] if found else [])


def test_reachability() -> None:
    """Low where nothing gets there."""
    (line,) = messages("TL-16", MESH + OUTSIDE + CLIENT + STRICT + DENY_INGRESS)
    assert line.startswith("low ")
    assert line.endswith("lowered: nothing in the input gets there")


def test_behind_a_load_balancer() -> None:
    """Clients from outside have no proxy."""
    excluded = said('traffic.sidecar.istio.io/excludeInboundPorts: "8080"')
    balanced = service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    assert messages("TL-16", MESH + excluded + CLIENT + balanced) == []


def test_clean() -> None:
    """A workload with a proxy for all of its ports."""
    assert messages("TL-16", MESH + WEB + CLIENT + SERVICE + STRICT) == []
