"""Certificates that nobody issues or renews: of hosts that name a Secret, and from pod to pod."""

from __future__ import annotations

import shlex
from pathlib import Path

from audit.papers import secret
from audit.routing_pieces import BALANCER, NGINX, WEB, ingress
from certificates.making import AT, leaf
from command import crenel
from crenel.audit.settings import Settings
from harden.services.planning import ids, planned

PAGE = NGINX + BALANCER.replace("[{port: 80,", "[{name: b, port: 443, targetPort: 443}, {name: a, port: 80,") + WEB
NAMED = ingress(more="tls: [{hosts: [shop.example.com], secretName: cert}]")
INSIDE = """apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: web}, ports: [{name: https, port: 443, targetPort: 8443}]}
---
"""
NOT_THERE = "ingress shop/web: certificate"
POD = "service shop/api: certificate"


def test_named_and_not_there(tmp_path: Path) -> None:
    """A Secret that an Ingress names and no input has: a Certificate, once it is known that nothing else makes it."""
    found = planned(tmp_path, PAGE + NAMED, issuer="le")
    (change,) = [each for each in found.waiting if each.id == NOT_THERE]
    assert (change.reason, change.question) == (
        "its Secret is not in the input", "does nothing else make the Secret shop/cert?",
    )  # fmt: skip
    made = planned(tmp_path, PAGE + NAMED, issuer="le", confirmed=(NOT_THERE,))
    assert NOT_THERE in ids(made.made)
    assert 'secretName: "cert"' in made.component["certificate-shop-cert.yaml"]
    assert '- "shop.example.com"' in made.component["certificate-shop-cert.yaml"]


def test_nobody_renews(tmp_path: Path) -> None:
    """A certificate that somebody put there by hand would be taken over: that is asked."""
    there = secret("cert", leaf("shop.example.com", dns=("shop.example.com", "www.example.com")))
    found = planned(tmp_path, PAGE + NAMED + there, issuer="le", settings=Settings(at=AT))
    (change,) = [each for each in found.waiting if each.id == NOT_THERE]
    assert change.question == "may cert-manager write its own certificate into the Secret shop/cert?"
    assert "for shop.example.com, www.example.com" in change.what, "who relies on the other name is not cut off"


def test_pod_to_pod(tmp_path: Path) -> None:
    """A Service that speaks TLS gets one for its names in the cluster's DNS; its name is no other's."""
    found = planned(tmp_path, PAGE + INSIDE, issuer="inner", confirmed=("*",))
    assert POD in ids(found.made)
    text = found.component["certificate-shop-api-tls.yaml"]
    assert '  - "api.shop.svc"\n  - "api.shop.svc.cluster.local"\n' in text
    assert '  - "client auth"\n' in text


def test_without_an_issuer(tmp_path: Path) -> None:
    """The own CA's command is named, and nothing is written."""
    found = planned(tmp_path, PAGE + INSIDE)
    assert POD not in ids(found.changes)
    said = {each.subject: each.why for each in found.stays}
    assert said["service shop/api"] == (
        "no certificate speaks for api.shop.svc: name an issuer, or issue one from your own CA: "
        "crenel certs ca issue shop/api --dns api.shop.svc --dns api.shop.svc.cluster.local --secret api-tls --ca CA "
        "-o yaml --out secrets.yaml"
    )


def test_the_own_ca_does_it(tmp_path: Path) -> None:
    """The command that is named makes the Secret that the Ingress names, and with it there is nothing left to do."""
    (tmp_path / "in").mkdir()
    found = planned(tmp_path / "in", PAGE + NAMED)
    (why,) = [each.why for each in found.stays if each.subject == "ingress shop/web"]
    program, *command = shlex.split(why.partition("your own CA: ")[2])
    assert program == "crenel"
    made = crenel(
        "certs", "ca", "init", "--ca", "CA", "--trust-domain", "a.example", "--set", "dns=example.com", cwd=tmp_path
    )
    assert made.code == 0, made.err
    ran = crenel(*command, cwd=tmp_path)
    assert ran.code == 0, ran.err
    again = planned(tmp_path / "in", PAGE + NAMED + "---\n" + (tmp_path / "secrets.yaml").read_text(), issuer="le")
    assert NOT_THERE not in ids(again.changes)


def test_somebody_looks_after_it(tmp_path: Path) -> None:
    """Where a Certificate or an annotation makes the Secret there is nothing to do."""
    annotated = ingress(
        more="tls: [{hosts: [shop.example.com], secretName: cert}]", annotations="cert-manager.io/issuer: le"
    )
    assert NOT_THERE not in ids(planned(tmp_path, PAGE + annotated, issuer="le").changes)
