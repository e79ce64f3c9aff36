"""SV-11: a database or an administrator's tool that the internet reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.checks.test_np_04 import NGINX
from audit.pieces import DENY, deployment, service

YES = ("--assume", "internet-facing=yes")


def own(name: str, port: int, image: str = "") -> str:
    """A workload with its own Service, which has a load balancer."""
    made = deployment(name, port=port)
    made = made.replace(f"image: example.org/{name}", f"image: {image}") if image else made
    return made + service(name, f"type: LoadBalancer, ports: [{{port: {port}}}]")


def test_real_command(tmp_path: Path) -> None:
    """The workload is named, with the way in."""
    assert command("SV-11", own("db", 5432), tmp_path) == [
        (
            "1 high deployment shop/db: is a PostgreSQL database, and load balancer service shop/db:5432 may lead "
            "the internet to it; whether the load balancer of service shop/db faces the internet is not known"
        )
    ]


@pytest.mark.parametrize(
    ("port", "image", "said"),
    [
        (6379, "example.org/cache", "critical deployment shop/it: is a Redis database"),
        (
            6380,
            "registry.example.org:5000/library/redis:7.2@sha256:0",
            "critical deployment shop/it: is a Redis database",
        ),
        (9443, "kubernetesui/dashboard-web:1", "critical deployment shop/it: is the Kubernetes Dashboard"),
        (8080, "quay.io/argoproj/argocd:v3", "high deployment shop/it: is Argo CD"),
        (2379, "registry.k8s.io/etcd:3.6", "critical deployment shop/it: is etcd"),
    ],
)
def test_sorts(port: int, image: str, said: str) -> None:
    """By port and by image; one step less where it asks for a login."""
    assert messages("SV-11", own("it", port, image), *YES) == [
        f"{said}, and load balancer service shop/it:{port} leads the internet to it"
    ]


def test_a_folder_is_no_image() -> None:
    """The folder of a registry says nothing of what an image in it is."""
    assert messages("SV-11", own("it", 8000, "quay.io/jupyterhub/configurable-http-proxy:4"), *YES) == []


def behind(port: int) -> str:
    """A workload behind an Ingress."""
    text = NGINX.replace("name: web, port: {number: 80}", f"name: api, port: {{number: {port}}}")
    return text + service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")


def test_behind_a_proxy() -> None:
    """A proxy for HTTP leads to what speaks HTTP, and to nothing else."""
    for port, count in ((9200, 1), (5432, 0)):
        text = behind(port) + deployment("api", port=port) + service("api", f"ports: [{{port: {port}}}]")
        assert len(messages("SV-11", text, *YES)) == count


@pytest.mark.parametrize(
    "text",
    [
        own("web", 8080),
        own("web", 8080, "example.org/team/dashboard"),
        own("db", 5432) + DENY,
        own("db", 5432).replace("LoadBalancer", "ClusterIP"),
        own("metrics", 9187, "postgres").replace("containerPort: 9187", "containerPort: 5432"),
    ],
    ids=["something else", "a dashboard of one's own", "closed", "inside", "another port of it"],
)
def test_clean(text: str) -> None:
    """What is something else, or not reached, is no finding."""
    assert messages("SV-11", text, *YES) == []


def test_declared(tmp_path: Path) -> None:
    """What is declared public is none."""
    config = tmp_path / "crenel.toml"
    config.write_text('public = ["shop/db"]\n')
    assert messages("SV-11", own("db", 5432), "--config", str(config), *YES) == []
