"""TL-14: HSTS or redirects that are switched off."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.papers import POD

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nginx, namespace: edge}\ndata: {%s}\n---\n"
ROUTE = """apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: web, namespace: shop, annotations: {haproxy.router.openshift.io/hsts_header: "%s"}}
spec: {host: shop.example.com, to: {kind: Service, name: web}, tls: {termination: edge}}
---
"""
HTTPROUTE = """apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: public}]
  rules:
    - filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: {set: [{name: Strict-Transport-Security, value: max-age=%s}]}
      backendRefs: [{name: web, port: 80}]
---
"""


def test_real_command(tmp_path: Path) -> None:
    """The setting of ingress-nginx is named."""
    assert command("TL-14", POD + CONFIG % 'hsts: "false"', tmp_path) == [
        "9 low configmap edge/nginx: hsts is switched off: browsers are told of TLS for no host"
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CONFIG % 'hsts-max-age: "3600"', "low configmap edge/nginx: browsers are told of TLS for 0 days only"),
        (
            CONFIG % 'ssl-redirect: "false"',
            (
                "medium configmap edge/nginx: ssl-redirect is switched off: plain HTTP is answered beside TLS for "
                "every host"
            ),
        ),
        (ROUTE % "max-age=0", "low route shop/web: browsers are told to forget TLS"),
        (HTTPROUTE % "864000", "low httproute shop/web: browsers are told of TLS for 10 days only"),
    ],
    ids=["short", "redirect", "route", "httproute"],
)
def test_settings(text: str, words: str) -> None:
    """Times that are too short, and redirects that are switched off."""
    assert messages("TL-14", POD + text) == [words]


@pytest.mark.parametrize(
    "text",
    [
        CONFIG % 'hsts: "true", hsts-max-age: "31536000", ssl-redirect: "true"',
        CONFIG % "other: text",
        ROUTE % "max-age=63072000; includeSubDomains",
        HTTPROUTE % "63072000",
    ],
)
def test_clean(text: str) -> None:
    """Long times, and no word of it."""
    assert messages("TL-14", POD + text) == []
