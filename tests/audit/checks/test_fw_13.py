"""FW-13: quotas of firewalls."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command, messages
from audit.walls import allow, amazon, entry, group


def ranges(count: int) -> str:
    """A security group with some ranges that are no neighbours."""
    return group("sg-1", allow(443, *(f"198.51.{number}.0/25" for number in range(count))))


def test_real_command(tmp_path: Path) -> None:
    """Four fifths are a finding, which is low until the quota is reached."""
    assert command("FW-13", amazon(ranges(48)), tmp_path) == [
        "17 low security group sg-1 (nodes): has 48 inbound rules for IPv4 of a quota of 60"
    ]
    assert messages("FW-13", amazon(ranges(60))) == [
        "medium security group sg-1 (nodes): has 60 inbound rules for IPv4 of a quota of 60"
    ]


def test_a_network_acl() -> None:
    """The entry that ends every network ACL does not count."""
    entries = (*(entry(number, f"10.{number}.0.0/16") for number in range(1, 17)), entry(32767, "0.0.0.0/0", deny=True))
    (line,) = messages("FW-13", amazon(group("sg-1"), entries))
    assert line == "low network acl acl-1: has 16 inbound rules for IPv4 of a quota of 20"


def test_another_quota(tmp_path: Path) -> None:
    """A quota that was raised is a setting."""
    (tmp_path / "crenel.toml").write_text("[checks.FW-13]\naws-security-group = 200\n", "utf-8")
    assert messages("FW-13", amazon(ranges(60)), "--config", str(tmp_path / "crenel.toml")) == []


def test_clean() -> None:
    """Families are counted apart, and what is less is no finding."""
    six = ", ".join(f"{{CidrIpv6: '2001:db8:{number:x}::/49'}}" for number in range(47))
    text = group("sg-1", allow(443, *(f"198.51.{number}.0/25" for number in range(47))) + f", Ipv6Ranges: [{six}]")
    assert messages("FW-13", amazon(text)) == []
