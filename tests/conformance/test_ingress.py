"""Every request of the Ingress conformance data gets the answer that the suite expects."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import ingresses
from conformance.data import document, folder, needs_data
from crenel.dialects.ingress import translate
from crenel.dialects.known import Truth
from crenel.routing.routing import route


def cases() -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in document("ingress")["cases"]] if folder() else []


@needs_data
def test_all_of_it_is_asked() -> None:
    """The scenarios and checks are as many as the README of the data says; what was left out there is balancing."""
    found = document("ingress")
    checks = [check for each in found["cases"] for check in each["checks"]]
    assert (len(found["cases"]), len(checks), len(found["left_out"])) == (24, 29, 1)
    known = {"line", "method", "url", "status", "service", "backend_sees_host", "status_has_no_address"}
    assert {key for check in checks for key in check} == known


@pytest.mark.parametrize("case", cases())
def test_requests(case: dict[str, Any]) -> None:
    """Each goes to the Service that the feature file names, with the host as sent, or gets the status it names."""
    ingress = {**case["ingress"], "metadata": {**case["ingress"]["metadata"], "namespace": ingresses.NAMESPACE}}
    decoded = ingresses.decoded(ingresses.CLASS, ingress, *ingresses.services(ingress))
    found = translate(decoded, closed=True)
    for check in case["checks"]:
        if check.get("status_has_no_address"):
            belongs = found.classes[ingresses.NAMESPACE, ingress["metadata"]["name"]]
            assert (belongs.served, found.proxies) == (Truth.NO, [])
            continue
        (proxy,) = found.proxies
        decision = route(proxy, ingresses.request(check))
        (answer,) = decision.answers
        backend = answer.backend
        got = {"status": answer.status or 200, "service": backend.name if backend else None}
        assert got == {"status": check["status"], "service": check.get("service")}, check
        if "backend_sees_host" in check:
            assert answer.seen is not None and answer.seen.host == check["backend_sees_host"]
        assert not decision.unsure
