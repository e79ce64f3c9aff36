"""Places out of the names that records give to their ends.

Formats write a name as ``pod/NAMESPACE/POD``, followed by ``/KIND/WORKLOAD`` where the record knows it,
``workload/NAMESPACE/KIND/WORKLOAD`` (the kind may be empty), ``prefix/NAMESPACE/TEXT`` for pods whose names begin so,
``node/NODE``, ``place/`` before what is a place already, or `INTERNET`. What
the identities do not know keeps the name that the record gives it.
"""

from __future__ import annotations

import re

from crenel.flows.identities import Identities
from crenel.flows.observed import INTERNET

_HASH = "[bcdfghjklmnpqrstvwxz2456789]"
_GENERATED = (
    ("deployment", re.compile(rf"(?P<name>.+)-{_HASH}{{1,10}}-({_HASH}{{5}})?")),
    ("daemonset", re.compile(rf"(?P<name>.+)-({_HASH}{{5}})?")),
    ("replicaset", re.compile(rf"(?P<name>.+)-({_HASH}{{5}})?")),
    ("job", re.compile(rf"(?P<name>.+)-({_HASH}{{5}})?")),
    ("cronjob", re.compile(rf"(?P<name>.+)-\d+-({_HASH}{{5}})?")),
    ("statefulset", re.compile(r"(?P<name>.+)-\d*")),
)
"""How controllers name their pods, as a whole or up to what the API server generates (k8s.io/apimachinery, rand)."""


def place(name: str, identities: Identities) -> str:
    """The place of a name."""
    sort, _, rest = name.partition("/")
    parts = rest.split("/")
    if name == INTERNET or sort == "node":
        return name
    if sort == "place":
        return _written(rest, parts, identities)
    if sort == "pod":
        return _pod(parts, identities)
    if sort == "prefix" and len(parts) == 2:
        known = identities.prefixes.get((parts[0], parts[1]))
        return known or _by_controller(parts[0], parts[1], identities) or f"{parts[0]}/{parts[1]}*"
    if sort == "workload" and len(parts) == 3:
        return _workload(*parts, identities=identities)
    return name


def _pod(parts: list[str], identities: Identities) -> str:
    namespace, pod, *owner = parts
    if (known := identities.pods.get((namespace, pod))) is not None:
        return known
    if len(owner) == 2 and owner[1]:
        return _workload(namespace, *owner, identities=identities)
    return _by_controller(namespace, pod, identities) or f"{namespace}/{pod}"


def _by_controller(namespace: str, text: str, identities: Identities) -> str | None:
    """The workload whose controller names pods so, where only one of the input does."""
    found = set()
    for kind, pattern in _GENERATED:
        match = pattern.fullmatch(text)
        kinds = identities.workloads.get((namespace, match["name"]), {}) if match is not None else {}
        if kind in kinds:
            found.add(kinds[kind])
    return found.pop() if len(found) == 1 else None


def _written(text: str, parts: list[str], identities: Identities) -> str:
    """A place in the input's own words: a pod or a workload as people write it."""
    if len(parts) == 2 and (parts[0], parts[1]) in identities.pods:
        return identities.pods[parts[0], parts[1]]
    return text


def _workload(namespace: str, kind: str, name: str, *, identities: Identities) -> str:
    known = identities.workloads.get((namespace, name), {})
    if kind.lower() in known:
        return known[kind.lower()]
    return next(iter(known.values())) if len(known) == 1 else f"{namespace}/{name}"
