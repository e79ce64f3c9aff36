"""What the input has of the objects that others refer to by name, and what may be missing from it.

Manifests seldom hold everything that a cluster has: Secrets and classes come from elsewhere. An input is `closed` when
what it lacks does not exist; otherwise only what is usually written beside its users (Services, namespaces' grants) is
taken to be complete, and a missing Secret, config map or class is unknown.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

from crenel.kubernetes.decode import ConfigMap, Decoded, Secret
from crenel.kubernetes.objects.meta import KubernetesObject, LabelSelector
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.population import NAMESPACE_NAME
from crenel.kubernetes.selectors import LabelIndex

Name: TypeAlias = tuple[str, str]
"""Namespace and name."""


class _HasName(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def namespace(self) -> str: ...


_Named = TypeVar("_Named", bound=_HasName)


class Truth(enum.Enum):
    """Whether something holds."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Known:
    """The objects of the input by name."""

    decoded: Decoded
    closed: bool = False
    services: dict[Name, Service] = field(init=False)
    secrets: dict[Name, Secret] = field(init=False)
    config_maps: dict[Name, ConfigMap] = field(init=False)
    _places: dict[str, int] = field(init=False)
    _listed: LabelIndex = field(init=False)
    _implied: LabelIndex = field(init=False)

    def __post_init__(self) -> None:
        self.services = _by_name(self.decoded.services)
        self.secrets = _by_name(self.decoded.secrets)
        self.config_maps = _by_name(self.decoded.config_maps)
        labels = {each.name: {**each.labels, NAMESPACE_NAME: each.name} for each in self.decoded.namespaces}
        used = {each.namespace for each in _namespaced(self.decoded)} - labels.keys()
        self._places = {name: place for place, name in enumerate([*labels, *sorted(used)])}
        listed = [(place, labels[name], frozenset[str]()) for place, name in enumerate(labels)]
        implied = [
            (place, {NAMESPACE_NAME: name}, frozenset[str]()) for name, place in self._places.items() if name in used
        ]
        self._listed, self._implied = LabelIndex(listed), LabelIndex(implied, complete=self.closed)

    def selects(self, selector: LabelSelector | None, namespace: str) -> Truth:
        """Whether a selector matches a namespace; unknown where the namespace's labels are."""
        if (place := self._places.get(namespace)) is None:
            return self.absent()
        bit = 1 << place
        (sure, possible), (implied, perhaps) = self._listed.match(selector), self._implied.match(selector)
        if bit & (sure | implied):
            return Truth.YES
        return Truth.UNKNOWN if bit & (possible | perhaps) else Truth.NO

    def absent(self) -> Truth:
        """Whether something exists that the input lacks."""
        return Truth.NO if self.closed else Truth.UNKNOWN


def _by_name(things: Iterable[_Named]) -> dict[Name, _Named]:
    return {(each.namespace, each.name): each for each in things}


def _namespaced(decoded: Decoded) -> Iterable[KubernetesObject]:
    for each in (
        decoded.gateways, decoded.listener_sets, decoded.http_routes, decoded.grpc_routes, decoded.stream_routes,
        decoded.ingresses, decoded.services, decoded.openshift_routes, decoded.virtual_services,
    ):  # fmt: skip
        yield from each
