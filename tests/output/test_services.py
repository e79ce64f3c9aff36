"""A plan for Services and TLS, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

from audit.routing_pieces import WEB, openshift_route
from crenel.output import services_json, services_table
from harden.services.planning import ADMIN, AZURE, BALANCED, planned, seen

INSIDE = "allow: {from: 10.0.0.0/8, to: 'shop/admin:8080'}"


def test_every_part_is_there(tmp_path: Path) -> None:
    """What is made, waits, is withheld and stays, each with its reasons; lines of the input cannot break out."""
    found = planned(tmp_path, AZURE + BALANCED + WEB + openshift_route("host: shop.example.com"), INSIDE)
    text = services_table.render(found)
    first = "  service shop/admin: service.beta.kubernetes.io/azure-load-balancer-internal: true;"
    assert text.startswith(f"What changes in Services and TLS\n{first}")
    assert f"({tmp_path}/app.yaml:" in text
    assert "\n      by: intent allow 1 (" in text
    assert "\nWhat waits to be confirmed\n  route shop/web: Strict-Transport-Security: max-age=63072000" in text
    assert "\n      confirm it as: route shop/web: hsts\n" in text
    assert "\nWhat stays as it is\n  pods\n" in text
    assert text.endswith("\n2 changes proved, 1 to be confirmed\n")
    held = planned(tmp_path, AZURE + BALANCED, INSIDE, observed=[seen("8.8.8.8", "shop/admin", 8080)])
    assert "\n      not made: 8.8.8.8/32 was seen to come" in services_table.render(held)


def test_data(tmp_path: Path) -> None:
    """Each change has its state and its id; files have their diffs, the component its texts."""
    found = json.loads(json.dumps(services_json.data(planned(tmp_path, AZURE + BALANCED, INSIDE))))
    (change,) = found["changes"]
    assert (change["id"], change["state"], change["certainty"]) == ("service shop/admin: internal", "made", "sure")
    assert change["field"] == "spec.type"
    assert change["evidence"][0]["kind"] == "declared"
    assert [Path(each["path"]).name for each in found["files"]] == ["app.yaml"]
    assert sorted(found["component"]) == ["kustomization.yaml", "patch-service-shop-admin.yaml"]
    waiting = services_json.data(planned(tmp_path, AZURE + ADMIN + BALANCED.replace(ADMIN, "")))["changes"]
    assert [(each["state"], bool(each["question"])) for each in waiting] == [("waiting", True)]
