"""TL-02: a certificate that nobody renews in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command
from audit.papers import HOST, NOW, POD, ingress, managed, secret, told
from certificates.making import AT, DAY, Issued, leaf

BY_SOMEBODY = '"cert-manager.io/certificate-name": web'


def aged(days: float, used: float) -> Issued:
    """A certificate that lives some days, of which a part is over."""
    return leaf(HOST, begins=AT - days * used * DAY, days=days)


def test_real_command(tmp_path: Path) -> None:
    """The last third of its life is the alarm, whatever that is in days."""
    text = POD + secret("shop-tls", aged(90, 0.7)) + ingress()
    assert command("TL-02", text, tmp_path, *NOW) == [
        (
            f"11 high secret shop/shop-tls: 70% of the life of the certificate of {HOST} is over, and nobody "
            "in the input renews it; it ends on 2026-06-28"
        )
    ]


@pytest.mark.parametrize(
    ("days", "used", "severity"), [(1, 0.7, "high"), (45, 0.6, ""), (90, 0.66, ""), (365, 0.7, "medium"), (90, 1.1, "")]
)
def test_fractions(days: float, used: float, severity: str) -> None:
    """A day is judged like a year, but for a year there is time; what is over is TL-01's."""
    lines = told("TL-02", secret("shop-tls", aged(days, used)) + ingress())
    assert [line.split()[0] for line in lines] == ([severity] if severity else [])


@pytest.mark.parametrize(("used", "count"), [(0.7, 0), (0.85, 1)])
def test_somebody_who_is_not_in_the_input(used: float, count: int) -> None:
    """Who renews it may do so later than others."""
    lines = told("TL-02", secret("shop-tls", aged(90, used), annotations=BY_SOMEBODY) + ingress())
    assert len(lines) == count
    assert all("and certificate shop/web has not renewed it" in line for line in lines)


FAILED = 'conditions: [{type: Ready, status: "False", message: the issuer is gone}], '
TIMES = 'notBefore: "{}", notAfter: "{}"'


def test_renewals_that_fail() -> None:
    """The Certificate is named, and less bad while two thirds of its life are not over."""
    late = managed(status=FAILED + TIMES.format("2026-04-01T00:00:00Z", "2026-06-15T00:00:00Z"))
    early = managed(status=FAILED + TIMES.format("2026-05-20T00:00:00Z", "2026-08-15T00:00:00Z"))
    assert told("TL-02", late) == [
        "high certificate shop/shop: its renewal fails: the issuer is gone; what there is ends on 2026-06-15"
    ]
    assert told("TL-02", early) == [
        (
            "medium certificate shop/shop: its renewal fails: the issuer is gone; what there is ends on "
            "2026-08-15; lowered: "
            "less than two thirds of its life are over"
        )
    ]


def test_renewals_that_are_overdue() -> None:
    """A renewal time that has passed is a finding, with the Secret in the input as without."""
    ready = 'conditions: [{type: Ready, status: "True"}], renewalTime: "2026-05-30T00:00:00Z"'
    line = "high certificate shop/shop: its renewal is overdue: it was to be renewed on 2026-05-30 00:00"
    assert told("TL-02", managed(status=ready)) == [line]
    (found,) = told("TL-02", managed(status=ready) + secret("shop-tls", aged(90, 0.7)) + ingress())
    assert found.startswith(line)


def test_clean() -> None:
    """A Certificate that works, and one whose time has not come, are no findings."""
    ready = 'conditions: [{type: Ready, status: "True"}], renewalTime: "2026-06-30T00:00:00Z"'
    assert told("TL-02", managed(status=ready) + secret("shop-tls", aged(90, 0.7)) + ingress()) == []
