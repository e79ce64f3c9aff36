"""NP-11: a container published by hostPort."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import DENY, deployment, node

PORT = ", hostPort: 9000"


def test_real_command(tmp_path: Path) -> None:
    """The workload is named at the field; of a node of which nothing is known, what is lacking."""
    (line,) = command("NP-11", deployment("web", more=PORT), tmp_path)
    assert line.startswith(
        "8 medium deployment shop/web: hostPort 9000/TCP publishes it on the nodes that it runs on; "
    )
    assert line.endswith("the internet may get there: whether node any has a public address is not known")


def test_reached_or_not() -> None:
    """High where the internet surely gets there, low where a policy keeps it out."""
    text = deployment("web", more=PORT) + node(public="192.0.9.9")
    (line,) = messages("NP-11", text, "--assume", "unfiltered=yes")
    assert line.startswith("high deployment shop/web: ")
    assert line.endswith(", and the internet reaches it")
    (line,) = messages("NP-11", text + DENY, "--assume", "unfiltered=yes")
    assert line.startswith("low deployment shop/web: ")


@pytest.mark.parametrize(
    "text",
    [
        deployment("web"),
        deployment("web", more=", hostPort: 9000, hostIP: 127.0.0.1"),
        deployment("web", "kube-system", more=PORT),
    ],
    ids=["none", "loopback", "system"],
)
def test_clean(text: str) -> None:
    """Without a host port, on loopback, and in the system nothing is said."""
    assert messages("NP-11", text) == []


def test_fix(tmp_path: Path) -> None:
    """The field is taken out, and nothing else changes."""
    path = tmp_path / "web.yaml"
    path.write_text(deployment("web", more=PORT))
    assert inside("-f", str(path), "--select", "NP-11", "--fix", "--write").code == 1
    assert path.read_text() == deployment("web")
