"""From a request to an answer: who is asking, may they, what is at this path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apiserver import access, reading, tables
from apiserver.access import ADMIN, ANONYMOUS, Attributes, User
from apiserver.messages import Request, Response
from apiserver.resources import Resource, Served, default_resources
from apiserver.status import FailureError, not_allowed, unauthorized
from apiserver.store import Store

VERSION = {
    "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
    "minCompatibilityMajor": "1", "minCompatibilityMinor": "35", "gitVersion": "v1.36.2",
    "gitCommit": "98b35193b2ac7a23a673325f5e9b830ecd5ba406",
    "gitTreeState": "clean", "buildDate": "2026-11-23T00:00:00Z", "goVersion": "go1.26.6", "compiler": "gc",
    "platform": "linux/amd64",
}  # fmt: skip

Verb = Callable[[Store, Resource, Request, str, str], dict[str, Any]]
VERBS: dict[str, Verb] = {"get": reading.get, "list": reading.list_}
"""The verbs that are answered; the writing half and watches are entered here."""

_METHODS = {
    "GET": ("list", "get"), "POST": ("create", "create"), "PUT": ("update", "update"), "PATCH": ("patch", "patch"),
    "DELETE": ("deletecollection", "delete"),
}  # fmt: skip


@dataclass
class Api:
    """One cluster: its objects, what it serves and who may use it."""

    store: Store = field(default_factory=Store)
    served: Served = field(default_factory=default_resources)
    tokens: dict[str, User] = field(default_factory=dict)
    subjects: dict[str, User] = field(default_factory=lambda: {"admin": ADMIN, "nobody": User("nobody")})
    """Users by the common name of their client certificate."""
    unavailable: set[str] = field(default_factory=set)
    """Groups whose own API server is down (an APIService that is not available)."""

    def put(self, *items: dict[str, Any]) -> None:
        """Store objects of kinds that are served."""
        for item in items:
            self.store.put(self.served.of_kind(item["apiVersion"], item["kind"]), item)

    def answer(self, request: Request, subject: str | None) -> Response:
        """Answer one request; `subject` is the common name of the client certificate."""
        try:
            return self._route(request, self._user(request, subject))
        except FailureError as failure:
            return Response.json(failure.body, failure.code)
        except tables.NotAcceptableError:
            return Response.text("only the following media types are accepted: application/json\n", 406)

    def _user(self, request: Request, subject: str | None) -> User:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind:
            if kind.lower() not in ("bearer", "basic") or token not in self.tokens:
                raise unauthorized()
            return self.tokens[token]
        if subject is None:
            return ANONYMOUS
        if subject not in self.subjects:
            raise unauthorized()
        return self.subjects[subject]

    def _route(self, request: Request, user: User) -> Response:
        parts = request.path.strip("/").split("/")
        if parts[0] == "api" and len(parts) > 2:
            return self._resource(request, user, "", parts[1], parts[2:])
        if parts[0] == "apis" and len(parts) > 3:
            return self._resource(request, user, parts[1], parts[2], parts[3:])
        access.authorize(user, Attributes("get", path=request.path))
        if len(parts) > 1 and parts[1] in self.unavailable:
            return Response.text("service unavailable\n", 503)
        body = self._document(parts)
        return _missing() if body is None else Response.json(body)

    def _document(self, parts: list[str]) -> dict[str, Any] | None:
        """What is at a path that is no resource."""
        match parts:
            case ["version"]:
                return VERSION
            case ["api"]:
                return {"kind": "APIVersions", "versions": ["v1"]}
            case ["apis"]:
                return self.served.group_list()
            case ["apis", group] if group in self.served.versions:
                return {"kind": "APIGroup", "apiVersion": "v1"} | self.served.group(group)
        return self._resource_list(parts)

    def _resource_list(self, parts: list[str]) -> dict[str, Any] | None:
        match parts:
            case ["api", version]:
                place = ("", version)
            case ["apis", group, version]:
                place = (group, version)
            case _:
                return None
        return self.served.resource_list(*place) if place in self.served.resources else None

    def _resource(self, request: Request, user: User, group: str, version: str, parts: list[str]) -> Response:
        namespace = ""
        if parts[0] == "namespaces" and len(parts) > 2:
            namespace, parts = parts[1], parts[2:]
        plural, name = parts[0], parts[1] if len(parts) > 1 else ""
        verb = _METHODS.get(request.method, ("", ""))[bool(name)]
        asked_in = name if plural == "namespaces" else namespace
        access.authorize(user, Attributes(verb, group, plural, asked_in, name))
        resource = self.served.find(group, version, "/".join([plural, *parts[2:]]))
        if resource is None or (namespace and not resource.namespaced):
            return _missing()
        if group in self.unavailable:
            return Response.text("service unavailable\n", 503)
        if verb not in VERBS or "watch" in request.query or len(parts) > 2:
            raise not_allowed()
        return Response.json(VERBS[verb](self.store, resource, request, namespace, name))


def _missing() -> Response:
    return Response.text("404 page not found\n", 404)
