"""What the API refuses is named as a problem and has no effect."""

from __future__ import annotations

from typing import Any

import pytest

import crenel
from conformance.data import document, folder
from conformance.objects import cluster_objects

REJECTED = document("spec")["rejections"] if folder() else []
PODS = ("a/pod/web", "a/pod/api", "b/pod/client", "b/pod/bare")


@pytest.mark.parametrize("rejected", REJECTED, ids=[each["why"] for each in REJECTED])
def test_a_rejected_object_is_an_error_and_is_not_applied(rejected: dict[str, Any]) -> None:
    """It is named among the problems as an error, and every connection stays as open as without it."""
    net = crenel.load([*cluster_objects(document("spec")["clusters"]["s"]), rejected["object"]])
    errors = [each for each in net.problems if each.severity.value == "error"]
    assert errors
    assert any(each.object.split("/")[-1].split()[-1] == rejected["object"]["metadata"]["name"] for each in errors)
    asked = [(source, target) for source in PODS for target in (*PODS, "10.1.2.3", "203.0.113.9") if source != target]
    closed = [pair for pair in asked for port in (80, 443) if not net.can(*pair, f"TCP/{port}").allowed]
    assert not closed
