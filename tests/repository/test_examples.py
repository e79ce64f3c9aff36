"""The example application: whole, and a demonstration that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from command import ROOT, run
from kernel.needs import WHY

SHOP = ROOT / "examples" / "shop"
QUESTIONS = (
    "crenel map -f examples/shop/app",
    "crenel map -f examples/shop",
    "crenel diff examples/shop/app examples/shop",
    "crenel can shop/frontend shop-data/postgres:5432 -f examples/shop",
    "crenel lab -f examples/shop",
)


def objects(folder: Path) -> list[dict[str, Any]]:
    """The objects below a folder; declared intents are none."""
    paths = [path for path in sorted(folder.rglob("*.yaml")) if path.name != "crenel.yaml"]
    return [each for path in paths for each in yaml.safe_load_all(path.read_text("utf-8"))]


def test_no_object_appears_twice() -> None:
    """Each object of the shop is there once, so that the folder can be applied."""
    keys = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects(SHOP)]
    assert len(keys) == len(set(keys))


def test_policies_are_apart() -> None:
    """`app` has no policies and `policies` nothing else: the demo compares the two."""
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
    """`make demo` asks its questions, shows each before its answer, and every one that can be asked has an answer."""
    ran = run(["sh", "examples/demo.sh"])
    assert ran.code == 0, ran.err
    _, *answers = ran.out.split("\n$ ")
    assert tuple(answer.partition("\n")[0] for answer in answers) == QUESTIONS
    *answers, lab = answers
    assert all(len(answer.splitlines()) > 3 for answer in answers)
    assert "denied" in answers[-1]
    assert WHY or lab.rstrip().endswith("kernel and model agree on all 63,051 probes")
