"""The other forms of an object or list: Table and metadata alone, asked for in the Accept header."""

from __future__ import annotations

from typing import Any

from apiserver.resources import Resource

META = "meta.k8s.io/v1"


class NotAcceptableError(Exception):
    """No form in the Accept header is known."""


def form(accept: str) -> str:
    """The first form of an Accept header that is served: empty for the object itself, ``Table`` ..."""
    if not accept:
        return ""
    for entry in accept.split(","):
        media, *parameters = (part.strip() for part in entry.split(";"))
        stated = dict(part.split("=", 1) for part in parameters if "=" in part)
        wanted = stated.get("as", "")
        if media not in ("application/json", "application/*", "*/*"):
            continue
        if not wanted:
            return ""
        if stated.get("g") == "meta.k8s.io" and stated.get("v") == "v1" and wanted in FORMS:
            return wanted
    raise NotAcceptableError


FORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


def metadata_of(item: dict[str, Any]) -> dict[str, Any]:
    """An object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": item["metadata"]}


def metadata_list(metadata: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    """A list of metadata alone."""
    return {
        "kind": "PartialObjectMetadataList", "apiVersion": META, "metadata": metadata,
        "items": [metadata_of(each) for each in items],
    }  # fmt: skip


def table(resource: Resource, metadata: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    """A list the way kubectl prints it; only pods have the columns of the real server."""
    columns, cells = (POD_COLUMNS, _pod_cells) if resource.name == "pods" else (COLUMNS, _cells)
    return {
        "kind": "Table", "apiVersion": META, "metadata": metadata,
        "columnDefinitions": [_column(*each) for each in columns],
        "rows": [{"cells": cells(each), "object": metadata_of(each)} for each in items],
    }  # fmt: skip


COLUMNS = (("Name", "name", 0), ("Age", "", 0))
POD_COLUMNS = (
    ("Name", "name", 0), ("Ready", "", 0), ("Status", "", 0), ("Restarts", "", 0), ("Age", "", 0), ("IP", "", 1),
    ("Node", "", 1), ("Nominated Node", "", 1), ("Readiness Gates", "", 1),
)  # fmt: skip


def _column(name: str, form: str, priority: int) -> dict[str, Any]:
    return {"name": name, "type": "string", "format": form, "description": name, "priority": priority}


def _cells(item: dict[str, Any]) -> list[Any]:
    return [item["metadata"]["name"], "0s"]


def _pod_cells(pod: dict[str, Any]) -> list[Any]:
    status, spec = pod.get("status", {}), pod["spec"]
    states = status.get("containerStatuses", [])
    ready = sum(bool(each.get("ready")) for each in states)
    restarts = sum(each.get("restartCount", 0) for each in states)
    return [
        pod["metadata"]["name"], f"{ready}/{len(spec['containers'])}", status.get("phase", ""),
        str(restarts), "0s",
        status.get("podIP", "<none>"), spec.get("nodeName", "<none>"), status.get("nominatedNodeName", "<none>"),
        "<none>",
    ]  # fmt: skip
