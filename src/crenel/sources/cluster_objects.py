"""From the bytes of an answer to objects: half of a pod's JSON is never built, and equal parts are built once.

45 % of a pod is managedFields, and the pods of one workload are alike but for a name or two. Taking metadata, spec and
containers apart one level, with a memory for each page, halves what 20,000 pods weigh (docs/decisions/004). So equal
parts of two objects may be one Python object: what a source yields is read, never written to.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from crenel.sources.cluster_kinds import KEEP_ALL, Kind

Raw: TypeAlias = dict[str, msgspec.Raw]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which kubectl repeats the whole object, whatever secrets it held."""

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


class ListMetadata(msgspec.Struct, rename={"token": "continue", "version": "resourceVersion"}):
    """Where a list goes on."""

    token: str = ""
    version: str = ""


class _Page(msgspec.Struct):
    items: list[Raw] | None
    metadata: ListMetadata = msgspec.field(default_factory=ListMetadata)


_page = msgspec.json.Decoder(_Page)
_fields = msgspec.json.Decoder(Raw)
_list = msgspec.json.Decoder(list[Raw])
_anything = msgspec.json.Decoder()


def decode_list(body: bytes, kind: Kind, api_version: str) -> tuple[list[dict[str, Any]], str]:
    """Decode one page of a list into its objects and the token of the next page.

    Raises:
        msgspec.DecodeError: this is no list of objects.

    """
    page = _page.decode(body)
    builder = _Builder(kind, api_version)
    return [builder.build(item) for item in page.items or ()], page.metadata.token


def decode_object(body: bytes, kind: Kind, api_version: str) -> dict[str, Any]:
    """Decode one object.

    Raises:
        msgspec.DecodeError: this is no object.

    """
    return _Builder(kind, api_version).build(_fields.decode(body))


class _Builder:
    """Builds the objects of one page."""

    def __init__(self, kind: Kind, api_version: str) -> None:
        self._kind = kind
        self._head = {"apiVersion": api_version, "kind": kind.kind}
        self._seen: dict[bytes, Any] = {}

    def build(self, item: Raw) -> dict[str, Any]:
        """Build an object; items of a list need not state their kind."""
        built: dict[str, Any] = dict(self._head)
        for name, raw in item.items():
            if name == "metadata":
                built[name] = self._metadata(raw)
            elif name == "status":
                if (status := self._status(raw)) is not None:
                    built[name] = status
            elif name == "spec" and _begins(raw, b"{"):
                built[name] = {key: self._spec(key, value) for key, value in _fields.decode(raw).items()}
            elif name not in self._head:
                built[name] = _anything.decode(raw)
        return built

    def _metadata(self, raw: msgspec.Raw) -> dict[str, Any]:
        found = _fields.decode(raw)
        found.pop("managedFields", None)
        metadata = {key: self._shared(value) for key, value in found.items() if key != "annotations"}
        if "annotations" in found:
            annotations = _anything.decode(found["annotations"])
            if isinstance(annotations, dict):
                annotations.pop(LAST_APPLIED, None)
            metadata["annotations"] = annotations
        return metadata

    def _spec(self, key: str, raw: msgspec.Raw) -> Any:
        if key in _CONTAINERS and _begins(raw, b"[{"):
            return [{name: self._shared(value) for name, value in each.items()} for each in _list.decode(raw)]
        return self._shared(raw)

    def _status(self, raw: msgspec.Raw) -> Any:
        """The part of the status that is kept; None when there is nothing to keep."""
        kept = self._kind.status
        if kept == KEEP_ALL:
            return _anything.decode(raw)
        if not kept or not _begins(raw, b"{"):
            return None
        return {key: _anything.decode(value) for key, value in _fields.decode(raw).items() if key in kept}

    def _shared(self, raw: msgspec.Raw) -> Any:
        text = bytes(raw)
        try:
            return self._seen[text]
        except KeyError:
            value = self._seen[text] = _anything.decode(text)
            return value


def _begins(raw: msgspec.Raw, text: bytes) -> bool:
    return memoryview(raw)[: len(text)] == text
