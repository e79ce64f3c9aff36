"""Controllers: what they do by custom resources, Ingresses and pods of their own making.

Who may change custom resources acts on them, and connects to what these name: ``url``, ``server`` and the like. Where
the input has such resources, they are read; what others may name is not known, which is said, and stays closed.
Sources: apiextensions.k8s.io/v1 (CustomResourceDefinition), kubernetes.io, "Custom Resources", "Using RBAC
Authorization".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.audit.granting import covers
from crenel.harden.needs.ground import Ground, Written, items, mapping
from crenel.harden.needs.model import Basket, Pods
from crenel.harden.needs.rights import Right, holding, rights
from crenel.harden.needs.texts import words_of

_MADE = (
    ("", "pods"), ("apps", "deployments"), ("apps", "statefulsets"), ("apps", "daemonsets"), ("batch", "jobs"),
)  # fmt: skip
_ROUTED = (("networking.k8s.io", "ingresses/status"), ("gateway.networking.k8s.io", "httproutes/status"))
_DEFINITION = "CustomResourceDefinition"
_OWN = ".k8s.io"
"""How the groups of Kubernetes itself end; what they name is no host outside."""
_DEEP = 12
_FEW = 2


@dataclass(frozen=True, slots=True)
class Acting:
    """A workload that acts on custom resources of some groups; `right` is one that says so."""

    right: Right
    groups: tuple[str, ...]


def acting(ground: Ground) -> dict[Pods, Acting]:
    """The workloads that act on custom resources, with the groups of these: they may change them.

    Where one role is for many, each is taken to act on the groups that it has its name from, if there are any.
    """
    found: dict[Pods, dict[str, Right]] = defaultdict(dict)
    for right, holders in rights(ground):
        for group in right.rule.api_groups or ():
            if "." in group and not group.endswith(_OWN) and _changes(right, group):
                for pods in holders:
                    found[pods].setdefault(group, right)
    return {pods: Acting(next(iter(groups.values())), _own(pods, groups)) for pods, groups in found.items()}


def _changes(right: Right, group: str) -> bool:
    """Whether a rule lets resources of a group be changed, or their status."""
    return any(covers(right.rule, ("update", "patch"), group, each) for each in right.rule.resources or ())


def _own(pods: Pods, groups: Mapping[str, Right]) -> tuple[str, ...]:
    return tuple(sorted([each for each in groups if _is_named(pods, each)] or groups))


def _is_named(pods: Pods, group: str) -> bool:
    """Whether a workload has its name from a group: ``source-controller`` from ``source.toolkit.fluxcd.io``."""
    return bool(set(words_of(pods.name)) & set(words_of(group.partition(".")[0])))


def unknown(ground: Ground, basket: Basket) -> None:
    """Note what controllers do by what is not in the input."""
    found = acting(ground)
    _makers(ground, basket, found)
    _routers(ground, basket)
    fields = _addresses(ground)
    for pods, each in found.items():
        _acts(basket, pods, each, fields)


def _makers(ground: Ground, basket: Basket, found: Mapping[Pods, Acting]) -> None:
    """Who makes pods. Those of an operator may be in the input, as custom resources whose pods can be foretold."""
    foretold = {each.api_version.partition("/")[0] for each in ground.decoded.custom_workloads}
    makers: dict[Pods, Right] = {}
    for group, resource in _MADE:
        makers = holding(ground, ("create",), group, (resource,), named=False) | makers
    for pods, right in makers.items():
        if pods not in found or not foretold & set(found[pods].groups):
            text = f"{right.role.title} lets it make pods: what is between it and them is not known, and stays closed"
            basket.remark(str(pods), text, right.role.origin, right.field)


def _routers(ground: Ground, basket: Basket) -> None:
    """Who passes on requests by Ingresses and routes, of which the input has none."""
    if ground.decoded.ingresses or ground.decoded.http_routes:
        return
    for group, resource in _ROUTED:
        for pods, right in holding(ground, ("update", "patch"), group, (resource,)).items():
            text = "it passes requests on by Ingresses and routes: the input has none, and it reaches no backend"
            basket.remark(str(pods), text, right.role.origin, right.field)


def _acts(basket: Basket, pods: Pods, each: Acting, fields: Mapping[str, list[str]]) -> None:
    shown = [text for group in each.groups for text in fields.get(group, ())]
    such = f", such as {', '.join(shown[:_FEW])}," if shown else ""
    text = f"hosts that resources of {_listed(each.groups)} name{such} are known only where these are in the input"
    basket.remark(str(pods), f"{text}: others stay closed", each.right.role.origin, each.right.field)


def _listed(groups: tuple[str, ...]) -> str:
    more = f" and {len(groups) - _FEW} more groups" if len(groups) > _FEW else ""
    return f"{', '.join(groups[:_FEW])}{more}"


def _addresses(ground: Ground) -> dict[str, list[str]]:
    """The fields that hold addresses by the definitions of the input, by group: ``clusterissuers spec.acme.server``."""
    found: dict[str, list[str]] = defaultdict(list)
    for document in ground.documents:
        spec = mapping(document.data.get("spec"))
        if document.data.get("kind") == _DEFINITION:
            for version in items(spec.get("versions"))[-1:]:
                schema = mapping(mapping(mapping(version).get("schema")).get("openAPIV3Schema"))
                start = mapping(mapping(schema.get("properties")).get("spec"))
                name = mapping(spec.get("names")).get("plural")
                found[str(spec.get("group"))] += [f"{name} {'.'.join(path)}" for path in _fields(start, ("spec",))]
    return found


def _fields(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(path) > _DEEP:
        return
    for name, each in mapping(schema.get("properties")).items():
        own = mapping(each)
        if own.get("type") == "string" and _is_address(name):
            yield (*path, name)
        yield from _fields(own, (*path, name))
        yield from _fields(mapping(own.get("items")), (*path, name))


def _is_address(name: str) -> bool:
    return words_of(name)[-1:] in (["url"], ["uri"], ["server"], ["endpoint"], ["address"], ["host"], ["repository"])


def resources(ground: Ground) -> Iterator[tuple[Written, bool]]:
    """The custom resources of the input with who acts on them; and whether that is sure, because nobody else does."""
    by_group: dict[str, list[Pods]] = defaultdict(list)
    for pods, each in acting(ground).items():
        for group in each.groups:
            by_group[group].append(pods)
    for document in ground.documents:
        group = str(document.data.get("apiVersion")).partition("/")[0]
        who = by_group.get(group, [])
        for pods in [each for each in who if _is_named(each, group)] or who:
            yield Written(pods, document.data, document.origin, None, ()), len(who) == 1
