"""EG-07: Services that stand for doubtful names."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import deployment
from audit.routing_pieces import WEB, ingress


def external(name: str) -> str:
    """A Service that stands for a name."""
    return (
        deployment("web")
        + f"""apiVersion: v1
kind: Service
metadata: {{name: out, namespace: shop}}
spec: {{type: ExternalName, externalName: "{name}"}}
---
"""
    )


def test_real_command(tmp_path: Path) -> None:
    """The name is named."""
    assert command("EG-07", external("metadata.google.internal"), tmp_path) == [
        "13 high service shop/out: it stands for metadata.google.internal, where a cloud hands out credentials"
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("169.254.169.254", "high {}: it stands for 169.254.169.254, where a cloud hands out credentials"),
        (
            "10.0.0.1",
            "medium {}: it stands for 10.0.0.1, an address, which no client takes for a name, and a private one",
        ),
        ("localhost", "medium {}: it stands for localhost, which is the machine of whoever asks"),
        ("db.data.svc.cluster.local", "low {}: it stands for db.data.svc.cluster.local, a Service of namespace data"),
        ("web-0.db.data.svc", "low {}: it stands for web-0.db.data.svc, a Service of namespace data"),
    ],
)
def test_doubtful(name: str, says: str) -> None:
    """What leads inside, or means something else, is told."""
    assert messages("EG-07", external(name)) == [says.format("service shop/out")]


def test_behind_a_proxy() -> None:
    """A proxy that leads requests there makes it worse: an Ingress cannot name another namespace itself."""
    text = WEB + external("db.data.svc.cluster.local").partition("---\n")[2]
    text += ingress(backend="{name: out, port: {number: 80}}")
    assert messages("EG-07", text) == [
        (
            "medium service shop/out: it stands for db.data.svc.cluster.local, a Service of namespace data, and a "
            "proxy leads requests there"
        )
    ]

    (line,) = messages("EG-07", text.replace("db.data.svc.cluster.local", "169.254.169.254"))
    assert line.startswith("critical service shop/out: ")


def test_names_of_the_configuration(tmp_path: Path) -> None:
    """Where names are listed, all others are told."""
    (tmp_path / "web.yaml").write_text(external("api.example.com"))
    (tmp_path / "crenel.toml").write_text("[checks.EG-07]\nnames = ['*.example.org']\n")
    asked = ("-f", str(tmp_path / "web.yaml"), "--select", "EG-07")
    assert inside(*asked).code == 0
    ran = inside(*asked, "--config", str(tmp_path / "crenel.toml"))
    assert "none of the names that are allowed" in ran.out


def test_names_that_are_given_up() -> None:
    """A name that anybody can have when it is free is for the pedantic."""
    text = external("shop-assets.s3.amazonaws.com")
    assert messages("EG-07", text) == []
    (line,) = messages("EG-07", text, "--persona", "pedantic")
    assert "under s3.amazonaws.com anybody can have the name" in line


@pytest.mark.parametrize("name", ["db.example.com", "web.shop.svc.cluster.local", "svc.example.com"])
def test_clean(name: str) -> None:
    """Names outside, and of the own namespace, are no finding."""
    assert messages("EG-07", external(name), "--persona", "pedantic") == []
