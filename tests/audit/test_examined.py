"""What counts as examined, and when nothing was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.asking import inside
from audit.pieces import service
from audit.walls import POD, amazon, group
from command import crenel

BALANCER = service("web", "type: LoadBalancer, ports: [{port: 80}]")
KEY_PAIR = "{apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: {name: shop-tls, namespace: shop}}\n"
ROLE = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: view, namespace: shop}, rules: []}\n"
PLANE = '{"cluster": {"name": "shop", "resourcesVpcConfig": {"publicAccessCidrs": ["203.0.113.0/24"]}}}\n'


def test_without_a_workload(tmp_path: Path) -> None:
    """Findings of an input without a workload count as any others, through the real command."""
    (tmp_path / "input.yaml").write_text(BALANCER, "utf-8")
    ran = crenel("audit", "-f", "input.yaml", "--select", "SV-13,SV-05", "--persona", "pedantic", cwd=tmp_path)
    assert ran.code == 1
    assert "2 checks on 1 service)" in ran.out
    assert "nothing was examined" not in ran.err


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        (KEY_PAIR, {"secret": 1}),
        (ROLE, {"role": 1}),
        (PLANE, {"control plane": 1}),
        (amazon(group("sg-1")).replace(POD, ""), {"infrastructure interface": 1, "infrastructure firewall": 1}),
    ],
    ids=["Secret", "Role", "cluster", "firewall"],
)
def test_what_counts(text: str, counted: dict[str, int]) -> None:
    """All that a check may look at counts as examined."""
    ran = inside("-f", "-", "-o", "json", "--select", "AU", stdin=text)
    assert ran.code == 0
    found = json.loads(ran.out)["examined"]["counts"]
    assert {noun: number for noun, number in found.items() if number} == counted


def test_nothing() -> None:
    """Where no check looks at anything, that is said, and the exit code is 3."""
    ran = inside("-f", "-", stdin="{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n")
    assert (ran.code, ran.err) == (3, "nothing was examined: no check looks at what is in the input\n")
    assert "no findings" in ran.out
