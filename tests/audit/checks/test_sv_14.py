"""SV-14: a Service on the edge that sends to pods which are not ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.checks.test_np_04 import NGINX
from audit.pieces import DENY, deployment, service

WEB = deployment("web")
PORTS = "ports: [{port: 80, targetPort: 8080}]"
EARLY = "publishNotReadyAddresses: true,"


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at the field."""
    text = WEB + service("web", f"type: NodePort, {EARLY} {PORTS}").replace("spec: {", "spec:\n  {")
    assert command("SV-14", text, tmp_path) == [
        (
            "14 low service shop/web: sends to pods that are not ready what node port service shop/web:30000-32767 "
            "may bring from the internet"
        )
    ]


def test_behind_a_proxy() -> None:
    """A rule of a proxy leads there as well."""
    text = NGINX.replace("name: web, port", "name: api, port")
    text += service("web", f"type: LoadBalancer, {PORTS}") + deployment("api") + service("api", f"{EARLY} {PORTS}")
    assert messages("SV-14", text, "--assume", "internet-facing=yes") == [
        (
            "low service shop/api: sends to pods that are not ready what load balancer service shop/web:80 for "
            "http://*/ brings from the internet"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        service("web", f"{EARLY} {PORTS}"),
        service("web", f"clusterIP: None, {EARLY} {PORTS}"),
        service("web", f"type: LoadBalancer, publishNotReadyAddresses: false, {PORTS}"),
        service("web", f"type: LoadBalancer, {EARLY} {PORTS}") + DENY,
    ],
    ids=["inside", "headless", "false", "closed"],
)
def test_clean(text: str) -> None:
    """Inside it is what the field is for."""
    assert messages("SV-14", WEB + text) == []


def test_fix(tmp_path: Path) -> None:
    """The field goes."""
    path = tmp_path / "web.yaml"
    own = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  type: NodePort\n"
    ports = "  # the only one\n  ports:\n    - port: 8080\n  selector:\n    app: web\n"
    path.write_text(f"{WEB}{own}  publishNotReadyAddresses: true\n{ports}")
    assert inside("-f", str(path), "--select", "SV-14", "--fix", "--write").code == 1
    assert path.read_text() == f"{WEB}{own}{ports}"
