"""IN-12: listeners that take routes of every namespace."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.routing_pieces import WEB, gateway, route

OPEN = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"


def test_real_command(tmp_path: Path) -> None:
    """The listener's setting is named, with whose routes are attached now."""
    assert command("IN-12", WEB + gateway(OPEN) + route(), tmp_path) == [
        "21 medium gateway edge/public: routes of every namespace may attach to listener http; now they are of shop"
    ]


def test_fix(tmp_path: Path) -> None:
    """The fix names the namespaces whose routes are attached, so that nothing else changes."""
    path = tmp_path / "gateway.yaml"
    path.write_text(WEB + gateway(OPEN).replace(f"listeners: [{OPEN}]", f"listeners:\n    - {OPEN}") + route())
    assert inside("-f", str(path), "--select", "IN-12", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "IN-12").code == 0
    assert "kubernetes.io/metadata.name" in path.read_text()
    assert inside("-f", str(path), "--select", "IN-05,IN-11").code == 1, "the route is still attached"


def test_listener_sets() -> None:
    """That all may add listeners is worse than routes, and told apart."""
    more = "allowedListeners: {namespaces: {from: All}}"
    assert messages("IN-12", WEB + gateway("{name: http, port: 80, protocol: HTTP}", more)) == [
        (
            "medium gateway edge/public: it takes ListenerSets of every namespace, each of which may add ports, hosts "
            "and certificates"
        )
    ]


@pytest.mark.parametrize("allowed", ["", "from: Same", "from: Selector, selector: {matchLabels: {edge: public}}"])
def test_clean(allowed: str) -> None:
    """The namespace of the Gateway alone, which is the default, and chosen ones are no finding."""
    listener = f"{{name: http, port: 80, protocol: HTTP, allowedRoutes: {{namespaces: {{{allowed}}}}}}}"
    assert messages("IN-12", WEB + gateway(listener)) == []
