"""IN-13: references between namespaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import service
from audit.routing_pieces import WEB, gateway, route

ALL = "allowedRoutes: {namespaces: {from: All}}"
HTTP = f"{{name: http, port: 80, protocol: HTTP, {ALL}}}"
HTTPS = (
    f"{{name: https, port: 443, protocol: HTTPS, tls: {{certificateRefs: [{{name: shop, namespace: certs}}]}}, {ALL}}}"
)
TO_OTHER = "{backendRefs: [{name: api, namespace: backend, port: 80}]}"
API = service("api", "ports: [{port: 80}]", "backend")


def grant(kind: str, source: str, target: str, namespace: str) -> str:
    """A ReferenceGrant."""
    return f"""apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {{name: grant, namespace: {namespace}}}
spec:
  from: [{{group: gateway.networking.k8s.io, kind: {kind}, namespace: {source}}}]
  to: [{{group: "", {target}}}]
---
"""


def test_real_command(tmp_path: Path) -> None:
    """The reference is named."""
    assert command("IN-13", WEB + API + gateway(HTTP) + route(rules=TO_OTHER), tmp_path) == [
        (
            "34 medium httproute shop/web: a reference is not permitted: no ReferenceGrant in namespace backend allows "
            "the reference to Service api"
        )
    ]


def test_certificates() -> None:
    """A certificate of a namespace that the input has nothing of may be granted there."""
    assert messages("IN-13", WEB + gateway(HTTPS)) == []
    (line,) = messages("IN-13", WEB + gateway(HTTPS), "--persona", "auditor")
    assert line.startswith(
        "medium gateway edge/public: a reference is not permitted: no ReferenceGrant in namespace certs"
    )


def test_broad(tmp_path: Path) -> None:
    """A grant without a name is named after what refers to it."""
    path = tmp_path / "grant.yaml"
    path.write_text(WEB + gateway(HTTPS) + grant("Gateway", "edge", "kind: Secret", "certs"))
    assert messages("IN-13", path.read_text()) == [
        (
            "medium referencegrant certs/grant: every Gateway of namespace edge may refer to every Secret of namespace "
            "certs; shop is what they refer to"
        )
    ]
    assert inside("-f", str(path), "--select", "IN-13", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "IN-13").code == 0
    (line,) = messages("IN-13", WEB + grant("HTTPRoute", "shop", "kind: Service", "backend"))
    assert line.startswith(
        "low referencegrant backend/grant: every HTTPRoute of namespace shop may refer to every Service"
    )


@pytest.mark.parametrize(
    "text",
    [
        gateway(HTTP) + route(),
        API + gateway(HTTP) + route(rules=TO_OTHER) + grant("HTTPRoute", "shop", "kind: Service, name: api", "backend"),
        gateway(HTTPS) + grant("Gateway", "edge", "kind: Secret, name: shop", "certs"),
    ],
    ids=["one namespace", "granted", "a granted certificate"],
)
def test_clean(text: str) -> None:
    """What is granted by name is no finding."""
    assert messages("IN-13", WEB + text, "--persona", "auditor") == []
