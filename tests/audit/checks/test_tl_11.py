"""TL-11: a caBundle by which the API server cannot verify whom it calls."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from audit.asking import command
from audit.papers import NOW, POD, hook, managed, secret, told
from certificates.making import AT, DAY, Issued, authority, leaf

CA, OTHER = authority("CA"), authority("Other")
OLD = authority("CA", begins=AT - 400 * DAY, days=300)
OWN = secret("web-tls", leaf("web.shop.svc", CA))


def encoded(*issued: Issued) -> str:
    """Certificates as a caBundle has them."""
    return base64.b64encode("".join(each.pem for each in issued).encode()).decode()


def test_real_command(tmp_path: Path) -> None:
    """The webhook is named at its caBundle."""
    text = POD + hook(encoded(OTHER)) + OWN
    (line,) = command("TL-11", text, tmp_path, *NOW)
    assert line == (
        "16 critical validatingwebhookconfiguration web: webhook web.example.com: its caBundle did not sign "
        "what secret "
        "shop/web-tls holds for it: the issuer of web.shop.svc, CN=CA, is missing"
    )


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        (encoded(OLD), "the certificates of its caBundle are out of date, the last since 2026-02-21"),
        ("AAAA", "its caBundle cannot be read: neither PEM nor DER"),
    ],
    ids=["expired", "garbage"],
)
def test_by_itself(bundle: str, words: str) -> None:
    """What is wrong with a caBundle whoever answers."""
    assert told("TL-11", hook(bundle)) == [
        f"critical validatingwebhookconfiguration web: webhook web.example.com: {words}"
    ]


def test_passed_over() -> None:
    """With failurePolicy Ignore nothing stops, and nothing is checked."""
    (line,) = told("TL-11", hook(encoded(OLD), "failurePolicy: Ignore"))
    assert line.startswith("high ")
    assert line.endswith("lowered: it is passed over then (failurePolicy Ignore)")


@pytest.mark.parametrize("bundle", ["", "Cg==", "CA_BUNDLE", "${CA}"])
def test_empty(bundle: str) -> None:
    """In manifests somebody may fill it in later: for the auditor, unless an annotation says so."""
    assert told("TL-11", hook(bundle)) == []
    (line,) = told("TL-11", hook(bundle), "--persona", "auditor")
    assert line.endswith("it has no caBundle: no public authority signs for web.shop.svc")
    injected = hook(bundle, annotations='"cert-manager.io/inject-ca-from": shop/shop')
    assert told("TL-11", injected, "--persona", "auditor") == []


def test_injected_from_another() -> None:
    """What cert-manager would inject now is something else."""
    text = hook(encoded(OTHER), annotations='"cert-manager.io/inject-ca-from": shop/shop') + managed()
    held = secret("shop-tls", leaf("web.shop.svc", CA), ca=(CA,))
    (line,) = told("TL-11", text + held)
    assert line.startswith("critical validatingwebhookconfiguration web: webhook web.example.com: its caBundle did not")


APISERVICE = """apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.example.org}
spec: {group: example.org, version: v1, groupPriorityMinimum: 1, versionPriority: 1, insecureSkipTLSVerify: true,
       service: {name: web, namespace: shop}}
---
"""


def test_unverified_apis() -> None:
    """An API that is not verified is whoever answers."""
    assert told("TL-11", APISERVICE) == [
        (
            "medium apiservice v1.example.org: the API server takes any certificate of it "
            "(insecureSkipTLSVerify), and sends "
            "it the requests of users"
        )
    ]


def test_clean() -> None:
    """A caBundle that signed what answers, also among others; an expired leaf is TL-01's."""
    assert told("TL-11", hook(encoded(CA)) + OWN) == []
    assert told("TL-11", hook(encoded(OTHER, CA)) + OWN) == []
    expired = secret("web-tls", leaf("web.shop.svc", CA, begins=AT - 100 * DAY, days=90))
    assert told("TL-11", hook(encoded(CA)) + expired) == []
