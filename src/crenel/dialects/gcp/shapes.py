"""Which documents are Google Cloud's, and the resources in them.

The command line prints resources or lists of them, the service lists under ``items``, for all zones or regions at once
in a mapping by scope (Compute Engine API, "aggregatedList"). What a resource is tells its ``kind``, or else its
``selfLink``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from crenel.dialects.trees import Node, listed
from crenel.provenance import NOWHERE, Origin

_KIND = "compute#"
_COLLECTIONS = {
    "networks": "network", "subnetworks": "subnetwork", "firewalls": "firewall", "instances": "instance",
    "routes": "route", "routers": "router", "forwardingRules": "forwardingRule", "backendServices": "backendService",
    "firewallPolicies": "firewallPolicy", "targetPools": "targetPool", "targetInstances": "targetInstance",
    "instanceGroups": "instanceGroup", "urlMaps": "urlMap", "targetHttpProxies": "targetHttpProxy",
    "targetHttpsProxies": "targetHttpsProxy", "targetGrpcProxies": "targetGrpcProxy",
    "targetTcpProxies": "targetTcpProxy", "targetSslProxies": "targetSslProxy", "addressGroups": "addressGroup",
    "clusters": "cluster",
}  # fmt: skip
_SAMPLE = 20
"""How many elements of a list are looked at to recognise it."""


def recognises(data: Any) -> bool:
    """Whether a value looks like the output of Google Cloud, Terraform apart."""
    return bool(ancestors(data)) or any(kind_of(each.data) for each in islice(elements(data, NOWHERE), _SAMPLE))


def ancestors(data: Any) -> list[str]:
    """A project and all that it is in, from the inside out (``gcloud projects get-ancestors``); empty for all else."""
    if not isinstance(data, list) or len(data) < 2 or not all(_is_ancestor(each) for each in data):
        return []
    return [f"{each['type']}s/{each['id']}" for each in data] if data[0]["type"] == "project" else []


def _is_ancestor(data: Any) -> bool:
    known = isinstance(data, dict) and data.keys() == {"id", "type"}
    return known and isinstance(data["id"], str) and data["type"] in ("project", "folder", "organization")


def elements(data: Any, origin: Origin) -> Iterator[Node]:
    """The mappings of a document that may be resources, with the way to them."""
    if isinstance(data, list):
        yield from listed(data, origin)
    elif isinstance(data, dict):
        items = data.get("items")
        if _bare(data):
            yield Node(data, origin)
        elif isinstance(items, list):
            yield from listed(items, origin, ("items",))
        elif isinstance(items, dict):
            yield from _scoped(items, origin)
        else:
            yield Node(data, origin)


def _scoped(items: Mapping[Any, Any], origin: Origin) -> Iterator[Node]:
    for scope, inner in items.items():
        if isinstance(scope, str) and isinstance(inner, dict):
            for collection in _COLLECTIONS.keys() & inner.keys():
                yield from listed(inner[collection], origin, ("items", scope, collection))


def kind_of(data: Mapping[str, Any]) -> str:
    """What a resource is, such as ``firewall``; empty if it is none."""
    written = data.get("kind")
    if isinstance(written, str) and written.startswith(_KIND):
        return written.removeprefix(_KIND)
    link = data.get("selfLink")
    if isinstance(link, str) and "googleapis.com/" in link:
        return _COLLECTIONS.get(_collection(link), "")
    return _bare(data)


def _collection(link: str) -> str:
    parts = link.rsplit("/", 2)
    return parts[1] if len(parts) > 2 else ""


def _bare(data: Mapping[str, Any]) -> str:
    """What tells neither kind nor link: results of calls, and resources of other services."""
    return next((kind for kind, is_one in _BARE.items() if is_one(data, data.get("name"), data.get("parent"))), "")


def _is_effective(data: Mapping[str, Any], _name: Any, _parent: Any) -> bool:
    only = data.keys() <= {"firewalls", "firewallPolicys"}
    return isinstance(data.get("firewallPolicys"), list) or (isinstance(data.get("firewalls"), list) and only)


def _is_binding(data: Mapping[str, Any], _name: Any, parent: Any) -> bool:
    return isinstance(parent, str) and parent.startswith("//compute.googleapis.com/") and "tagValue" in data


def _is_address_group(data: Mapping[str, Any], name: Any, _parent: Any) -> bool:
    return isinstance(name, str) and "/addressGroups/" in name and isinstance(data.get("items"), list)


def _is_association(data: Mapping[str, Any], _name: Any, _parent: Any) -> bool:
    return "attachmentTarget" in data and "firewallPolicyId" in data


def _is_project(data: Mapping[str, Any], _name: Any, parent: Any) -> bool:
    return isinstance(parent, dict) and "projectId" in data and "projectNumber" in data


def _is_folder(_data: Mapping[str, Any], name: Any, parent: Any) -> bool:
    texts = isinstance(parent, str) and isinstance(name, str)
    return texts and name.startswith("folders/") and parent.startswith(("folders/", "organizations/"))


_BARE: dict[str, Callable[[Mapping[str, Any], Any, Any], bool]] = {
    "effective": _is_effective, "tagBinding": _is_binding, "addressGroup": _is_address_group,
    "association": _is_association, "project": _is_project, "folder": _is_folder,
}  # fmt: skip
