"""TL-01: a certificate that is out of date."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command
from audit.papers import HOST, NOW, POD, config, ingress, managed, secret, told
from certificates.making import AT, DAY, authority, leaf

EXPIRED = leaf(HOST, begins=AT - 100 * DAY, days=90)
GOOD = leaf(HOST)


def test_real_command(tmp_path: Path) -> None:
    """The Secret is named at its certificate; one that an Ingress shows is critical."""
    text = POD + secret("shop-tls", EXPIRED) + ingress()
    assert command("TL-01", text, tmp_path, *NOW) == [
        f"11 critical secret shop/shop-tls: the certificate of {HOST} expired on 2026-05-22"
    ]


def test_nobody_uses_it() -> None:
    """A certificate that nothing in the input uses is one step less bad."""
    assert told("TL-01", secret("shop-tls", EXPIRED)) == [
        (
            f"high secret shop/shop-tls: the certificate of {HOST} expired on 2026-05-22; lowered: nothing "
            "in the input uses it"
        )
    ]


def test_not_yet_valid() -> None:
    """One whose life has not begun is refused just the same."""
    early = leaf(HOST, begins=AT + DAY)
    (line,) = told("TL-01", secret("shop-tls", early) + ingress())
    assert line == f"critical secret shop/shop-tls: the certificate of {HOST} is not valid before 2026-06-02"


def test_copies_are_one_finding() -> None:
    """A certificate in several Secrets is told once, at the one that is used."""
    text = secret("a", EXPIRED) + secret("shop-tls", EXPIRED) + secret("c", EXPIRED, namespace="blog") + ingress()
    (line,) = told("TL-01", text)
    assert line.startswith("critical secret shop/shop-tls: ")
    assert line.endswith("expired on 2026-05-22 (and 2 more hold it)")


def test_status_of_a_certificate() -> None:
    """Where the Secret is not in the input, the status of its Certificate counts."""
    ended = managed(status='notAfter: "2026-05-31T00:00:00Z"')
    assert told("TL-01", ended) == ["critical certificate shop/shop: what was issued for it expired on 2026-05-31"]
    assert told("TL-01", ended + secret("shop-tls", GOOD)) == []


def test_clean() -> None:
    """Valid certificates are no finding, nor are old ones in bundles, which are TL-20's."""
    old = authority("Old", begins=AT - 400 * DAY, days=300)
    assert told("TL-01", secret("shop-tls", GOOD) + ingress() + config("trusted", old)) == []
