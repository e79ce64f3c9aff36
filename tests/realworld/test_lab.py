"""Real applications in the kernel lab: every pair, with real packets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import crenel
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces


@pytest.mark.parametrize(
    ("application", "pods", "options"),
    [("online-boutique", 12, ["--replicas", "2", "--nodes", "2"]), ("argo-cd", 7, []), ("kube-prometheus", 7, [])],
)
def test_kernel_and_model_agree(shared: Path, application: str, pods: int, options: list[str]) -> None:
    """Between all pods, through all Services, from and to outside, in both families; each denial names its policy."""
    ran = crenel("lab", "-f", str(shared / "realworld" / application), "-o", "json", *options)
    assert ran.code == 0, ran.err
    page = json.loads(ran.out)
    assert page["summary"]["disagreements"] == page["summary"]["undecided"] == 0
    between = [each for each in page["probes"] if each["route"] == "pod to pod"]
    assert len({each["source"] for each in between}) == pods
    assert len({(each["source"], each["destination"]) for each in between}) == pods * (pods - 1)
    assert {each["family"] for each in between} == {"IPv4", "IPv6"}
    assert all(each["policy"] for each in page["probes"] if each["kernel"] == "denied")


def test_the_shop_with_all_of_its_pods() -> None:
    """The project's own example, with every replica on its two nodes."""
    ran = crenel("lab", "-f", "examples/shop", "--replicas", "3", "--most", "1")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1].startswith("kernel and model agree on all ")
