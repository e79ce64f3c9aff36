"""Browsers are told to come in TLS alone, in the words of each proxy, once that is confirmed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audit.routing_pieces import TLS, WEB, ingress, istio, other
from harden.services.planning import ids, planned

VALUE = "max-age=63072000"
SET = "haproxy.org/response-set-header"
USED = "traefik.ingress.kubernetes.io/router.middlewares"


def of_class(controller: str) -> str:
    return f"""apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{name: nginx}}
spec: {{controller: {controller}}}
---
"""


TRAEFIK = of_class("traefik.io/ingress-controller")
HAPROXY = of_class("haproxy.org/ingress-controller/haproxy")


def confirmed(folder: Path, text: str) -> list[dict[str, Any]]:
    """The objects after it is confirmed, which change nothing when they are planned again."""
    found = planned(folder, WEB + text, confirmed=("*: hsts",))
    again = planned(folder, "---\n".join(each.new.decode() for each in found.files)) if found.files else found
    assert not [each for each in again.waiting if each.name == "hsts"]
    return [each.data for each in found.after.documents]


def said(folder: Path, text: str) -> dict[str, str]:
    (found,) = [each["metadata"] for each in confirmed(folder, text) if each["kind"] == "Ingress"]
    return found.get("annotations") or {}


def test_it_is_asked(tmp_path: Path) -> None:
    """What browsers have been told cannot be taken back."""
    found = planned(tmp_path, WEB + HAPROXY + ingress(more=TLS))
    (change,) = [each for each in found.waiting if each.name == "hsts"]
    assert change.question == "browsers will take this host in TLS alone for two years, whatever happens: may they?"


def test_haproxy(tmp_path: Path) -> None:
    """One more line of the annotation, unless one has the header; of subdomains and of preloading nothing is said."""
    line = f'Strict-Transport-Security "{VALUE}"'
    assert said(tmp_path, HAPROXY + ingress(more=TLS))[SET] == line
    own = f"{SET}: X-Frame-Options DENY"
    assert said(tmp_path, HAPROXY + ingress(more=TLS, annotations=own))[SET] == f"X-Frame-Options DENY\n{line}"
    has = f"{SET}: 'strict-transport-security \"max-age=1\"'"
    assert said(tmp_path, HAPROXY + ingress(more=TLS, annotations=has))[SET].endswith('1"')
    assert SET not in said(tmp_path, HAPROXY + ingress())


def test_haproxy_ingress(tmp_path: Path) -> None:
    """It sends the header by itself, unless it is told not to."""
    key = "haproxy-ingress.github.io/hsts"
    text = of_class("haproxy-ingress.github.io/controller")
    assert key not in said(tmp_path, text + ingress(more=TLS))
    assert said(tmp_path, text + ingress(more=TLS, annotations=f"{key}: 'false'"))[key] == "true"


def test_traefik(tmp_path: Path) -> None:
    """A Middleware of the namespace, named behind those that are named already."""
    found = confirmed(tmp_path, TRAEFIK + ingress(more=TLS))
    (made,) = [each for each in found if each["kind"] == "Middleware"]
    assert made["metadata"] == {"name": "web-hsts", "namespace": "shop"}
    assert made["spec"] == {"headers": {"stsSeconds": 63072000}}
    assert made["apiVersion"] == "traefik.io/v1alpha1"
    (page,) = [each for each in found if each["kind"] == "Ingress"]
    assert page["metadata"]["annotations"][USED] == "shop-web-hsts@kubernetescrd"
    auth = other("traefik.containo.us/v1alpha1", "Middleware", "basicAuth: {secret: s}", "auth")
    own = f"{USED}: shop-auth@kubernetescrd"
    text = TRAEFIK + auth + ingress(more=TLS, annotations=own)
    assert said(tmp_path, text)[USED] == "shop-auth@kubernetescrd,shop-web-hsts@kubernetescrd"
    versions = {each["apiVersion"] for each in confirmed(tmp_path, text) if each["kind"] == "Middleware"}
    assert versions == {"traefik.containo.us/v1alpha1"}


@pytest.mark.parametrize(
    "spec",
    [
        "headers: {stsSeconds: 1}",
        "headers: {customResponseHeaders: {strict-transport-security: max-age=1}}",
        "chain: {middlewares: [{name: x}]}",
    ],
)
def test_a_middleware_that_says_so(tmp_path: Path, spec: str) -> None:
    """One that sends the header, may send it, or is not in the input, is enough to leave the Ingress alone."""
    own = f"{USED}: shop-own@kubernetescrd"
    text = TRAEFIK + ingress(more=TLS, annotations=own)
    assert said(tmp_path, text + other("traefik.io/v1alpha1", "Middleware", spec, "own"))[USED] in own
    assert said(tmp_path, text)[USED] in own


def virtual(*servers: str, rule: str = "route: [{destination: {host: web, port: {number: 80}}}]") -> str:
    """A Gateway of Istio with some servers, and a VirtualService for it."""
    return istio("Gateway", f"selector: {{istio: ingress}}, servers: [{', '.join(servers)}]", "public") + istio(
        "VirtualService", f"gateways: [public], hosts: [shop.example.com], http: [{{{rule}}}]"
    )


SECURE = ("{port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop.example.com], "
          "tls: {mode: SIMPLE, credentialName: c}}")  # fmt: skip
PLAIN = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}"


def headers(folder: Path, text: str) -> object:
    (found,) = [each["spec"]["http"][0] for each in confirmed(folder, text) if each["kind"] == "VirtualService"]
    return found.get("headers")


def test_istio(tmp_path: Path) -> None:
    """Each rule that leads somewhere, of a VirtualService that is reached in TLS alone."""
    told = {"response": {"set": {"Strict-Transport-Security": VALUE}}}
    assert headers(tmp_path, virtual(SECURE)) == told
    redirected = PLAIN[:-1] + ", tls: {httpsRedirect: true}}"
    assert headers(tmp_path, virtual(SECURE, redirected)) == told
    bare = planned(tmp_path, WEB + virtual(PLAIN))
    assert "virtualservice shop/web: hsts" not in ids(bare.changes)
    away = virtual(SECURE, rule="redirect: {authority: other.example.com}")
    assert headers(tmp_path, away) is None
    has = "headers: {response: {add: {strict-transport-security: max-age=1}}}, route: [{destination: {host: web}}]"
    assert headers(tmp_path, virtual(SECURE, rule=has)) == {
        "response": {"add": {"strict-transport-security": "max-age=1"}}
    }
