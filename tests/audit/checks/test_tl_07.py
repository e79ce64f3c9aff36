"""TL-07: a chain that clients cannot follow."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from audit.asking import command
from audit.papers import HOST, NOW, POD, config, ingress, secret, told
from certificates.making import AT, DAY, Issued, authority, leaf

ROOT = authority("Root")
MIDDLE = authority("Middle", ROOT)
LATE = authority("Late", ROOT, days=300)
OWN = leaf(HOST, MIDDLE)
POLICY = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None)])


def test_real_command(tmp_path: Path) -> None:
    """An intermediate that the input has, and the pair has not, is missing."""
    text = POD + secret("shop-tls", OWN) + ingress() + secret("ca", MIDDLE)
    assert command("TL-07", text, tmp_path, *NOW) == [
        f"11 medium secret shop/shop-tls: the intermediate CN=Middle, which signed {HOST}, is missing"
    ]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ((MIDDLE, OWN), f"its own certificate, {HOST}, does not come first"),
        ((OWN, ROOT, MIDDLE), "its certificates are not in the order in which each signed the one before"),
        ((leaf(HOST, LATE), LATE), "its intermediate CN=Late expired on 2026-03-28"),
        (
            (leaf(HOST, authority("Public"), more=((POLICY, False),)),),
            f"the intermediate that signed {HOST} is missing: a public authority signs no leaf with a root",
        ),
    ],
    ids=["leaf", "order", "expired", "public"],
)
def test_faults(shown: tuple[Issued, ...], words: str) -> None:
    """Each fault has its own words."""
    assert told("TL-07", secret("shop-tls", *shown) + ingress()) == [f"medium secret shop/shop-tls: {words}"]


def test_a_root_that_is_sent_along() -> None:
    """It does no harm: the pedantic are told."""
    text = secret("shop-tls", OWN, MIDDLE, ROOT) + ingress()
    assert told("TL-07", text) == []
    assert told("TL-07", text, "--persona", "pedantic") == [
        "low secret shop/shop-tls: the root CN=Root is sent along, which clients have or do not trust"
    ]


@pytest.mark.parametrize(
    "text",
    [
        secret("shop-tls", OWN, MIDDLE),
        secret("shop-tls", OWN, MIDDLE) + config("trusted", ROOT),
        secret("shop-tls", leaf(HOST, ROOT)) + config("trusted", ROOT),
        secret("shop-tls", OWN) + config("trusted", MIDDLE),
        secret("shop-tls", leaf(HOST, authority("Unknown"))),
        secret("shop-tls", leaf(HOST)),
    ],
    ids=["whole", "trusted", "by a root", "a trusted intermediate", "an unknown authority", "self-signed"],
)
def test_clean(text: str) -> None:
    """Whole chains, and those of which nothing is known, are no findings."""
    assert told("TL-07", text + ingress()) == []


def test_time_matters() -> None:
    """On an earlier day the intermediate was valid."""
    text = secret("shop-tls", leaf(HOST, LATE, begins=AT - 200 * DAY, days=300), LATE) + ingress()
    assert told("TL-07", text, "--at", "2026-01-01") == []
