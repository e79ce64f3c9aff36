"""EG-01: workloads that get out to the whole internet."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import DENY, deployment, policy, service
from audit.routing_pieces import FACING

WEB = deployment("web")
LOWERED = "lowered: the internet does not surely get in"


def out(rule: str) -> str:
    """The pods with one egress rule."""
    return WEB + policy("web", f"podSelector: {{}}, policyTypes: [Egress], egress: [{rule}]")


def test_real_command(tmp_path: Path) -> None:
    """The workload is named, with what it can send; what opens the way is NP-05, so that this is for the pedantic."""
    assert command("EG-01", out("{ports: [{port: 443}]}"), tmp_path, "--persona", "pedantic") == [
        f"1 medium deployment shop/web: deployment shop/web can connect to the whole internet on TCP/443; {LOWERED}"
    ]


def test_a_way_back() -> None:
    """High where the internet gets in as well."""
    text = WEB + service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    assert messages("EG-01", text, *FACING) == [
        (
            "high deployment shop/web: deployment shop/web can connect to the whole internet on all traffic, and the "
            "internet gets in"
        )
    ]


def test_a_namespace() -> None:
    """A namespace all of which gets out is told once."""
    (line,) = messages("EG-01", WEB + deployment("db"), "--persona", "pedantic")
    assert line.startswith("medium namespace shop: its 2 workloads can connect to the whole internet on all traffic")


def test_what_other_checks_say() -> None:
    """No policy and one wide rule are told by NP-03 and NP-05; rules that are wide together by this alone."""
    halves = [
        policy(
            f"half-{number}",
            f"podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: {cidr}}}}}]}}]",
        )
        for number, cidr in enumerate(("0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2"))
    ]
    assert messages("EG-01", WEB) == messages("EG-01", out("{ports: [{port: 443}]}")) == []
    assert messages("EG-01", WEB + "".join(halves)) == [
        f"medium deployment shop/web: deployment shop/web can connect to the whole internet on all traffic; {LOWERED}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        WEB + DENY,
        out("{to: [{ipBlock: {cidr: 203.0.113.0/24}}]}"),
        out("{to: [{namespaceSelector: {}}]}"),
        out("{ports: [{port: 53, protocol: UDP}, {port: 53}]}"),
        out("{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}"),
        deployment("proxy", "kube-system"),
    ],
    ids=["closed", "some addresses", "the cluster", "names", "private", "the system"],
)
def test_clean(text: str) -> None:
    """What is limited to addresses that are meant, or to the cluster, is no finding."""
    assert messages("EG-01", text, "--persona", "pedantic") == []


def test_meant(tmp_path: Path) -> None:
    """Workloads that the configuration names are meant to get out."""
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "crenel.toml").write_text("[checks.EG-01]\nmeant = ['shop/*']\n")
    asked = ("-f", str(tmp_path / "web.yaml"), "--select", "EG-01")
    assert inside(*asked, "--persona", "pedantic").code == 1
    assert inside(*asked, "--persona", "pedantic", "--config", str(tmp_path / "crenel.toml")).code == 0
