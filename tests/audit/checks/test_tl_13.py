"""TL-13: old versions of TLS, or weak suites, in a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.papers import POD, config, ingress

OLD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nginx, namespace: edge}\ndata: {ssl-protocols: "%s"}\n---\n'


def told(text: str) -> list[str]:
    """What the check says of a text and a pod."""
    return messages("TL-13", POD + text)


def test_real_command(tmp_path: Path) -> None:
    """The setting of ingress-nginx is named."""
    assert command("TL-13", POD + OLD % "TLSv1 TLSv1.1 TLSv1.2", tmp_path) == [
        "9 high configmap edge/nginx: ssl-protocols offers TLSv1, TLSv1.1"
    ]


def test_fix(tmp_path: Path) -> None:
    """What is left is what was good; where nothing is left, a person has to choose."""
    (tmp_path / "a.yaml").write_text(POD + OLD % "TLSv1 TLSv1.2 TLSv1.3")
    ran = inside("-f", str(tmp_path / "a.yaml"), "--select", "TL-13", "--fix")
    assert '+data: {ssl-protocols: "TLSv1.2 TLSv1.3"}' in ran.out.replace("'", '"')
    (tmp_path / "a.yaml").write_text(POD + OLD % "TLSv1")
    assert inside("-f", str(tmp_path / "a.yaml"), "--select", "TL-13", "--fix").out == ""


SUITES = '"nginx.ingress.kubernetes.io/ssl-ciphers": "{}"'


@pytest.mark.parametrize(
    ("suites", "words"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256:DES-CBC3-SHA", "high .* offers weak suites (DES-CBC3-SHA)"),
        ("RC4-SHA:!aNULL:!MD5", "high .* offers weak suites (RC4-SHA)"),
        ("ECDHE-ECDSA-AES256-GCM-SHA384:AES128-SHA", "medium .* offers suites without forward secrecy (AES128-SHA)"),
        ("ECDHE-RSA-AES128-GCM-SHA256:HIGH:!aNULL:!MD5:!RC4", ""),
        ("TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256", ""),
    ],
)
def test_suites(suites: str, words: str) -> None:
    """Suites are weak, or without forward secrecy; what is taken out by a sign is not offered."""
    lines = told(ingress(annotations=SUITES.format(suites)))
    severity, _, rest = words.partition(" .* ")
    assert [(line.split()[0], rest in line) for line in lines] == ([(severity, True)] if words else [])


FILES = [
    ("nginx.conf", "server {\n  ssl_protocols TLSv1.1 TLSv1.2;\n}", "nginx.conf offers TLSv1.1"),
    ("nginx.conf", "# ssl_protocols TLSv1;\n  ssl_protocols TLSv1.2;", ""),
    ("haproxy.cfg", "global\n  ssl-default-bind-options ssl-min-ver TLSv1.0", "haproxy.cfg offers TLSv1.0"),
    ("haproxy.cfg", "bind :443 ssl crt /a ssl-min-ver TLSv1.2", ""),
    ("envoy.yaml", "tls_params: {tls_minimum_protocol_version: TLSv1_0}", "envoy.yaml offers TLSv1_0"),
    ("nginx.conf", "ssl_ciphers 'RC4-SHA:HIGH';", "nginx.conf offers weak suites (RC4-SHA)"),
]


@pytest.mark.parametrize(("name", "text", "words"), FILES)
def test_configuration_files(name: str, text: str, words: str) -> None:
    """Files of proxies in ConfigMaps are read for what they say."""
    lines = told(config("proxy", key=name, text=text))
    assert lines == ([f"high configmap shop/proxy: {words}"] if words else [])


KUBELET = "kind: KubeletConfiguration\ntlsMinVersion: VersionTLS10\ntlsCipherSuites: [TLS_RSA_WITH_RC4_128_SHA]"


def test_components() -> None:
    """The kubelet, and whatever takes the arguments of Kubernetes."""
    assert told(config("kubelet-config", namespace="kube-system", key="kubelet", text=KUBELET)) == [
        "high configmap kube-system/kubelet-config: the kubelet offers VersionTLS10",
        "high configmap kube-system/kubelet-config: the kubelet offers weak suites (TLS_RSA_WITH_RC4_128_SHA)",
    ]
    pod = POD.replace("image: example.org/web", "image: a, args: [--tls-min-version=VersionTLS11, --v=2]")
    assert messages("TL-13", pod) == ["high pod shop/web: --tls-min-version offers VersionTLS11"]


ISTIO = """apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
    - {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"],
       tls: {mode: SIMPLE, credentialName: shop-tls, minProtocolVersion: TLSV1_0, cipherSuites: [AES128-SHA]}}
---
"""
TRAEFIK = """apiVersion: traefik.io/v1alpha1
kind: TLSOption
metadata: {name: default, namespace: shop}
spec: {minVersion: VersionTLS10, cipherSuites: [TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA]}
---
"""


def test_other_proxies() -> None:
    """Istio, Traefik, and policies of AWS."""
    assert told(ISTIO) == [
        "high gateway shop/public: server https offers TLSV1_0",
        "medium gateway shop/public: server https offers suites without forward secrecy (AES128-SHA)",
    ]
    assert [line.partition(": ")[2] for line in told(TRAEFIK)] == [
        "it offers weak suites (TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA)",
        "it offers VersionTLS10",
    ]
    policy = '"alb.ingress.kubernetes.io/ssl-policy": ELBSecurityPolicy-'
    assert told(ingress(annotations=policy + "2016-08")) == [
        "high ingress shop/web: policy ELBSecurityPolicy-2016-08 offers TLS 1.0 or 1.1"
    ]
    assert told(ingress(annotations=policy + "TLS13-1-2-2021-06")) == []


def test_clean() -> None:
    """What says nothing, and what says TLS 1.2 and 1.3, are no findings."""
    assert told(OLD % "TLSv1.2 TLSv1.3") == []
    assert told(ISTIO.replace("TLSV1_0", "TLSV1_2").replace("AES128-SHA", "ECDHE-RSA-AES128-GCM-SHA256")) == []
