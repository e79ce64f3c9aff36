"""FW-16: allowances of hosts that another chain overrides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.asking import command, inside, messages
from audit.walls import POD
from dialects.hosts.asking import chain, listing, match, rule, saved, table, verdict

ACCEPT, DROP = verdict("accept"), verdict("drop")
METRICS = match("tcp dport", 9100)


def of_site(item: dict[str, Any]) -> dict[str, Any]:
    """A chain or a rule, in the table ``site``."""
    return {kind: {**value, "table": "site"} for kind, value in item.items()}


def text(*site: dict[str, Any], own: tuple[dict[str, Any], ...] = (METRICS, ACCEPT), policy: str = "drop") -> str:
    """A pod and a host whose table t accepts metrics before the table site is asked, which has some rules."""
    later = [of_site(chain("in", "input", priority=10, policy=policy)), *map(of_site, site)]
    rules = listing(table(), table("site"), chain("in", "input"), rule("in", *own), *later)
    return f"{POD}{json.dumps(rules)}\n"


def test_real_command(tmp_path: Path) -> None:
    """The rule is named at its line, with the chain that drops what it accepts."""
    assert command("FW-16", text(rule("in", match("tcp dport", 22), ACCEPT)), tmp_path) == [
        (
            "6 medium host/input nftables inet t in: the rule handle 7 of chain in accepts nothing: its policy of "
            "host/input nftables inet site in, which is asked as well, drops it all"
        )
    ]


def test_dropped_by_a_rule() -> None:
    """A rule that drops more than was accepted is named."""
    (line,) = messages("FW-16", text(rule("in", match("meta l4proto", "tcp"), DROP, handle=9), policy="accept"))
    assert "the rule handle 9 of chain in of host/- nftables inet site in" in line


def test_dropped_before() -> None:
    """It does not matter which of the chains comes first."""
    first = of_site(chain("in", "input", priority=-10, policy="drop"))
    rules = listing(table(), table("site"), chain("in", "input"), rule("in", METRICS, ACCEPT), first)
    assert len(messages("FW-16", f"{POD}{json.dumps(rules)}\n")) == 1


@pytest.mark.parametrize(
    "clean",
    [
        text(rule("in", match("tcp dport", {"range": [9000, 9999]}), ACCEPT)),
        text(rule("in", METRICS, match("ip saddr", {"prefix": {"addr": "10.0.0.0", "len": 8}}), ACCEPT)),
        text(rule("in", METRICS, match("meta nfproto", "ipv4"), DROP), policy="accept"),
        text(rule("in", METRICS, {"limit": {"rate": 1, "per": "second"}}, DROP), policy="accept"),
        text(own=(match("ct state", "established"), ACCEPT)),
        text(policy="accept"),
    ],
    ids=["accepted again", "a part", "one family", "perhaps", "no first packets", "nothing dropped"],
)
def test_clean(clean: str) -> None:
    """Where a part of it gets through, or may, or nothing was to be accepted, there is no finding."""
    assert messages("FW-16", clean) == []


def test_policies_and_translations_are_no_rules() -> None:
    """A chain that accepts by its policy alone, and one that translates, have no allowance."""
    shut = of_site(chain("in", "input", policy="drop"))
    rules = listing(table(), table("site"), chain("in", "input"), shut)
    assert messages("FW-16", f"{POD}{json.dumps(rules)}\n") == []


def test_tables_of_iptables(tmp_path: Path) -> None:
    """What the table mangle accepts, filter is asked about as well."""
    (tmp_path / "pod.yaml").write_text(POD, "utf-8")
    mangle = saved("-A INPUT -p tcp --dport 9100 -j ACCEPT", table="mangle")
    (tmp_path / "n1.iptables").write_text(mangle + saved(policies="INPUT=DROP"), "utf-8")
    ran = inside("-f", str(tmp_path), "-o", "json", "--select", "FW-16")
    (line,) = [each["message"] for each in json.loads(ran.out)["findings"]]
    assert line.endswith("of host/n1 iptables filter INPUT, which is asked as well, drops it all")
