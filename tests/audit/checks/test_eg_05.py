"""EG-05: egress firewalls without an end."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import DENY, deployment
from audit.routing_pieces import other

WEB = deployment("web")
ALLOW = "{type: Allow, to: {cidrSelector: 203.0.113.0/24}}"
END = "{type: Deny, to: {cidrSelector: 0.0.0.0/0}}"
OPEN = "what no rule matches is allowed, and none denies 0.0.0.0/0"


def firewall(*rules: str, api: str = "k8s.ovn.org/v1", kind: str = "EgressFirewall") -> str:
    """An egress firewall with some rules."""
    return WEB + other(api, kind, f"egress: [{', '.join(rules)}]", "default")


def test_real_command(tmp_path: Path) -> None:
    """The last rule is named."""
    assert command("EG-05", firewall(ALLOW), tmp_path) == [f"13 medium egressfirewall shop/default: {OPEN}"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (firewall(ALLOW, END.replace("}}", "}, ports: [{port: 80, protocol: TCP}]}")), f"medium {{}}: {OPEN}"),
        (firewall("{type: Deny, to: {cidrSelector: 10.0.0.0/8}}", "{type: Allow, to: {cidrSelector: 0.0.0.0/0}}"),
         f"low {{}}: {OPEN}; lowered: the last rule says so"),
        (firewall(ALLOW) + DENY, f"low {{}}: {OPEN}; lowered: policies close the egress of its pods"),
        (firewall("{type: Allow, to: {cidrSelector: '2001:db8::/32'}}", END), f"medium {{}}: {OPEN[:-9]}::/0"),
        (firewall("{type: Allow, to: {dnsName: api.example.com}}"), f"medium {{}}: {OPEN}"),
    ],
    ids=["some ports", "a list of what is denied", "guarded by policies", "the other family", "names"],
)  # fmt: skip
def test_open(text: str, says: str) -> None:
    """What is left open is told, lower where that is meant or does no harm."""
    assert messages("EG-05", text) == [says.format("egressfirewall shop/default")]


def test_never_reached() -> None:
    """A rule behind one for the same addresses is told; a mere repetition to the pedantic."""
    assert messages("EG-05", firewall(END, ALLOW)) == [
        (
            "medium egressfirewall shop/default: rule 2 (Allow 203.0.113.0/24) is never reached: earlier rules decide "
            "about all of its addresses"
        )
    ]
    assert messages("EG-05", firewall(ALLOW, ALLOW, END)) == []
    (line,) = messages("EG-05", firewall(ALLOW, ALLOW, END), "--persona", "pedantic")
    assert line.startswith("low egressfirewall shop/default: rule 2 (Allow 203.0.113.0/24) is never reached")
    assert messages("EG-05", firewall(ALLOW.replace("}}", "}, ports: [{port: 80}]}"), ALLOW, END)) == []


def test_fix(tmp_path: Path) -> None:
    """The fix appends the end."""
    path = tmp_path / "firewall.yaml"
    path.write_text(firewall(ALLOW).replace(f"spec: {{egress: [{ALLOW}]}}", f"spec:\n  egress:\n    - {ALLOW}"))
    assert inside("-f", str(path), "--select", "EG-05", "--fix", "--write").code == 1
    assert inside("-f", str(path), "--select", "EG-05").code == 0


@pytest.mark.parametrize(
    "text",
    [
        firewall(ALLOW, END),
        firewall(ALLOW, "{type: Deny, to: {cidrSelector: 0.0.0.0/1}}", "{type: Deny, to: {cidrSelector: 128.0.0.0/1}}"),
        firewall(ALLOW, END, api="network.openshift.io/v1", kind="EgressNetworkPolicy"),
        firewall(),
    ],
    ids=["closed", "in two halves", "openshift", "empty"],
)
def test_clean(text: str) -> None:
    """What is denied in the end is no finding, however it is written."""
    assert messages("EG-05", text, "--persona", "pedantic") == []
