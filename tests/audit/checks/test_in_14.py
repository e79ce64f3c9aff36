"""IN-14: client certificates that are not required."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.routing_pieces import WEB, gateway, ingress, istio

HTTPS = "{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop}]}}"
HTTP = "{name: http, port: 80, protocol: HTTP}"
CA = "caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}]"
PREFIX = "nginx.ingress.kubernetes.io"


def tls(mode: str, where: str = "default: {%s}") -> str:
    """TLS of a Gateway with clients."""
    return "tls: {frontend: {" + where % f"validation: {{mode: {mode}, {CA}}}" + "}}"


def test_real_command(tmp_path: Path) -> None:
    """The mode is named."""
    assert command("IN-14", WEB + gateway(HTTPS, tls("AllowInsecureFallback")), tmp_path) == [
        "20 high gateway edge/public: clients without a valid certificate get in (AllowInsecureFallback)"
    ]


def test_ports() -> None:
    """A port's own setting counts; one that no listener uses is low."""
    both = "default: {validation: {" + CA + "}}, perPort: [{port: 443, tls: {%s}}]"
    (line,) = messages("IN-14", WEB + gateway(HTTPS, tls("AllowInsecureFallback", both)))
    assert line.startswith("high ")
    (line,) = messages("IN-14", WEB + gateway(HTTP, tls("AllowInsecureFallback")))
    assert line.endswith("lowered: no listener with HTTPS uses it")
    assert line.startswith("low ")


def test_other_proxies(tmp_path: Path) -> None:
    """ingress-nginx and Istio have such modes, and the fix requires a certificate."""
    nginx = f"{PREFIX}/auth-tls-secret: shop/ca, {PREFIX}/auth-tls-verify-client: "
    server = "{port: {number: 443, name: https, protocol: HTTPS}, hosts: ['*'], tls: {mode: OPTIONAL_MUTUAL}}"
    text = WEB + ingress(annotations=nginx + "optional_no_ca") + ingress("other", annotations=nginx + "optional")
    text += istio("Gateway", f"servers: [{server}]").replace(
        f"{{servers: [{server}]}}", f"\n  servers:\n    - {server}"
    )
    assert sorted(messages("IN-14", text)) == [
        "high ingress shop/web: clients with a certificate of anybody, or without one, get in (optional_no_ca)",
        "medium gateway shop/web: clients without a certificate get in (OPTIONAL_MUTUAL)",
        "medium ingress shop/other: clients without a certificate get in (optional)",
    ]
    path = tmp_path / "web.yaml"
    path.write_text(text)
    assert inside("-f", str(path), "--select", "IN-14", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "IN-14").code == 0


@pytest.mark.parametrize(
    "text",
    [
        gateway(HTTPS, tls("AllowValidOnly")),
        gateway(HTTPS),
        ingress(annotations=f"{PREFIX}/auth-tls-secret: shop/ca"),
        ingress(annotations=f"{PREFIX}/auth-tls-verify-client: optional"),
        istio(
            "Gateway",
            "servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ['*'], tls: {mode: MUTUAL}}]",
        ),
    ],
    ids=["required", "not asked for", "required by nginx", "without an authority", "required by istio"],
)
def test_clean(text: str) -> None:
    """What requires a certificate, and what asks for none, is no finding."""
    assert messages("IN-14", WEB + text) == []
