"""Hosts of Ingresses and Routes get TLS, a certificate and a redirect."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.papers import secret
from audit.routing_pieces import BALANCER, NGINX, TLS, WEB, ingress, openshift_route
from certificates.making import AT, leaf
from crenel.audit.settings import Settings
from crenel.harden.services import Plan
from harden.services.planning import ids, planned

PAGE = NGINX + BALANCER.replace("[{port: 80,", "[{name: b, port: 443, targetPort: 443}, {name: a, port: 80,") + WEB


def result(found: Plan, kind: str) -> dict[str, Any]:
    """The only object of a kind, as the changed text says it."""
    (data,) = [each.data for each in found.after.documents if each.data["kind"] == kind]
    return data


def test_section_certificate_and_redirect(tmp_path: Path) -> None:
    """With an issuer the host gets all of them; what is cut is plain HTTP alone, and it leads to HTTPS."""
    found = planned(tmp_path, PAGE + ingress(), issuer="letsencrypt")
    assert ids(found.made) == ["ingress shop/web: tls"]
    assert result(found, "Ingress")["spec"]["tls"] == [{"hosts": ["shop.example.com"], "secretName": "web-tls"}]
    certificate = result(found, "Certificate")
    assert certificate["spec"]["secretName"] == "web-tls"
    assert certificate["spec"]["dnsNames"] == ["shop.example.com"]
    assert certificate["spec"]["issuerRef"] == {
        "group": "cert-manager.io", "kind": "ClusterIssuer", "name": "letsencrypt",
    }  # fmt: skip
    assert all(
        "for http://shop.example.com/" in each and each.endswith(": sent to HTTPS") for each in found.made[0].cuts
    )
    requests = {path.request for path in found.after.exposed.paths if path.request}
    assert requests == {"https://shop.example.com/"}
    assert [Path(each.path).name for each in found.files] == ["certificate-shop-web-tls.yaml", "app.yaml"]


def test_https_has_to_get_there(tmp_path: Path) -> None:
    """A redirect to where no load balancer leads would take the host down: it is withheld."""
    found = planned(tmp_path, NGINX + BALANCER + WEB + ingress(), issuer="letsencrypt")
    assert found.changes == []
    assert [each.why for each in found.withheld] == [
        "https://shop.example.com/ would not get there: service edge/ingress-nginx has no port for it"
    ]


def test_without_an_issuer_it_is_asked(tmp_path: Path) -> None:
    """No certificate is invented: the own CA is named, and the change waits."""
    found = planned(tmp_path, PAGE + ingress())
    assert found.made == ()
    (change,) = found.waiting
    assert change.question == "will the Secret shop/web-tls hold a certificate for shop.example.com?"
    command = (
        "crenel certs ca issue shop/web --dns shop.example.com --secret web-tls --ca CA -o yaml --out secrets.yaml"
    )
    assert change.notes == (f"from your own CA: {command}",)


def test_a_certificate_that_is_there(tmp_path: Path) -> None:
    """A Secret of the namespace whose certificate covers the host is taken, without a question."""
    wild = secret("wild", leaf("*.example.com"))
    found = planned(tmp_path, PAGE + ingress() + wild, settings=Settings(at=AT))
    assert ids(found.made) == ["ingress shop/web: tls"]
    assert result(found, "Ingress")["spec"]["tls"] == [{"hosts": ["shop.example.com"], "secretName": "wild"}]
    late = planned(tmp_path, PAGE + ingress() + wild, settings=Settings(at=AT + timedelta(days=9000)))
    assert ids(late.waiting) == ["ingress shop/web: tls"], "one that has expired is none"


def test_an_annotation_makes_the_secret(tmp_path: Path) -> None:
    """Where cert-manager is told by an annotation no Certificate is written."""
    found = planned(tmp_path, PAGE + ingress(annotations="cert-manager.io/cluster-issuer: le"))
    assert ids(found.made) == ["ingress shop/web: tls"]
    assert not found.made[0].new


def test_more_hosts_than_the_section_has(tmp_path: Path) -> None:
    """A host that no entry covers gets one of its own, with another Secret than that of the others."""
    text = PAGE + ingress(host="new.example.com", more=TLS)
    found = planned(tmp_path, text.replace("shop-tls", "web-tls"), issuer="ca", cluster_issuer=False)
    assert result(found, "Ingress")["spec"]["tls"] == [
        {"hosts": ["shop.example.com"], "secretName": "web-tls"},
        {"hosts": ["new.example.com"], "secretName": "web-tls-2"},
    ]
    assert result(found, "Certificate")["spec"]["issuerRef"]["kind"] == "Issuer"


def test_redirect_that_is_switched_off(tmp_path: Path) -> None:
    """A host with TLS that is answered in plain HTTP as well is redirected, which needs no certificate."""
    off = 'nginx.ingress.kubernetes.io/ssl-redirect: "false"'
    found = planned(tmp_path, PAGE + ingress(more=TLS, annotations=off))
    assert ids(found.made) == ["ingress shop/web: redirect"]
    assert result(found, "Ingress")["metadata"]["annotations"] == {"nginx.ingress.kubernetes.io/ssl-redirect": "true"}


def test_any_host(tmp_path: Path) -> None:
    """There is no certificate for whatever a client may ask for."""
    found = planned(tmp_path, PAGE + ingress(host="").replace("- host: ''\n      http", "- http"), issuer="ca")
    assert found.changes == []
    assert "it answers whatever host it is called" in " ".join(each.why for each in found.stays)


CONTROLLERS = {
    "haproxy.org/ingress-controller/haproxy": {"haproxy.org/ssl-redirect": "true"},
    "traefik.io/ingress-controller": {
        "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
        "traefik.ingress.kubernetes.io/router.tls": "true",
    },
    "ingress-controllers.konghq.com/kong": {
        "konghq.com/protocols": "https", "konghq.com/https-redirect-status-code": "301",
    },
    "ingress.k8s.aws/alb": {
        "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
        "alb.ingress.kubernetes.io/ssl-redirect": "443",
    },
    "k8s.io/ingress-gce": {"kubernetes.io/ingress.allow-http": "false"},
    "azure/application-gateway": {"appgw.ingress.kubernetes.io/ssl-redirect": "true"},
}  # fmt: skip


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_each_controller_in_its_own_words(tmp_path: Path, controller: str) -> None:
    """The annotations of the controller redirect; the result is in order for the audit, and is not changed again."""
    text = PAGE.replace("k8s.io/ingress-nginx", controller) + ingress()
    found = planned(tmp_path, text, issuer="ca", confirmed=("*: tls",))
    assert ids(found.made) == ["ingress shop/web: tls"]
    assert result(found, "Ingress")["metadata"]["annotations"] == CONTROLLERS[controller]
    assert result(found, "Ingress")["spec"]["tls"][0]["hosts"] == ["shop.example.com"]
    again = planned(tmp_path, "---\n".join(yaml.safe_dump(each.data) for each in found.after.documents), issuer="ca")
    assert [each for each in again.changes if each.thing.kind == "Ingress" and each.name != "hsts"] == []


def test_routes_of_openshift(tmp_path: Path) -> None:
    """TLS that ends at the router, plain HTTP redirected; browsers are told only when that is confirmed."""
    text = WEB + openshift_route("host: shop.example.com")
    found = planned(tmp_path, text)
    assert ids(found.changes) == ["route shop/web: tls", "route shop/web: hsts"]
    assert result(found, "Route")["spec"]["tls"] == {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"}
    assert "browsers will take this host in TLS alone" in found.waiting[0].question
    both = planned(tmp_path, text, confirmed=("*",))
    assert result(both, "Route")["metadata"]["annotations"] == {
        "haproxy.router.openshift.io/hsts_header": "max-age=63072000"
    }
