"""JV-04: a way from the internet on which something goes in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import aws
from audit.asking import command, messages
from audit.checks.test_np_04 import NGINX
from audit.pieces import DENY, deployment, node, service

WEB = deployment("web")
YES = ("--assume", "internet-facing=yes")


def own(ports: str, annotations: str = "", kind: str = "LoadBalancer") -> str:
    """The Service."""
    return service("web", f"type: {kind}, ports: [{ports}]", annotations=annotations)


HTTP = "{port: 80, targetPort: 8080}"
HTTPS = "{name: https, port: 443, targetPort: 8443}"


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at its port."""
    assert command("JV-04", WEB + own(HTTP), tmp_path) == [
        (
            "13 medium service shop/web: load balancer service shop/web:80 may bring plain HTTP from the internet to "
            "shop/web; whether the load balancer of service shop/web faces the internet is not known"
        )
    ]


def test_sure() -> None:
    """High where the internet surely gets through."""
    assert messages("JV-04", WEB + own("{name: http, port: 8080}"), *YES) == [
        "high service shop/web: load balancer service shop/web:8080 brings plain HTTP from the internet to shop/web"
    ]


def test_beside_a_port_for_tls() -> None:
    """It may only redirect there: for the pedantic."""
    text = WEB + own(f"{{name: http, port: 80, targetPort: 8080}}, {HTTPS}")
    assert messages("JV-04", text, *YES) == []
    (line,) = messages("JV-04", text, *YES, "--persona", "pedantic")
    assert line.startswith("low service shop/web: ")
    assert line.endswith("; it may only redirect to the port for TLS")


CERTIFICATE = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert: arn"


@pytest.mark.parametrize(
    "text",
    [
        own(HTTPS),
        own("{port: 5432}"),
        own("{name: http, port: 80, targetPort: 8080, appProtocol: https}"),
        own(HTTP, CERTIFICATE),
        own(HTTP, kind="ClusterIP"),
        own(HTTP) + DENY,
    ],
    ids=["TLS", "not told", "another protocol", "a certificate", "inside", "closed"],
)
def test_clean(text: str) -> None:
    """Encrypted ways, those that are closed, and protocols that are not known, are no finding."""
    assert messages("JV-04", WEB + text, *YES) == []


def test_only_some_ports_have_a_certificate() -> None:
    """Where ports are named, the others are plain."""
    some = f"{CERTIFICATE}, service.beta.kubernetes.io/aws-load-balancer-ssl-ports: '443'"
    assert len(messages("JV-04", WEB + own(HTTP, some), *YES)) == 1


def test_a_listener_of_the_input() -> None:
    """A load balancer of the input that ends TLS encrypts the port."""
    made = own("{port: 80, targetPort: 8080, nodePort: 30080}").replace("---\n", f"{aws.STATUS}\n---\n")
    text = node(aws.PROVIDER) + aws.pod() + made
    text += aws.network(aws.EVERYBODY + aws.FROM_BALANCER, public="", more=aws.BALANCED)
    assert len(messages("JV-04", text + aws.balancer("i-1"))) == 1
    assert messages("JV-04", text + aws.balancer("i-1", protocol="TLS")) == []


def test_behind_a_proxy() -> None:
    """What a proxy of the cluster sends on in plain text is for the pedantic; what comes so is for IN-01."""
    text = NGINX.replace("name: web, port", "name: api, port") + own(
        f"{{name: http, port: 80, targetPort: 8080}}, {HTTPS}"
    )
    text += deployment("api") + service("api", f"ports: [{HTTP}]")
    assert messages("JV-04", text, *YES) == []
    assert messages("JV-04", text, *YES, "--persona", "pedantic") == [
        (
            "low deployment shop/api: shop/web ends TLS for https://*/ and sends on in plain text through the "
            "network of the cluster, unless a mesh encrypts that"
        )
    ]


ALB = "alb.ingress.kubernetes.io/"
INGRESS = f"""apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations: {{{ALB}scheme: internet-facing, {ALB}target-type: ip, {ALB}certificate-arn: arn}}
spec: {{ingressClassName: alb, rules: [{{host: shop.example.com, http: {{paths: [{{path: /, pathType: Prefix,
  backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}}}]}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{name: alb}}
spec: {{controller: ingress.k8s.aws/alb}}
---
"""


def test_behind_a_load_balancer_of_a_cloud() -> None:
    """What it sends on in plain text crosses the network of the cloud."""
    text = WEB + service("web", f"ports: [{HTTP}]") + INGRESS
    (line,) = messages("JV-04", text)
    assert "ends TLS for https://shop.example.com/" in line
    assert line.endswith("and sends on in plain text through the network of the cloud")
    assert messages("JV-04", text.replace(f"{ALB}scheme", f"{ALB}backend-protocol: HTTPS, {ALB}scheme")) == []
