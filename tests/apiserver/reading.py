"""The reading half: get and list."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from typing import Any

from apiserver import paging, selectors, status, tables
from apiserver.messages import Request
from apiserver.resources import Resource
from apiserver.store import CompactedError, Key, Object, Store


def get(store: Store, resource: Resource, request: Request, namespace: str, name: str) -> dict[str, Any]:
    """Answer a get.

    Raises:
        FailureError: 404, there is no such object.

    """
    item = store.at(resource).get((namespace, name))
    if item is None:
        raise status.not_found(resource.name, resource.group, name)
    wanted = tables.form(request.headers.get("accept", ""))
    if wanted == "Table":
        return tables.table(resource, {"resourceVersion": item["metadata"]["resourceVersion"]}, [item])
    return tables.metadata_of(item) if wanted else item


def list_(store: Store, resource: Resource, request: Request, namespace: str, name: str) -> dict[str, Any]:
    """Answer a list: selectors, paging, resource versions and the form that was asked for.

    Raises:
        FailureError: 400 for what cannot be parsed, 410 for a revision that is gone, 504 for one of the future.

    """
    del name
    revision, start = _position(store, request)
    objects = _at(store, resource, revision, start)
    keys = sorted((_path(key, namespace), key) for key in objects if not namespace or key[0] == namespace)
    page = _page(keys, objects, _selection(resource, request), start, int(request.query.get("limit", 0)))
    metadata = page.metadata(revision)
    wanted = tables.form(request.headers.get("accept", ""))
    if wanted == "Table":
        return tables.table(resource, metadata, page.items)
    if wanted:
        return tables.metadata_list(metadata, page.items)
    items = page.items if resource.custom else [_anonymous(each) for each in page.items]
    return {"kind": f"{resource.kind}List", "apiVersion": resource.group_version, "metadata": metadata, "items": items}


class _Page:
    """One page of a list and what comes after it."""

    def __init__(self, items: list[Object], last: str, remaining: int, *, filtered: bool) -> None:
        self.items, self.last, self.remaining, self.filtered = items, last, remaining, filtered

    def metadata(self, revision: int) -> dict[str, Any]:
        """The list's metadata; the number that remains is only known where nothing was filtered."""
        metadata: dict[str, Any] = {"resourceVersion": str(revision)}
        if self.remaining:
            metadata["continue"] = paging.Continue(revision, f"{self.last}\0").encode()
            if not self.filtered:
                metadata["remainingItemCount"] = self.remaining
        return metadata


def _page(
    keys: list[tuple[str, Key]],
    objects: dict[Key, Object],
    match: Callable[[Object], bool] | None,
    start: str,
    limit: int,
) -> _Page:
    position = bisect.bisect_left(keys, (start, ("", "")))
    items: list[Object] = []
    last = ""
    while position < len(keys) and not (limit and len(items) == limit):
        last, key = keys[position]
        if match is None or match(objects[key]):
            items.append(objects[key])
        position += 1
    return _Page(items, last, len(keys) - position, filtered=match is not None)


def _position(store: Store, request: Request) -> tuple[int, str]:
    """The revision to list at, and the key to begin with."""
    if token := request.query.get("continue"):
        stated = paging.decode(token)
        if stated.revision == paging.INCONSISTENT:
            return store.revision, stated.start
        return stated.revision, stated.start
    stated_version = int(request.query.get("resourceVersion") or 0)
    if stated_version > store.revision:
        raise status.too_large_version(stated_version, store.revision)
    exact = request.query.get("resourceVersionMatch") == "Exact"
    return (stated_version if exact else store.revision), ""


def _at(store: Store, resource: Resource, revision: int, start: str) -> dict[Key, Object]:
    try:
        return store.at(resource, revision)
    except CompactedError:
        if start:
            token = paging.Continue(paging.INCONSISTENT, start).encode()
            raise status.expired(status.EXPIRED_CONTINUE, token) from None
        raise status.expired(status.EXPIRED_LIST) from None


def _selection(resource: Resource, request: Request) -> Callable[[Object], bool] | None:
    label, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
    if not label and not fields:
        return None
    try:
        by_label, by_field = selectors.labels(label), selectors.fields(resource.name, fields)
    except selectors.BadSelectorError as error:
        raise status.bad_request(str(error)) from None
    return lambda item: by_label(item) and by_field(item)


def _path(key: Key, namespace: str) -> str:
    return f"/{key[1]}" if namespace or not key[0] else f"/{key[0]}/{key[1]}"


def _anonymous(item: Object) -> Object:
    return {key: value for key, value in item.items() if key not in ("apiVersion", "kind")}
