"""Audits and certificates: the time they are judged by, and what becomes of them without the extra."""

from __future__ import annotations

import json

import pytest

from audit.asking import inside
from audit.papers import HOST, POD, ingress, secret
from certificates.making import leaf

TEXT = POD + secret("shop-tls", leaf(HOST)) + ingress()
LEFT_OUT = "checks TL of what certificates say are left out: certificates are not examined: pip install 'crenel[certs]'"


def assumptions(*arguments: str) -> list[str]:
    """What an audit rests on."""
    found: list[str] = json.loads(inside("-f", "-", "-o", "json", *arguments, stdin=TEXT).out)["assumptions"]
    return found


@pytest.mark.parametrize(("at", "codes"), [("2026-06-01", 0), ("2026-09-01", 1), ("2026-08-20T00:00:00+02:00", 0)])
def test_the_time_to_judge_by(at: str, codes: int) -> None:
    """--at decides what has expired, to the minute and in any time zone."""
    assert inside("-f", "-", "--select", "TL-01", "--at", at, stdin=TEXT).code == codes


def test_a_time_that_is_none() -> None:
    """It is said what a time looks like."""
    ran = inside("-f", "-", "--at", "tomorrow", stdin=TEXT)
    assert ran.code == 2
    assert ran.err == "crenel: --at tomorrow: not a date such as 2026-11-26 or 2026-11-26T10:00:00Z\n"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """All other checks run, and one line says what was left out and how to have it."""
    assert LEFT_OUT not in assumptions()
    monkeypatch.setattr("crenel.certificates.inventory.entrance.importlib.util.find_spec", lambda _name: None)
    assert LEFT_OUT in assumptions()
    assert LEFT_OUT not in assumptions("--select", "NP"), "nobody asked for them"
    ran = inside("-f", "-", "--at", "2027-01-01", "-o", "json", stdin=TEXT)
    checks = {each["check"] for each in json.loads(ran.out)["findings"]}
    assert "NP-01" in checks
    assert "TL-01" not in checks
