"""EG-02: names in policies of Cilium without a rule for DNS."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import deployment
from audit.routing_pieces import other

WEB = deployment("web")
NAMES = "toFQDNs: [{matchName: api.example.com}]"
DNS = "toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*'}]}}]"
SILENT = "no rule has Cilium look at the answers of DNS for shop/web: the names match nothing"


def cilium(*rules: str, name: str = "web", selector: str = "matchLabels: {app: web}", kind: str = "") -> str:
    """A policy of Cilium with egress rules."""
    listed = ", ".join(f"{{{each}}}" for each in rules)
    spec = f"endpointSelector: {{{selector}}}, egress: [{listed}]"
    return other("cilium.io/v2", kind or "CiliumNetworkPolicy", spec, name)


def test_real_command(tmp_path: Path) -> None:
    """The rule with names is named."""
    assert command("EG-02", WEB + cilium(NAMES), tmp_path) == [
        f"13 medium ciliumnetworkpolicy shop/web: it allows names, and {SILENT}"
    ]


def test_a_rule_that_does_not_look() -> None:
    """Port 53 without `dns` opens the port and teaches nothing; neither does a rule for other pods."""
    text = WEB + cilium(NAMES, "toPorts: [{ports: [{port: '53', protocol: ANY}]}]")
    assert len(messages("EG-02", text)) == 1
    text = WEB + cilium(NAMES) + deployment("db") + cilium(DNS, name="db", selector="matchLabels: {app: db}")
    (line,) = messages("EG-02", text)
    assert SILENT in line


def test_fix(tmp_path: Path) -> None:
    """The fix adds the rule, to the right spec."""
    path = tmp_path / "policy.yaml"
    rule = "toFQDNs:\n        - matchName: api.example.com\n"
    head = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: web, namespace: shop}\n"
    path.write_text(f"{WEB}{head}spec:\n  endpointSelector: {{matchLabels: {{app: web}}}}\n  egress:\n    - {rule}")
    assert inside("-f", str(path), "--select", "EG-02", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "EG-02").code == 0


@pytest.mark.parametrize(
    "text",
    [
        WEB + cilium(NAMES, DNS),
        WEB + cilium(NAMES) + cilium(DNS, name="dns", selector=""),
        WEB + cilium(NAMES) + cilium(DNS, name="dns", selector="", kind="CiliumClusterwideNetworkPolicy"),
        deployment("web", "other") + cilium(NAMES) + cilium(DNS, name="dns", selector=""),
        WEB + cilium("toCIDR: [192.0.2.0/24]"),
    ],
    ids=["own rule", "of the namespace", "of the cluster", "pods elsewhere", "no names"],
)
def test_clean(text: str) -> None:
    """Where Cilium looks at the answers, in whatever policy, there is no finding."""
    assert messages("EG-02", text) == []
