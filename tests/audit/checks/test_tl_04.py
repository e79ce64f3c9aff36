"""TL-04: a reference to a certificate that leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command
from audit.papers import HOST, NOW, POD, ingress, managed, secret, told
from certificates.making import leaf

GOOD = leaf(HOST)


def test_real_command(tmp_path: Path) -> None:
    """A Secret of the same name in another namespace is what was meant."""
    text = POD + ingress() + secret("shop-tls", GOOD, namespace="edge")
    assert command("TL-04", text, tmp_path, *NOW) == [
        "11 high ingress shop/web: secret shop/shop-tls is not in namespace shop; namespace edge has one of that name"
    ]


def test_copies() -> None:
    """A controller may copy it into the namespace, or make it from another object."""
    copied = '"reflector.v1.k8s.emberstack.com/reflection-auto-enabled": "true"'
    assert told("TL-04", ingress() + secret("shop-tls", GOOD, namespace="edge", annotations=copied)) == []
    sealed = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: shop-tls, namespace: shop}\n---\n"
    assert told("TL-04", ingress() + secret("shop-tls", GOOD, namespace="edge") + sealed) == []


def test_what_manifests_lack() -> None:
    """Somebody else may make a Secret that is not in the input: for the auditor alone, unless cert-manager does."""
    assert told("TL-04", ingress()) == []
    assert told("TL-04", ingress(), "--persona", "auditor") == [
        "low ingress shop/web: secret shop/shop-tls is not in the input"
    ]
    asked = ingress(annotations='"cert-manager.io/cluster-issuer": le')
    assert told("TL-04", asked, "--persona", "auditor") == []
    assert told("TL-04", ingress() + managed(), "--persona", "auditor") == []


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (secret("shop-tls", GOOD, kind="Opaque"), "is of type Opaque, not kubernetes.io/tls"),
        (secret("shop-tls"), "has no tls.crt"),
        (secret("shop-tls", crt="garbage"), "cannot be read: neither PEM nor DER"),
        (secret("shop-tls", GOOD, key="garbage"), "tls.key of secret shop/shop-tls cannot be read"),
    ],
    ids=["type", "nothing", "garbage", "key"],
)
def test_wrong_contents(held: str, words: str) -> None:
    """A Secret that holds no certificate and key for TLS is named at the reference."""
    (line,) = told("TL-04", held + ingress())
    assert line.startswith("high ingress shop/web: ")
    assert words in line


def test_garbage_that_nothing_refers_to() -> None:
    """It is told at the Secret."""
    (line,) = told("TL-04", secret("shop-tls", crt="garbage"))
    assert line == "medium secret shop/shop-tls: its tls.crt cannot be read: neither PEM nor DER"


def test_values_left_out() -> None:
    """A Secret without values, as some save them, is not judged by them."""
    bare = secret("shop-tls").replace("stringData:\n  other: text\n", "")
    assert told("TL-04", bare + ingress()) == []


def test_clean() -> None:
    """A Secret with certificate and key is what is wanted."""
    assert told("TL-04", secret("shop-tls", GOOD, key=GOOD.key_pem) + ingress()) == []


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no look into certificates is found all the same, and one line says what is left out."""
    monkeypatch.setattr("crenel.certificates.inventory.entrance.importlib.util.find_spec", lambda _name: None)
    text = ingress() + secret("shop-tls", GOOD, namespace="edge")
    (line,) = told("TL-04", text)
    assert line.startswith("high ingress shop/web: secret shop/shop-tls is not in namespace shop")
    assert told("TL-01", text) == []
