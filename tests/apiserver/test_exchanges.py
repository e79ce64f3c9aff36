"""The test API server answers every recorded read as the real one did."""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from apiserver import ADMIN, Server, User
from apiserver.api import Api
from apiserver.resources import Resource

RECORDING = Path(os.environ.get("CRENEL_SHARED", Path(__file__).parents[3] / "shared")) / "cluster" / "exchanges.jsonl"
GENERATED = {"resourceVersion", "storageVersionHash", "uid", "description"}
"""Fields that another server makes anew; `description` is the prose of a table's columns."""
TOKENS = {58: "powerless", 60: "wrong"}
ANONYMOUS = {59}

pytestmark = pytest.mark.skipif(not RECORDING.exists(), reason="the recording is not here")


def exchanges() -> list[dict[str, Any]]:
    """Every recorded exchange, in order."""
    return [json.loads(line) for line in RECORDING.read_text().splitlines()] if RECORDING.exists() else []


def is_read(exchange: dict[str, Any]) -> bool:
    """Whether it is a get or a list."""
    return exchange["request"]["method"] == "GET" and "watch" not in exchange["request"]["query"]


READS = [each for each in exchanges() if is_read(each)]


def test_the_recording_has_reads_of_every_sort() -> None:
    """Nothing is passed over in silence: there are as many reads as were recorded."""
    assert len(READS) == 22


@pytest.fixture(scope="module")
def replayed() -> Iterator[dict[int, tuple[int, str, Any]]]:
    """The answers to every read, asked in the recorded order among the recorded changes."""
    api = Api(tokens={"all": ADMIN, "powerless": User("system:serviceaccount:rec-a:default")})
    answers: dict[int, tuple[int, str, Any]] = {}
    with Server(api) as server:
        for exchange in exchanges():
            if is_read(exchange):
                prepare(api, exchange)
                answers[exchange["n"]] = ask(server, exchange)
            else:
                change(api, exchange)
        yield answers


@pytest.mark.parametrize("exchange", READS, ids=lambda each: f"{each['n']} {each['name']}")
def test_a_recorded_read_is_answered_alike(exchange: dict[str, Any], replayed: dict[int, tuple[int, str, Any]]) -> None:
    """Status, content type and body are those of the real server, but for what every server makes anew."""
    status, content_type, body = replayed[exchange["n"]]
    recorded = exchange["response"]
    assert status == recorded["status"]
    assert content_type == recorded["headers"].get("content-type", content_type)
    assert comparable(body) == comparable(recorded["body"])


def prepare(api: Api, exchange: dict[str, Any]) -> None:
    """Bring about what a controller or an operator did before this read."""
    if exchange["n"] == 55:
        for item in exchange["response"]["body"]["items"]:
            api.put({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"} | item)
    if exchange["n"] == 64:
        api.store.compact()


def change(api: Api, exchange: dict[str, Any]) -> None:
    """Store what a recorded write led to."""
    request, response = exchange["request"], exchange["response"]
    body = response.get("body")
    if response["status"] >= 300 or "dryRun" in request["query"] or not isinstance(body, dict):
        return
    if body["kind"] in ("Status", "SelfSubjectAccessReview", "SubjectAccessReview"):
        return
    if request["method"] == "DELETE":
        resource: Resource = api.served.of_kind(body["apiVersion"], body["kind"])
        api.store.delete(resource, body["metadata"].get("namespace", ""), body["metadata"]["name"])
    else:
        api.put(body)


def ask(server: Server, exchange: dict[str, Any]) -> tuple[int, str, Any]:
    """Ask over TLS with nothing but the standard library."""
    request = exchange["request"]
    headers = {key: value for key, value in request["headers"].items() if key != "Authorization"}
    if exchange["n"] not in ANONYMOUS:
        headers["Authorization"] = f"Bearer {TOKENS.get(exchange['n'], 'all')}"
    context = ssl.create_default_context(cafile=str(server.keys.authority))
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=10)
    connection.request("GET", f"{request['path']}?{urlencode(request['query'])}", headers=headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    content_type = response.headers["content-type"]
    return response.status, content_type, json.loads(text) if content_type == "application/json" else text


def comparable(value: Any, key: str = "") -> Any:
    """A body without what every server makes anew; a continue token is compared by where it goes on."""
    if key in GENERATED:
        return None
    if key == "continue":
        return json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))["start"]
    if isinstance(value, dict):
        return {name: comparable(each, name) for name, each in value.items() if name != "storageVersionHash"}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return value
