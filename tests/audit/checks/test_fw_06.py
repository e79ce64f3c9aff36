"""FW-06: stateless firewalls that stop the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.walls import allow, amazon, entry, group

HTTPS = group("sg-1", allow(443, "0.0.0.0/0"))
INTO = entry(100, "0.0.0.0/0", "443")


def test_real_command(tmp_path: Path) -> None:
    """The rule whose requests have no answer is named at its line."""
    assert command("FW-06", amazon(HTTPS, (INTO, entry(100, "0.0.0.0/0", "443", out=True))), tmp_path) == [
        (
            "27 high network acl acl-1 (subnet-1): the rule number 100 lets requests in to eni-1, and no answer to "
            "them is let out (TCP over IPv4)"
        )
    ]


def test_answers_elsewhere() -> None:
    """Answers to others alone, or of another protocol, are none."""
    for out in (
        entry(100, "10.9.0.0/16", "1024-65535", out=True),
        entry(100, "0.0.0.0/0", "1024-65535", out=True, protocol="17"),
    ):
        entries = (entry(100, "198.51.100.0/24", "443"), out)
        assert len(messages("FW-06", amazon(HTTPS, entries))) == 1


def test_requests_outwards() -> None:
    """It holds the other way round too: what goes out, and whose answers are not let in."""
    groups = group("sg-1") + '\n    IpPermissionsEgress: [{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}]'
    (line,) = messages("FW-06", amazon(groups, (entry(90, "0.0.0.0/0", "443", out=True), entry(90, "0.0.0.0/0", "22"))))
    assert "lets requests out from eni-1, and no answer to them is let in (TCP over IPv4)" in line


@pytest.mark.parametrize(
    "entries",
    [
        (INTO, entry(100, "0.0.0.0/0", "1024-65535", out=True)),
        (INTO, entry(100, "0.0.0.0/0", "32768-60999", out=True)),
        (INTO, entry(100, "0.0.0.0/0", out=True)),
        (entry(100, "0.0.0.0/0", "22"), entry(100, "0.0.0.0/0", "443", out=True)),
        (entry(100, "0.0.0.0/0", "1024-65535"), entry(100, "0.0.0.0/0", "443", out=True)),
    ],
    ids=["client ports", "ports of Linux", "everything", "closed by the group", "answers alone"],
)
def test_clean(entries: tuple[str, ...]) -> None:
    """Some answers are enough, and what the security group stops, or is there for answers, needs none."""
    groups = HTTPS + "\n    IpPermissionsEgress: []"
    assert messages("FW-06", amazon(groups, entries)) == []
