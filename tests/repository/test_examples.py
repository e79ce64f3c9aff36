"""The example application: whole, and a demonstration that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from command import ROOT, run
from kernel.needs import WHY

SHOP = ROOT / "examples" / "shop"
STEPS = (
    "crenel audit -f shop",
    "crenel harden -f shop -o shop/hardened --guardrails --services --tls --infrastructure hosts > report.txt",
    "tail -n 1 report.txt",
    "cat shop/hardened/policies/shop-data/backup.yaml",
    'grep -E "^  (WORKLOAD|payments/[a-z]+ +(in|out)) " report.txt',
    "crenel prove shop/crenel.yaml -f shop",
    "crenel lab -f shop",
)
"""What the demo runs."""


def objects(folder: Path) -> list[dict[str, Any]]:
    """The objects below a folder; declared intents are none."""
    paths = [path for path in sorted(folder.rglob("*.yaml")) if path.name != "crenel.yaml"]
    return [each for path in paths for each in yaml.safe_load_all(path.read_text("utf-8"))]


def test_no_object_appears_twice() -> None:
    """Each object of the shop is there once, so that the folder can be applied."""
    keys = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects(SHOP)]
    assert len(keys) == len(set(keys))


def test_policies_are_apart() -> None:
    """`app` has no policies and `policies` nothing else: the demo hardens the one."""
    assert not [each for each in objects(SHOP / "app") if each["kind"].endswith("NetworkPolicy")]
    assert all(each["kind"].endswith("NetworkPolicy") for each in objects(SHOP / "policies"))


@pytest.mark.parametrize("policy", objects(SHOP / "policies"), ids=lambda each: each["metadata"]["name"])
def test_policies_select_something(policy: dict[str, Any]) -> None:
    """A policy that is about one service names one that exists in its namespace."""
    spec, namespace = policy["spec"], policy["metadata"].get("namespace")
    labels = spec.get("podSelector", {}).get("matchLabels", {}).items()
    pods = [
        (template["metadata"]["labels"])
        for each in objects(SHOP / "app")
        if each["metadata"].get("namespace") == namespace and (template := template_of(each))
    ]
    assert namespace is None or any(labels <= each.items() for each in pods)


def template_of(workload: dict[str, Any]) -> dict[str, Any] | None:
    """The pod template of a workload; None for any other object."""
    spec = workload.get("spec", {})
    template: dict[str, Any] | None = spec.get("jobTemplate", {}).get("spec", spec).get("template")
    return template


def test_demo() -> None:
    """`make demo` shows each command before its answer; the shop is hardened, proved, and true in the kernel."""
    before = {path: path.read_bytes() for path in SHOP.rglob("*") if path.is_file()}
    ran = run(["sh", "examples/demo.sh"])
    assert ran.code == 0, ran.err
    assert {path: path.read_bytes() for path in SHOP.rglob("*") if path.is_file()} == before
    _, *answers = ran.out.split("\n$ ")
    assert tuple(answer.partition("\n")[0] for answer in answers) == STEPS
    audit, harden, conclusion, policy, cuts, proof, lab = answers
    assert "NP-01" in audit
    assert "28 files written to shop/hardened" in harden
    assert "rules for hosts: proved on the model" in conclusion
    assert "# 192.0.2.80/28: intent the database is saved in another data centre" in policy
    assert "payments/ledger" in cuts
    assert "15 statements: 15 hold" in proof
    assert WHY or lab.rstrip().endswith("kernel and model agree on all 66,547 probes")
