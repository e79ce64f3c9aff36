"""IN-06: the retired ingress-nginx."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import service
from audit.routing_pieces import FACING, NGINX_CLASS, WEB, controller

IMAGE = "registry.k8s.io/ingress-nginx/controller:v1.15.0"
RETIRED = "of ingress-nginx, which was retired on 24 March 2026"
BALANCER = service("controller", "type: LoadBalancer, ports: [{port: 80}]", "edge")


def test_real_command(tmp_path: Path) -> None:
    """The image is named; medium where nothing leads the internet to it."""
    text = controller(IMAGE)
    closed = "--assume", "public-nodes=no"
    (line,) = command("IN-06", text + BALANCER, tmp_path, *FACING)
    assert line == f"8 high deployment edge/controller: runs {IMAGE} {RETIRED}"
    no = "--assume", "internet-facing=no", *closed
    (line,) = messages("IN-06", text, *no)
    assert line.endswith(f"{RETIRED}; lowered: nothing in the input leads the internet to it")
    assert line.startswith("medium ")


@pytest.mark.parametrize(
    "image",
    [
        "registry.k8s.io/ingress-nginx/controller-chroot:v1.9.0@sha256:0",
        "k8s.gcr.io/ingress-nginx/controller:v1.1.0",
        "quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.30.0",
        "docker.io/bitnami/nginx-ingress-controller:1.11.2-debian-12-r3",
        "rancher/nginx-ingress-controller:nginx-1.9.3-hardened1",
        "registry.local:5000/mirror/ingress-nginx/controller",
    ],
)
def test_images(image: str) -> None:
    """Every repository of the project's source counts, mirrors as well."""
    (line,) = messages("IN-06", controller(image))
    assert f"runs {image} " in line


def test_by_its_class() -> None:
    """Without a controller in the input its class is told."""
    assert messages("IN-06", WEB + NGINX_CLASS) == [
        "medium ingressclass nginx: it names ingress-nginx, which was retired on 24 March 2026, unless a fork serves it"
    ]
    (line,) = messages("IN-06", controller(IMAGE) + NGINX_CLASS)
    assert "deployment edge/controller" in line


@pytest.mark.parametrize(
    "image",
    ["nginx/nginx-ingress:5.0.0", "cgr.dev/chainguard/ingress-nginx-controller:1.14", "nginx:1.29", "traefik:v3"],
)
def test_clean(image: str) -> None:
    """Other controllers, and forks, are no finding."""
    assert messages("IN-06", controller(image)) == []
