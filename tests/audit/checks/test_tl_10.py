"""TL-10: an authority that was replaced, or ends, before the certificates below it."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command
from audit.papers import HOST, NOW, POD, ingress, managed, secret, told
from certificates.making import AT, DAY, Issued, authority, key, leaf

OLD, NEW = authority("CA", private=key(1)), authority("CA", private=key(2))
ISSUER = managed("ca: {secretName: ca}", name="internal", kind="Issuer")
MADE = '"cert-manager.io/issuer-name": internal, "cert-manager.io/issuer-kind": Issuer'


def ca(issued: Issued) -> str:
    """The Secret of an issuer."""
    return secret("ca", issued, key=issued.key_pem)


def test_real_command(tmp_path: Path) -> None:
    """The certificate was signed by the key that was there before."""
    text = POD + secret("shop-tls", leaf(HOST, OLD)) + ingress() + ca(NEW)
    assert command("TL-10", text, tmp_path, *NOW) == [
        (
            f"11 high secret shop/shop-tls: the certificate of {HOST} was signed by another key of CN=CA "
            "than the one in secret shop/ca"
        )
    ]


def test_by_an_issuer() -> None:
    """The issuer of cert-manager leads to the authority, whatever its name is now; leaves of one authority are one."""
    other = authority("Renamed")
    made = [leaf(f"{name}.example.com", OLD) for name in "abc"]
    text = "".join(secret(f"tls-{n}", each, annotations=MADE) for n, each in enumerate(made))
    (line,) = told("TL-10", text + ISSUER + ca(other))
    assert line == (
        "medium secret shop/tls-0: the certificate of a.example.com was not signed by CN=Renamed that is in secret "
        "shop/ca now, and so it is with 2 more; lowered: nothing in the input uses it"
    )


def test_outliving() -> None:
    """A certificate must not live longer than who signed it."""
    short = authority("Short", begins=AT - 10 * DAY, days=30)
    (line,) = told("TL-10", secret("shop-tls", leaf(HOST, short)) + ingress() + ca(short))
    assert line.endswith("outlives CN=Short, which signed it and ends on 2026-06-21")


def test_a_stale_ca_beside() -> None:
    """The leaf was issued anew, its ca.crt was not."""
    held = secret("shop-tls", leaf(HOST, NEW), ca=(OLD,), annotations=MADE)
    (line,) = told("TL-10", held + ingress() + ISSUER + ca(NEW))
    assert line.endswith("has a ca.crt beside it that is not CN=CA of secret shop/ca")


def test_clean() -> None:
    """A leaf of the authority that is there, of an unknown one, and of one of that name elsewhere."""
    good = secret("shop-tls", leaf(HOST, NEW), ca=(NEW,), annotations=MADE) + ingress() + ISSUER + ca(NEW)
    assert told("TL-10", good) == []
    assert told("TL-10", secret("shop-tls", leaf(HOST, OLD)) + ingress()) == []
    away = secret("ca", NEW, key=NEW.key_pem, namespace="blog")
    assert told("TL-10", secret("shop-tls", leaf(HOST, OLD)) + ingress() + away) == []
