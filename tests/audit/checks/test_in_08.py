"""IN-08: the admission webhook of ingress-nginx, open to pods."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, found, messages
from audit.pieces import deployment, policy
from audit.routing_pieces import WEB, controller

OLD, NEW = (f"registry.k8s.io/ingress-nginx/controller:{each}" for each in ("v1.11.3", "v1.15.0"))


def test_real_command(tmp_path: Path) -> None:
    """The controller is named, with a pod that gets there."""
    assert command("IN-08", WEB + controller(OLD), tmp_path) == [
        "15 high deployment edge/controller: shop/web can reach its admission webhook on TCP/8443"
    ]
    (finding,) = found(WEB + controller(OLD), "--select", "IN-08")
    assert finding["witness"] == {
        "source": "shop/web", "destination": "edge/controller", "traffic": "TCP/8443", "certainty": "sure"
    }  # fmt: skip


def test_mended() -> None:
    """A version without a known hole there is lower; a controller alone in the input is open to all others."""
    assert messages("IN-08", controller(NEW)) == [
        (
            "medium deployment edge/controller: every pod of the cluster can reach its admission webhook on TCP/8443; "
            "lowered: this version has no known hole there"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        controller(OLD) + policy("web", "podSelector: {}, ingress: [{ports: [{port: 80}]}]", "edge"),
        controller(OLD, webhook=False),
        controller(OLD) + deployment("node", "kube-system", pod="hostNetwork: true, ")
        + policy("web", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.10/32}}], ports: [{port: 8443}]}]",
                 "edge"),
    ],
    ids=["another port", "no webhook", "the control plane"],
)  # fmt: skip
def test_clean(text: str) -> None:
    """What only the control plane reaches is no finding."""
    assert messages("IN-08", WEB + text) == []
