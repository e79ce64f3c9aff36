"""JV-02: a load balancer that reaches a pod which no policy guards."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, found, messages
from audit.checks.test_np_04 import NGINX
from audit.pieces import DENY, deployment, policy, service

WEB = deployment("web")
OPEN = service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
YES = ("--assume", "internet-facing=yes")


def test_real_command(tmp_path: Path) -> None:
    """The workload is named, with the way in and a packet that gets through."""
    text = WEB + OPEN
    assert command("JV-02", text, tmp_path, *YES) == [
        (
            "1 high deployment shop/web: load balancer service shop/web:80 leads the internet to it, "
            "and no policy isolates "
            "it for ingress"
        )
    ]
    (finding,) = found(text, "--select", "JV-02", *YES)
    assert finding["witness"] == {
        "source": "1.0.0.0", "destination": "shop/web", "traffic": "TCP/8080", "certainty": "sure"
    }  # fmt: skip


def test_not_known() -> None:
    """Where the input does not say whom the load balancer faces, it is medium and says so."""
    (line,) = messages("JV-02", WEB + OPEN)
    assert line.startswith("medium deployment shop/web: load balancer service shop/web:80 may lead the internet to it")


def test_behind_a_proxy() -> None:
    """A pod that a proxy leads to counts; the proxy itself does not."""
    text = NGINX.replace("name: web, port", "name: api, port") + OPEN
    text += deployment("api") + service("api", "ports: [{port: 80, targetPort: 8080}]")
    (line,) = messages("JV-02", text, *YES)
    assert line.startswith("high deployment shop/api: load balancer service shop/web:80 for http")


@pytest.mark.parametrize(
    "text",
    [
        WEB + OPEN + policy("web", "podSelector: {}, ingress: [{ports: [{port: 8080}]}]"),
        WEB + OPEN + DENY,
        WEB + service("web", "type: NodePort, ports: [{port: 80, targetPort: 8080}]"),
        WEB + service("web", "ports: [{port: 80, targetPort: 8080}]"),
    ],
    ids=["guarded", "closed", "a node port", "inside"],
)
def test_clean(text: str) -> None:
    """A pod that a policy isolates, and Services without a load balancer, are none of this check."""
    assert messages("JV-02", text, *YES) == []
