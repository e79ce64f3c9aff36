"""IN-09: Ingresses that write into the configuration of nginx."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.routing_pieces import WEB, ingress, other

PREFIX = "nginx.ingress.kubernetes.io"
SHARED = "is put into the configuration of a proxy that all share"
BEGINS = "which can begin a directive of its own in the configuration of nginx"


def said(name: str, value: str) -> str:
    """An Ingress with one annotation."""
    return WEB + ingress(annotations=f'{PREFIX}/{name}: "{value}"')


def test_real_command(tmp_path: Path) -> None:
    """The annotation is named, with what is harmful in it."""
    assert command("IN-09", said("server-snippet", "location /x { alias /etc/; }"), tmp_path) == [
        f"20 high ingress shop/web: annotation {PREFIX}/server-snippet {SHARED}, and speaks of alias"
    ]


def test_a_harmless_snippet() -> None:
    """A snippet that only sets a header is medium."""
    assert messages("IN-09", said("configuration-snippet", "more_set_headers X-A;")) == [
        (
            f"medium ingress shop/web: annotation {PREFIX}/configuration-snippet {SHARED}; lowered: no directive in it "
            "is known to be harmful"
        )
    ]


@pytest.mark.parametrize(
    ("name", "value", "signs"),
    [
        ("auth-url", "http://a/#;}", "# ; }"),
        ("mirror-target", "https://a\\nproxy_pass http://b", r"\n"),
        ("rewrite-target", "/{x}", "{ }"),
        ("rewrite-target", r"/a\" b", '"'),
        ("auth-tls-match-cn", "CN=a;", ";"),
    ],
)
def test_injections(name: str, value: str, signs: str) -> None:
    """What ends a directive, or begins another, is told."""
    assert messages("IN-09", said(name, value)) == [
        f"high ingress shop/web: annotation {PREFIX}/{name} holds {signs}, {BEGINS}"
    ]


def test_a_controller_that_allows_snippets(tmp_path: Path) -> None:
    """The setting of the controller is named, and mended."""
    path = tmp_path / "web.yaml"
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: controller, namespace: edge}\n"
    path.write_text(f'{WEB}{config}data:\n  allow-snippet-annotations: "true"\n')
    assert messages("IN-09", path.read_text()) == [
        "medium configmap edge/controller: it lets every Ingress put snippets into the configuration of the proxy"
    ]
    assert inside("-f", str(path), "--select", "IN-09", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "IN-09").code == 0


def test_paths() -> None:
    """A path can do so as well, where ingress-nginx is known to serve it."""
    text = WEB + ingress(path="/a;b", annotations=f"{PREFIX}/use-regex: 'true'")
    assert messages("IN-09", text) == [f"high ingress shop/web: path '/a;b' holds ;, {BEGINS}"]
    assert messages("IN-09", WEB + ingress(path="/a;b")) == []


@pytest.mark.parametrize(
    "text",
    [
        said("rewrite-target", "/$2"),
        said("auth-url", "https://$host/oauth2/auth?rd=$escaped_request_uri"),
        said("enable-cors", "true"),
        said("configuration-snippet", ""),
        WEB + ingress(path="/v[0-9]{1,3}/x", annotations=f"{PREFIX}/use-regex: 'true'"),
        said("server-snippet", "alias /etc/;").replace("ClassName: nginx", "ClassName: traefik")
        + other("networking.k8s.io/v1", "IngressClass", "controller: traefik.io/ingress-controller", "traefik"),
    ],
    ids=["group", "url", "other", "empty", "repetition", "another controller"],
)
def test_clean(text: str) -> None:
    """Ordinary values, and annotations that no controller reads, are no finding."""
    assert messages("IN-09", text) == []
