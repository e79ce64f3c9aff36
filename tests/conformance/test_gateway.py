"""Every request and every status check of the Gateway API conformance data has the outcome that the suite expects."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from conformance.data import document, folder, needs_data
from conformance.gatewaychecks import CHECKS, NEEDS_A_DATA_PLANE
from conformance.gateways import BACKEND_HEADERS, ask, split, status, steps
from crenel.routing.decision import Answer, Decision
from crenel.routing.filters import Headers

Json = dict[str, Any]


def cases() -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in document("gateway")["cases"]] if folder() else []


@needs_data
def test_all_of_it_is_asked() -> None:
    """Cases, requests and checks are as many as the README of the data says; what is not checked is named."""
    found = document("gateway")["cases"]
    checks = Counter(each.get("check", each.get("action")) for case in found for each in case["status"])
    assert (len(found), sum(len(case["http"]) for case in found), checks.total()) == (91, 306, 354)
    assert checks.keys() - CHECKS.keys() - NEEDS_A_DATA_PLANE.keys() == {"delete"}
    left_out = {name: checks[name] for name in NEEDS_A_DATA_PLANE}
    assert left_out == {"NamespacesMustBeReady": 29, "WaitForGatewayAddress": 1}
    assert sum(checks[name] for name in CHECKS) == 354 - 30 - 1
    assert all(checks[name] for name in CHECKS)
    asked = {key for case in found for each in case["http"] for key in (*each, *each["request"])}
    assert asked == {
        "gateway", "request", "status", "backend", "source", "subtest", "tls", "server_name", "redirect",
        "backend_sees", "response", "rejected", "failure", "Path", "Host", "Headers", "Method", "UnfollowRedirect",
        "Protocol", "SNI", "ClientCert",
    }  # fmt: skip


@pytest.mark.parametrize("case", cases())
def test_requests(case: Json) -> None:
    """Each request gets the expected backend, status, redirect and headers, in the order of the case."""
    for step in steps(case):
        for number, expected in step.requests:
            decision = ask(step, expected)
            if expected.get("rejected"):
                assert decision.refused and not decision.answers, expected["subtest"]
                continue
            assert not decision.refused and not decision.unsure, expected["subtest"]
            (answer,) = decision.answers
            differences = [*compared(decision, answer, expected), *response(case, number, answer, expected)]
            assert not differences, (expected["subtest"], differences)


@pytest.mark.parametrize("case", cases())
def test_status(case: Json) -> None:
    """Each condition that the suite waits for follows from the objects alone."""
    for step in steps(case):
        failed = [
            (each["check"], each["args"], each["subtest"])
            for each in step.checks
            if each["check"] not in NEEDS_A_DATA_PLANE and not CHECKS[each["check"]](step.api, each["args"])
        ]
        assert not failed


def compared(decision: Decision, answer: Answer, expected: Json) -> list[Any]:
    """Where an answer differs from what is expected of status, backend, redirect and request."""
    found, backend = status(decision, answer, expected), answer.backend
    wrong: list[Any] = []
    if expected.get("failure"):
        wrong += [found] if found < 500 else []
    elif found not in expected["status"]:
        wrong.append(("status", found))
    if expected["backend"] and 200 in expected["status"]:
        named = (backend.namespace, backend.name) if backend else None
        wrong += [] if named == split(expected["backend"]) else [("backend", named)]
    if found in (404, 421, 500) and backend is not None:
        wrong.append(("backend of an error", backend))
    wrong += redirected(answer, expected.get("redirect"))
    wrong += seen(decision, answer, expected.get("backend_sees"))
    return wrong + towards_backend(answer, expected)


def redirected(answer: Answer, wanted: Json | None) -> list[Any]:
    """Where a Location differs; a part that is not expected may be anything."""
    if wanted is None:
        return [("redirect", answer.location)] if answer.location else []
    where = answer.location
    assert where is not None
    got = {"Scheme": where.scheme, "Host": where.host, "Port": str(where.port or ""), "Path": where.path}
    return [(key, got[key]) for key, value in wanted.items() if got[key] != value]


def seen(decision: Decision, answer: Answer, wanted: Json | None) -> list[Any]:
    """Where the request differs as the backend sees it; a preflight that the proxy answers is not passed on."""
    if wanted is None:
        return []
    if answer.backend is None:
        return [] if wanted == {"Method": decision.request.method} else [("not passed on", wanted)]
    request = answer.seen
    assert request is not None
    got = {"Path": request.path, "Host": request.host, "Method": request.method}
    plain = [(key, got[key]) for key in got.keys() & wanted.keys() if got[key] != wanted[key]]
    return plain + headers(request.headers, wanted)


def headers(sent: Headers, wanted: Json) -> list[Any]:
    """Where headers differ."""
    got = {name.lower(): value for name, value in sent}
    wrong: list[Any] = [
        (name, got.get(name.lower()))
        for name, value in wanted.get("Headers", {}).items()
        if got.get(name.lower()) != value
    ]
    for name, values in wanted.get("ValidHeaderValues", {}).items():
        tight = ["".join(each.split()) for each in values]
        if "".join(got.get(name.lower(), "").split()) not in tight:
            wrong.append((name, got.get(name.lower())))
    return wrong + [(name, "is there") for name in wanted.get("AbsentHeaders", []) if name.lower() in got]


def response(case: Json, number: int, answer: Answer, expected: Json) -> list[Any]:
    """Where the response differs as the client gets it."""
    given = BACKEND_HEADERS.get(case["name"], [])
    assert not given or len(given) == len(case["http"])
    sent = given[number] if given and answer.backend else {}
    return headers(answer.response_headers(tuple(sent.items())), expected.get("response", {}))


def towards_backend(answer: Answer, expected: Json) -> list[Any]:
    """Where TLS towards the backend differs: the name that is asked for, and whether a certificate is shown."""
    request, tls = expected["request"], answer.backend.tls if answer.backend else None
    wrong: list[Any] = []
    if "SNI" in request and (tls is None or tls.server_name != request["SNI"]):
        wrong.append(("SNI", tls))
    if "ClientCert" in request and (tls is None or not tls.client_certificate):
        wrong.append(("client certificate", tls))
    return wrong
