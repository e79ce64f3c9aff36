"""A snapshot: everything that was read from a live cluster, in one file that ``-f`` reads back.

The file is a ``v1`` ``List`` in JSON, which is YAML too. Its first item, ``apiVersion: crenel/v1, kind: Snapshot``,
says where it is from; an item ``kind: Unreadable`` stands for each kind that could not be read, so that what it could
change stays unknown; an item ``kind: CloudAnswer`` holds an answer of a cloud. The same cluster gives the same text:
objects are sorted, and neither resource versions nor times are kept, but that of a pod's creation: it says since when
the pod has its addresses. Of an object's metadata the names, labels, annotations, owners and uid are kept; of its
status what the kinds table says. Secrets are left out, and so are secret values elsewhere: see
`crenel.sources.cluster_redaction`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from crenel.provenance import Origin, Problem, Severity, Unreadable
from crenel.sources.cluster_kinds import DEFAULT, KEEP_ALL
from crenel.sources.cluster_objects import LAST_APPLIED
from crenel.sources.cluster_redaction import redact
from crenel.sources.document import Document, Loose, Reading

API_VERSION = "crenel/v1"
"""The API version of what Crenel adds."""

_METADATA = (
    "name", "generateName", "namespace", "labels", "annotations", "ownerReferences", "uid", "deletionTimestamp",
)  # fmt: skip
_STATUS = {(kind.group, kind.kind): kind.status for kind in DEFAULT}


class _Unreadable(msgspec.Struct):
    """The ``spec`` of an Unreadable item."""

    group: str
    kind: str
    reason: str
    namespace: str | None = None


class _Snapshot(msgspec.Struct, rename="camel"):
    """The ``spec`` of a Snapshot item."""

    context: str = ""
    server_version: str = ""
    taken: str = ""


class _CloudAnswer(msgspec.Struct):
    """The ``spec`` of a CloudAnswer item: what was asked, and the answer."""

    source: str
    data: dict[str, Any]


def take(
    reading: Reading,
    path: str | Path,
    *,
    context: str = "",
    server_version: str = "",
    taken: str = "",
    force: bool = False,
) -> None:
    """Write a snapshot to a new file that only its owner can read.

    `taken` is the time to record; a snapshot without it is the same text whenever it is taken. The file is there whole
    or not at all. With `force` it may replace one that exists.

    Raises:
        FileExistsError: the file exists, and `force` was not given.
        OSError: it cannot be written.

    """
    path = Path(path)
    if not force and path.exists():
        raise FileExistsError(f"{path} exists already")
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(render(reading, context=context, server_version=server_version, taken=taken))
            file.flush()
            os.fsync(file.fileno())
        _publish(Path(name), path, force=force)
    finally:
        Path(name).unlink(missing_ok=True)


def render(reading: Reading, *, context: str = "", server_version: str = "", taken: str = "") -> bytes:
    """The text of a snapshot, in UTF-8, with a newline at the end."""
    header = {
        "apiVersion": API_VERSION,
        "kind": "Snapshot",
        "metadata": {"name": "snapshot"},
        "spec": msgspec.to_builtins(_Snapshot(context, server_version, taken)),
    }
    items = [header, *_unreadable(reading), *_cloud_answers(reading), *_objects(reading)]
    text = msgspec.json.encode({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items})
    return msgspec.json.format(text, indent=1) + b"\n"


def from_documents(reading: Reading) -> Reading:
    """Take the items that Crenel added to a snapshot out of what was read from files.

    Unreadable items become `unreadable`, answers of clouds become `loose`, objects of a snapshot are `served`, and a
    notice names the cluster. A reading without a snapshot comes back as it is.
    """
    snapshots = {each.origin.source for each in reading.documents if _is_ours(each.data, "Snapshot")}
    result = Reading([], [*reading.problems], [*reading.unreadable], [*reading.loose], reading.examined, reading.taken)
    for document in reading.documents:
        if document.data.get("apiVersion") == API_VERSION:
            _take_out(document, result)
        elif document.origin.source in snapshots:
            result.documents.append(Document(document.data, document.origin, served=True))
        else:
            result.documents.append(document)
    return result


def _is_ours(data: dict[str, Any], kind: str) -> bool:
    return data.get("apiVersion") == API_VERSION and data.get("kind") == kind


def _take_out(document: Document, result: Reading) -> None:
    try:
        if _is_ours(document.data, "Unreadable"):
            found = msgspec.convert(document.data.get("spec"), _Unreadable)
            result.unreadable.append(Unreadable(found.group, found.kind, found.namespace, found.reason))
        elif _is_ours(document.data, "CloudAnswer"):
            found_answer = msgspec.convert(document.data.get("spec"), _CloudAnswer)
            result.loose.append(_loose(found_answer, document.origin))
        elif _is_ours(document.data, "Snapshot"):
            found_snapshot = msgspec.convert(document.data.get("spec"), _Snapshot)
            result.taken = max(result.taken, found_snapshot.taken)
            result.problems.append(_notice(found_snapshot, document.origin))
        else:
            message = f"{API_VERSION} has no kind {document.data.get('kind')!r}; the snapshot is of a newer Crenel"
            result.problems.append(Problem(message, document.origin, ("kind",)))
    except msgspec.ValidationError as error:
        message = f"this part of a snapshot cannot be read: {error}"
        result.problems.append(Problem(message, document.origin, ("spec",)))


def _notice(found: _Snapshot, origin: Origin) -> Problem:
    facts = [f"context {found.context}" if found.context else "", found.server_version, found.taken]
    message = f"a snapshot of {', '.join(filter(None, facts)) or 'a cluster'}"
    return Problem(message, origin, severity=Severity.NOTICE)


def _loose(found: _CloudAnswer, origin: Origin) -> Loose:
    """An answer of a cloud, whose fields are found in the snapshot."""
    inner = Origin(origin.source, origin.document, (*origin.item, "spec", "data"), origin.locate)
    return Loose(found.data, inner, Problem("an answer of a cloud that is not understood", inner))


def _cloud_answers(reading: Reading) -> Iterator[dict[str, Any]]:
    for each in sorted(reading.loose, key=lambda each: each.origin.source):
        item = {
            "apiVersion": API_VERSION,
            "kind": "CloudAnswer",
            "metadata": {"name": each.origin.source},
            "spec": {"source": each.origin.source, "data": each.data},
        }
        yield redact(item)


def _unreadable(reading: Reading) -> Iterator[dict[str, Any]]:
    entries = {(each.group, each.kind, each.namespace or "", each.reason): each for each in reading.unreadable}
    for key in sorted(entries):
        each = entries[key]
        spec: dict[str, Any] = {"group": each.group, "kind": each.kind, "reason": each.reason}
        if each.namespace is not None:
            spec["namespace"] = each.namespace
        name = "-".join(filter(None, (each.kind.lower(), each.group, each.namespace)))
        yield {"apiVersion": API_VERSION, "kind": "Unreadable", "metadata": {"name": name}, "spec": spec}


def _objects(reading: Reading) -> list[dict[str, Any]]:
    data = [each.data for each in reading.documents]
    kept = [_slim(each) for each in data if not (_group(each) == "" and each.get("kind") == "Secret")]
    return sorted(kept, key=_order)


def _slim(item: dict[str, Any]) -> dict[str, Any]:
    """An object without what no question needs, and without secret values."""
    wanted = (*_METADATA, "creationTimestamp") if item.get("kind") == "Pod" else _METADATA
    metadata = {key: value for key, value in (item.get("metadata") or {}).items() if key in wanted}
    if metadata.get("annotations"):
        metadata["annotations"] = {key: text for key, text in metadata["annotations"].items() if key != LAST_APPLIED}
    slim = {key: value for key, value in item.items() if key != "status"} | {"metadata": metadata}
    kept = _STATUS.get((_group(item), str(item.get("kind"))), KEEP_ALL)
    if isinstance(status := item.get("status"), dict):
        status = status if kept == KEEP_ALL else {key: status[key] for key in kept if key in status}
        slim |= {"status": status} if status else {}
    return redact(slim)


def _order(item: dict[str, Any]) -> tuple[str, str, str, str]:
    metadata = item["metadata"]
    stated = item.get("apiVersion"), item.get("kind"), metadata.get("namespace"), metadata.get("name")
    api_version, kind, namespace, name = (str(each or "") for each in stated)
    return api_version, kind, namespace, name


def _group(item: dict[str, Any]) -> str:
    return str(item.get("apiVersion", "")).rpartition("/")[0]


def _publish(new: Path, path: Path, *, force: bool) -> None:
    """Give a finished file its name, without ever replacing another unless that is wanted."""
    if force:
        new.replace(path)
        return
    try:
        path.hardlink_to(new)
    except FileExistsError:
        raise FileExistsError(f"{path} exists already") from None
    except OSError:  # a file system without links
        new.rename(path)
