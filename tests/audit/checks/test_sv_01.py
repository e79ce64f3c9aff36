"""SV-01: a Service of type NodePort."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import DENY, deployment, node, service

WEB = deployment("web")
OPEN = service("web", "type: NodePort, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]")


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at its type, with what is not known."""
    assert command("SV-01", WEB + OPEN, tmp_path) == [
        (
            "13 medium service shop/web: is open on node port 30080 of every node; whether node any "
            "has a public address is "
            "not known"
        )
    ]


def test_reached_or_not() -> None:
    """High where the internet gets through every layer, low where it surely does not."""
    text = WEB + OPEN + node(public="192.0.9.9")
    (line,) = messages("SV-01", text, "--assume", "unfiltered=yes")
    assert line == "high service shop/web: is open on node port 30080 of every node, and the internet reaches it"
    (line,) = messages("SV-01", text + DENY, "--assume", "unfiltered=yes")
    assert line.startswith("low service shop/web: ")
    (line,) = messages("SV-01", deployment("db") + OPEN)
    assert line.endswith("lowered: no pod of the input stands behind it")


@pytest.mark.parametrize("kind", ["ClusterIP", "LoadBalancer"])
def test_clean(kind: str) -> None:
    """Services of other types are none of this check."""
    assert messages("SV-01", WEB + service("web", f"type: {kind}, ports: [{{port: 80}}]")) == []


def test_public(tmp_path: Path) -> None:
    """A Service that is meant to be public is no finding."""
    (tmp_path / "crenel.toml").write_text('public = ["shop/web"]\n')
    assert command("SV-01", WEB + OPEN, tmp_path) == []


BLOCK = """apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  type: NodePort  # for the office
  # what it selects
  selector:
    app: web
  ports:
  - port: 80
    nodePort: 30080
    targetPort: 8080
"""


def test_fix(tmp_path: Path) -> None:
    """The type is changed and the node port taken out; comments and the way lists are written stay."""
    path = tmp_path / "web.yaml"
    path.write_text(WEB + BLOCK)
    assert inside("-f", str(path), "--select", "SV-01", "--fix", "--write").code == 1
    assert path.read_text() == WEB + BLOCK.replace("NodePort  #", "ClusterIP #").replace("    nodePort: 30080\n", "")
