"""The conformance data of the Gateway API: its cluster, its requests and its status checks, one after the other."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.data import document
from conformance.ingresses import decoded
from crenel.dialects.gatewayapi import GatewayApi, translate
from crenel.routing.decision import Answer, Decision
from crenel.routing.proxy import Proxy
from crenel.routing.requests import Request
from crenel.routing.routing import route

Json = dict[str, Any]

CONTROLLER = "example.com/controller"
INFRA, WEB = "gateway-conformance-infra", "gateway-conformance-web-backend"
CERTIFICATE_NAMES = ("abc.example.com", "other.example.com")
CERTIFICATE_URIS = ("spiffe://abc.example.com/test-identity",)
"""What the certificate of the suite's TLS backends is for; the suite makes it in code."""

_DER = base64.b64encode(b"0\x03\x02\x01\x01").decode()


def _pem(label: str) -> str:
    return f"-----BEGIN {label}-----\n{_DER}\n-----END {label}-----\n"


def _secret(namespace: str, name: str) -> Json:
    values = {"tls.crt": _pem("CERTIFICATE"), "tls.key": _pem("PRIVATE KEY")}
    data = {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": data}


def _authority(namespace: str, name: str) -> Json:
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": _pem("CERTIFICATE")}}


MADE_IN_CODE: list[Json] = [
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "gateway-class"},
        "spec": {"controllerName": CONTROLLER},
    },
    _secret(WEB, "certificate"),
    *(
        _secret(INFRA, f"tls-{name}-certificate")
        for name in ("validity-checks", "passthrough-checks", "terminate-checks", "checks", "checks-client")
    ),
    *(
        _authority(INFRA, f"tls-{name}-ca-certificate")
        for name in ("checks", "validity-checks", "validity-checks-per-port")
    ),
]
"""What the suite makes without a manifest: the class under test, and certificates that are right."""

BACKEND_HEADERS: dict[str, list[dict[str, str]]] = {
    "HTTPRouteResponseHeaderModifier": [
        {"Some-Other-Header": "val"},
        {"Some-Other-Header": "val", "X-Header-Set": "some-other-value"},
        {"Some-Other-Header": "val"},
        {"Some-Other-Header": "val", "X-Header-Add": "some-other-value"},
        {"X-Header-Remove": "val"},
        {"X-Header-Set-2": "set-val-2", "X-Header-Add-2": "add-val-2", "X-Header-Remove-2": "remove-val-2",
         "Another-Header": "another-header-val"},
        {"x-header-set": "original-val-set", "x-header-add": "original-val-add",
         "x-header-remove": "original-val-remove", "Another-Header": "another-header-val"},
        {"X-Header-Set-2": "set-val-2", "X-Header-Add-2": "add-val-2", "X-Header-Remove-2": "remove-val-2",
         "Another-Header": "another-header-val", "X-Header-Echo": "echo"},
    ],
}  # fmt: skip
"""What the suite has its backend put on the responses, request by request; the record does not hold it."""


@dataclass
class Step:
    """The cluster at one point of a case, and what is asked of it there."""

    api: GatewayApi
    objects: list[Json]
    requests: list[tuple[int, Json]]
    checks: list[Json]


def steps(case: Json) -> Iterator[Step]:
    """The steps of a case: one, or two where an object is deleted between requests."""
    objects = [*document("gateway")["base_objects"], *MADE_IN_CODE, *case["objects"]]
    checks = [each for each in case["status"] if "check" in each]
    requests = list(enumerate(case["http"]))
    deleted = [each["object"]["metadata"] for each in case["status"] if each.get("action") == "delete"]
    cut = int(case["mutated_after_request"]) if "mutated_after_request" in case else len(requests)
    assert bool(deleted) == ("mutated_after_request" in case)
    yield Step(_translated(objects), objects, requests[:cut], checks)
    if deleted:
        left = [each for each in objects if not any(_is(each, gone) for gone in deleted)]
        assert len(left) == len(objects) - len(deleted)
        yield Step(_translated(left), left, requests[cut:], [])


def _is(each: Json, gone: Json) -> bool:
    metadata = each["metadata"]
    return (metadata.get("namespace"), metadata["name"]) == (gone.get("namespace"), gone["name"]) and each[
        "kind"
    ] == "ReferenceGrant"


def _translated(objects: list[Json]) -> GatewayApi:
    return translate(decoded(*map(_complete, objects)), closed=True)


def _complete(each: Json) -> Json:
    """A Deployment with a container: the record leaves them out."""
    if each["kind"] != "Deployment":
        return each
    template = each["spec"]["template"]
    pods = {**template, "spec": {"containers": [{"name": "app"}]}}
    return {**each, "spec": {**each["spec"], "template": pods}}


def split(name: str) -> tuple[str, str]:
    """Namespace and name."""
    namespace, _, bare = name.partition("/")
    return namespace, bare


def gateway_and_listeners(reference: str) -> tuple[tuple[str, str], list[str]]:
    """Read ``namespace/name#listener,listener``."""
    name, _, listeners = reference.partition("#")
    return split(name), [each for each in listeners.split(",") if each]


def ask(step: Step, expected: Json) -> Decision:
    """Send a request of the data to its Gateway, at the port of the listener that is named, or of the first."""
    name, listeners = gateway_and_listeners(expected["gateway"])
    (proxy,) = [each for each in step.api.proxies if (each.namespace, each.name) == name]
    return route(proxy, _request(step, expected, _port(proxy, step, name, listeners)))


def _port(proxy: Proxy, step: Step, name: tuple[str, str], listeners: list[str]) -> int:
    (written,) = [
        each for each in step.objects
        if each["kind"] == "Gateway" and (each["metadata"]["namespace"], each["metadata"]["name"]) == name
    ]  # fmt: skip
    wanted = [each for each in written["spec"]["listeners"] if each["name"] in listeners]
    first: int = (wanted or written["spec"]["listeners"])[0]["port"]
    assert any(each.port == first for each in proxy.listeners)
    return first


def _request(step: Step, expected: Json, port: int) -> Request:
    written = expected["request"]
    server_name = expected.get("server_name")
    if server_name == "HOSTNAMES-OF-ROUTE":
        (server_name,) = [
            host for each in step.objects if each["kind"] == "TLSRoute" for host in each["spec"]["hostnames"]
        ]
    assert bool(server_name) == bool(expected.get("tls"))
    return Request(
        host=written.get("Host", "192.0.2.1"),
        path=written.get("Path", "/"),
        method=written.get("Method", "GET"),
        headers=tuple(written.get("Headers", {}).items()),
        port=port,
        server_name=server_name,
    )


def delay(expected: Json) -> float:
    """How long the backend is asked to wait, in seconds."""
    _, _, text = expected["request"].get("Path", "").partition("delay=")
    return float(text.removesuffix("s")) if text else 0.0


def status(decision: Decision, answer: Answer, expected: Json) -> int:
    """The status that the client gets, from a backend that itself always succeeds."""
    if answer.status is not None:
        return answer.status
    tls = answer.backend.tls if answer.backend else None
    if tls is not None and not tls.accepts(CERTIFICATE_NAMES, CERTIFICATE_URIS):
        return 503
    return 504 if decision.expires(delay(expected)) else 200
