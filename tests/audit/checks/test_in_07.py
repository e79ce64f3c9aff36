"""IN-07: versions of ingress-nginx with known holes."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import policy
from audit.routing_pieces import WEB, controller
from crenel.audit.advisories import concerning

REPOSITORY = "registry.k8s.io/ingress-nginx/controller"
CLOSED = policy("deny", "podSelector: {}, policyTypes: [Ingress]", "edge")


def test_real_command(tmp_path: Path) -> None:
    """Critical where pods reach the webhook, with one of them as the witness."""
    assert command("IN-07", WEB + controller(f"{REPOSITORY}:v1.13.6") + CLOSED, tmp_path) == [
        (
            "22 high deployment edge/controller: ingress-nginx 1.13.6 has CVE-2026-24512, CVE-2026-1580, "
            "CVE-2026-24513, CVE-2026-24514, CVE-2026-3288; lowered: one needs the right to write Ingresses"
        )
    ]


def test_by_the_webhook() -> None:
    """CVE-2025-1974 needs no more than a connection to the webhook, where there is one."""
    old = controller(f"{REPOSITORY}:v1.12.0@sha256:0")
    (line,) = messages("IN-07", WEB + old)
    assert line.startswith("critical deployment edge/controller: ingress-nginx 1.12.0 has CVE-2025-1974, ")
    assert line.endswith(", and pods reach its webhook")
    (line,) = messages("IN-07", WEB + old + CLOSED)
    assert line.startswith("high ")
    assert line.endswith("lowered: no pod of the input reaches its admission webhook")
    (line,) = messages("IN-07", WEB + controller(f"{REPOSITORY}:v1.12.0", webhook=False))
    assert line.endswith("lowered: it has no admission webhook, so that one needs the right to write Ingresses")
    (line,) = messages("IN-07", old)
    assert line.startswith("critical "), "an input of the controller alone has all other pods elsewhere"


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ((0, 30, 0), 11),
        ((1, 10, 6), 11),
        ((1, 11, 4), 11),
        ((1, 11, 5), 6),
        ((1, 12, 0), 11),
        ((1, 12, 1), 6),
        ((1, 12, 5), 5),
        ((1, 13, 0), 6),
        ((1, 13, 6), 5),
        ((1, 13, 7), 1),
        ((1, 13, 8), 0),
        ((1, 14, 2), 5),
        ((1, 14, 3), 1),
        ((1, 14, 4), 0),
        ((1, 15, 0), 0),
    ],
)
def test_versions(version: tuple[int, int, int], names: int) -> None:
    """Each line of versions is compared with its own fix; lines without one that are older than a fix have the hole."""
    assert sum(len(each.names) for each in concerning(version)) == names


@pytest.mark.parametrize(
    "image", [f"{REPOSITORY}:v1.15.1", f"{REPOSITORY}@sha256:0", f"{REPOSITORY}:latest", "nginx/nginx-ingress:1.11.0"]
)
def test_clean(image: str) -> None:
    """Mended versions, and images that do not say theirs, are no finding."""
    assert messages("IN-07", WEB + controller(image)) == []


def test_rebuilt() -> None:
    """Who rebuilds an older version may have mended it."""
    text = WEB + controller("rancher/nginx-ingress-controller:v1.10.5-hardened4")
    assert messages("IN-07", text) == []
    assert len(messages("IN-07", text, "--persona", "pedantic")) == 1
