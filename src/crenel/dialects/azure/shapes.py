"""Which documents are Azure's, and the resources in them.

The command line prints resources or lists of them, the service lists under ``value``, Resource Graph under ``data``.
What a resource is tells its ``type``, or else its id (Azure Resource Manager, "Resource ID format").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crenel.dialects.azure.fields import Node

_PROVIDERS = ("microsoft.network/", "microsoft.compute/virtualmachine", "microsoft.containerservice/managedclusters")
_SAMPLE = 20
"""How many elements of a list are looked at to recognise it."""


def recognises(data: Any) -> bool:
    """Whether a value looks like Azure's output or one of its templates, Terraform apart."""
    if is_template(data) or is_parameters(data) or is_service_tags(data):
        return True
    sample = [each.data for each, _ in zip(elements(data), range(_SAMPLE), strict=False)]
    return any(is_effective(each) or kind_of(each).startswith(_PROVIDERS) or _is_bare_group(each) for each in sample)


def elements(data: Any) -> Iterator[Node]:
    """The mappings of a document that may be resources, with the way to them."""
    if isinstance(data, list):
        yield from (Node(each, (position,)) for position, each in enumerate(data) if isinstance(each, dict))
    elif isinstance(data, dict):
        for name in ("value", "data"):
            if isinstance(data.get(name), list) and "id" not in data:
                yield from Node(data).nodes(name)
                return
        yield Node(data)


def kind_of(data: dict[str, Any]) -> str:
    """The type of a resource in lower case, such as ``microsoft.network/loadbalancers``; empty if it has none."""
    written = data.get("type")
    if isinstance(written, str) and written.lower().startswith("microsoft.") and "/" in written:
        return written.lower()
    identifier = data.get("id")
    if isinstance(identifier, str) and "/providers/" in identifier.lower():
        provider, *rest = identifier.lower().rpartition("/providers/")[2].strip("/").split("/")
        return "/".join([provider, *rest[::2]])
    return "microsoft.network/networksecuritygroups" if _is_bare_group(data) else ""


def _is_bare_group(data: dict[str, Any]) -> bool:
    """A network security group without type and id, as examples have it."""
    inner = data.get("properties")
    holders = [data, inner] if isinstance(inner, dict) else [data]
    rules = next((each["securityRules"] for each in holders if isinstance(each.get("securityRules"), list)), None)
    return rules is not None and "name" in data


def is_effective(data: dict[str, Any]) -> bool:
    """Whether an element is one of the groups of effective rules of an interface."""
    return isinstance(data.get("effectiveSecurityRules"), list)


def is_template(data: Any) -> bool:
    """Whether it is a template of Azure Resource Manager, for whatever scope."""
    return _has_schema(data, "deploymenttemplate") and isinstance(data.get("resources"), list | dict)


def is_parameters(data: Any) -> bool:
    """Whether it is a file of parameters for a template."""
    return _has_schema(data, "deploymentparameters") and isinstance(data.get("parameters"), dict)


def _has_schema(data: Any, word: str) -> bool:
    schema = data.get("$schema") if isinstance(data, dict) else None
    return isinstance(schema, str) and word in schema.lower()


def is_service_tags(data: Any) -> bool:
    """Whether it is the list of service tags: as published, or as the discovery service answers."""
    values = data.get("values") if isinstance(data, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    inner = first.get("properties") if isinstance(first, dict) else None
    return isinstance(inner, dict) and isinstance(inner.get("addressPrefixes"), list)
