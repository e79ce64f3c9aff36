"""An endpoint for boto3 on loopback: passes requests on to moto's server, or answers them as a test wants."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


class Request(NamedTuple):
    """What boto3 asked."""

    service: str
    region: str
    action: str
    arguments: dict[str, str]


class Reply(NamedTuple):
    """An answer."""

    status: int
    body: bytes
    kind: str = "text/xml"


Answering = Callable[[Request], Reply | None]
"""Answers a request, or leaves it to moto."""


def refusal(request: Request, code: str, message: str = "no", status: int = 403) -> Reply:
    """An error as each of the services writes it."""
    if request.service == "eks":
        return Reply(
            status, json.dumps({"__type": code, "code": code, "message": message}).encode(), "application/json"
        )
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    if request.service == "ec2":
        return Reply(status, f"<Response><Errors><Error>{error}</Error></Errors></Response>".encode())
    return Reply(status, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode())


def _leave_to_moto(_: Request) -> Reply | None:
    return None


class Front:
    """The endpoint. `answers` has by action what is not left to moto, `every` stands for all other actions.

    `requests` is what was asked so far, `most` how many requests were under way at once.
    """

    def __init__(self, moto: tuple[str, int]) -> None:
        self.moto = moto
        self.answers: dict[str, Answering] = {}
        self.every: Answering = _leave_to_moto
        self.requests: list[Request] = []
        self.texts: list[str] = []
        """Headers and bodies of all requests, as they were sent."""
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                reply = front.reply(self.command, self.path, dict(self.headers), body)
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.kind)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = _do  # noqa: N815 - the names are http.server's

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator[Front]:
        """Answer requests for a while."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def asked(self) -> set[str]:
        """The actions that were asked for, with the names that policies give their services."""
        names = {"ec2": "ec2", "elasticloadbalancing": "elasticloadbalancing", "eks": "eks"}
        return {f"{names[each.service]}:{each.action}" for each in self.requests}

    def reply(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Answer one request."""
        request = _read(path, headers, body)
        with self._lock:
            self.requests.append(request)
            self.texts.append(f"{path} {headers} {body!r}")
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            made = self.answers.get(request.action, self.every)(request)
            return made or self._passed_on(method, path, headers, body)
        finally:
            with self._lock:
                self._now -= 1

    def _passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        connection = http.client.HTTPConnection(*self.moto, timeout=20)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), answer.headers.get("Content-Type", "text/xml"))
        finally:
            connection.close()


def _read(path: str, headers: dict[str, str], body: bytes) -> Request:
    found = _SCOPE.search(headers.get("Authorization", ""))
    service, region = (found["service"], found["region"]) if found else ("", "")
    if service == "eks":
        names = [part for part in urlsplit(path).path.split("/") if part]
        action = "DescribeCluster" if len(names) > 1 else "ListClusters"
        return Request(service, region, action, {"name": names[-1]} if len(names) > 1 else {})
    arguments = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return Request(service, region, arguments.pop("Action", ""), arguments)


def hang(seconds: float) -> Answering:
    """An answer that is late."""

    def answering(request: Request) -> Reply:
        time.sleep(seconds)
        return refusal(request, "InternalError", status=500)

    return answering
