"""Changes as a kustomize Component: patches for the objects that are there, resources for those that are new.

A strategic merge patch where a patch only sets fields of mappings, as people read it best; JSON 6902 where it has to
speak of places in lists (kustomize reference, ``patches``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from crenel.editing.patches import Append, Edit, Remove, Set
from crenel.editing.values import applied, apply, ordered
from crenel.harden.services.model import Change, Thing
from crenel.harden.services.rewriting import edits, objects
from crenel.library import Network
from crenel.provenance import FieldPath

KUSTOMIZATION = "kustomization.yaml"


def component(network: Network, changes: Sequence[Change]) -> dict[str, str]:
    """The files of the Component by their names; none where there is nothing to change."""
    documents = {(each.origin.source, each.origin.document, each.origin.item): each.data for each in network.documents}
    found: dict[str, str] = {}
    patches: list[dict[str, Any]] = []
    for place, (thing, wanted) in edits(changes).items():
        name = _free(f"patch-{thing.kind.lower()}-{thing.namespace or 'cluster'}-{thing.name}", found)
        why = [f"# {each.what}" for each in changes if any(one.place == place for one, _ in each.touched)]
        found[name] = "\n".join([*map(_line, why), _text(patch(thing, documents[place], wanted))])
        patches.append({"path": name, "target": _target(thing)})
    resources = []
    for new in objects(changes):
        found[new.file] = new.text
        resources.append(new.file)
    if not found:
        return {}
    head: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    head |= {"resources": resources} if resources else {}
    head |= {"patches": patches} if patches else {}
    return {KUSTOMIZATION: _text(head), **found}


def patch(thing: Thing, data: Any, wanted: Sequence[Edit]) -> Any:
    """The patch of one object: a mapping to be merged, or a list of operations."""
    merging = _merging(data, wanted)
    if merging is None:
        return list(operations(data, wanted))
    metadata = {"name": thing.name, **({"namespace": thing.namespace} if thing.namespace else {})}
    metadata |= merging.pop("metadata", {})
    return {"apiVersion": thing.api_version, "kind": thing.kind, "metadata": metadata, **merging}


def _merging(data: Any, wanted: Sequence[Edit]) -> dict[str, Any] | None:
    """What is to be merged; None where that cannot be said without speaking of a list."""
    found: dict[str, Any] = {}
    for edit in wanted:
        if isinstance(edit, Append) or any(isinstance(step, int) for step in edit.path):
            return None
        value = edit.value if isinstance(edit, Set) else None
        if isinstance(value, dict) or (isinstance(value, list) and _at(data, edit.path) is not None):
            return None
        apply(found, Set(edit.path, value))
    return found


def operations(data: Any, wanted: Sequence[Edit]) -> Iterator[dict[str, Any]]:
    """The same edits as operations of RFC 6902; those that remove are preceded by a test of what is removed."""
    current = applied(data, ())
    for edit in ordered(wanted):
        match edit:
            case Set() | Append():
                yield from _adding(current, edit)
            case Remove():
                path = _emptied(current, edit)
                yield {"op": "test", "path": _pointer(path), "value": _at(current, path)}
                yield {"op": "remove", "path": _pointer(path)}
        apply(current, edit)


def _adding(data: Any, edit: Set | Append) -> Iterator[dict[str, Any]]:
    """One operation: with the collections around the value where these are missing."""
    path = (*edit.path, "-") if isinstance(edit, Append) else edit.path
    value = edit.value
    while len(path) > 1 and not isinstance(_at(data, path[:-1]), dict | list):
        value = [value] if path[-1] == "-" else {path[-1]: value}
        path = path[:-1]
    yield {"op": "add", "path": _pointer(path), "value": value}


def _emptied(data: Any, edit: Remove) -> FieldPath:
    """What goes: with the collections around it that would be empty."""
    path = edit.path
    while len(path) - 1 > edit.keep and len(_at(data, path[:-1])) == 1:
        path = path[:-1]
    return path


def _at(data: Any, path: FieldPath) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _pointer(path: FieldPath) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _target(thing: Thing) -> dict[str, str]:
    group, _, version = thing.api_version.rpartition("/")
    found = {"group": group, "version": version, "kind": thing.kind, "name": thing.name, "namespace": thing.namespace}
    return {key: value for key, value in found.items() if value}


def _free(name: str, taken: dict[str, str]) -> str:
    number, found = 2, f"{name}.yaml"
    while found in taken:
        number, found = number + 1, f"{name}-{number}.yaml"
    return found


def _line(text: str) -> str:
    """A comment that nothing in it can break."""
    return "".join(each if each.isprintable() else " " for each in text)


def _text(data: Any) -> str:
    return yaml.safe_dump(data, sort_keys=False, default_flow_style=False, width=1 << 16)
