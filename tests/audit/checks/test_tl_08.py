"""TL-08: a certificate that lives too long."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.asking import command
from audit.checks.test_tl_07 import POLICY
from audit.papers import HOST, NOW, POD, ingress, secret, told
from certificates.making import authority, leaf


def test_real_command(tmp_path: Path) -> None:
    """The Secret is named, with what is allowed."""
    text = POD + secret("shop-tls", leaf(HOST, days=800)) + ingress()
    assert command("TL-08", text, tmp_path, *NOW) == [
        (
            f"11 medium secret shop/shop-tls: the certificate of {HOST} lives 800 days, where 366 are allowed for "
            "a private "
            "authority"
        )
    ]


@pytest.mark.parametrize(
    ("issued", "days", "allowed"),
    [
        ((2026, 1, 1), 398, None),
        ((2026, 1, 1), 400, 398),
        ((2026, 4, 1), 200, None),
        ((2026, 4, 1), 202, 200),
        ((2027, 4, 1), 150, 100),
        ((2029, 4, 1), 60, 47),
    ],
)
def test_public_authorities(issued: tuple[int, int, int], days: int, allowed: int | None) -> None:
    """What is allowed goes by the day of the issuance."""
    begins = datetime(*issued, tzinfo=UTC)
    public = leaf(HOST, authority("Public"), begins=begins, days=days, more=((POLICY, False),))
    lines = told("TL-08", secret("shop-tls", public) + ingress())
    words = f"lives {days} days, where {allowed} are allowed for a public authority"
    assert [words in line for line in lines] == ([True] if allowed else [])


def test_workloads() -> None:
    """One that names a workload lives shorter."""
    spiffe = leaf("web", dns=(), uris=("spiffe://example.org/ns/shop/sa/web",), days=200)
    (line,) = told("TL-08", secret("shop-tls", spiffe))
    assert "lives 200 days, where 90 are allowed for a workload" in line


def test_settings(tmp_path: Path) -> None:
    """The days are settings."""
    (tmp_path / "crenel.toml").write_text("[checks.TL-08]\ndays = 825\n")
    text = secret("shop-tls", leaf(HOST, days=800)) + ingress()
    assert told("TL-08", text, "--config", str(tmp_path / "crenel.toml")) == []


def test_clean() -> None:
    """A year is allowed, and an authority may live long."""
    assert told("TL-08", secret("shop-tls", leaf(HOST, days=365)) + ingress()) == []
    assert told("TL-08", secret("ca", authority("Root"), key=authority("Root").key_pem)) == []
