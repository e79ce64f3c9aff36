"""SV-07: a Service with externalIPs."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import deployment, node, service

WEB = deployment("web")


def claiming(address: str) -> str:
    """A Service that claims an address, with its pod."""
    return WEB + service("web", f"ports: [{{port: 80}}], externalIPs: [{address}]")


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at the field."""
    assert command("SV-07", claiming("192.168.10.4"), tmp_path) == [
        "13 high service shop/web: takes over 192.168.10.4 on every node"
    ]


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("1.1.1.1", "1.1.1.1 is a public address"),
        ("10.0.1.10", "10.0.1.10 is a node's"),
        ("10.244.0.7", "10.244.0.7 is in the range of pods"),
    ],
)
def test_addresses_of_others(address: str, whose: str) -> None:
    """An address of somebody else is critical."""
    assert messages("SV-07", claiming(address) + node()) == [
        f"critical service shop/web: takes over {address} on every node: {whose}"
    ]


def test_clean() -> None:
    """Without the field there is nothing to say."""
    assert messages("SV-07", WEB + service("web", "ports: [{port: 80}]")) == []


def test_fix(tmp_path: Path) -> None:
    """The list goes, what follows it and its comment stay."""
    path = tmp_path / "web.yaml"
    before = (
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  selector:\n    app: web\n"
    )
    after = "  # the only one\n  ports:\n    - port: 80\n"
    path.write_text(f"{WEB}{before}  externalIPs:\n    - 192.168.10.4\n    - 192.168.10.5\n{after}")
    assert inside("-f", str(path), "--select", "SV-07", "--fix", "--write").code == 1
    assert path.read_text() == f"{WEB}{before}{after}"
