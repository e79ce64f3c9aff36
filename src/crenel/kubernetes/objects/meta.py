"""What all objects share: metadata and selectors (k8s.io/apimachinery meta/v1)."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.provenance import NOWHERE, Origin


class Field(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """Base of everything below an object's root."""


class OwnerReference(Field):
    """Who made an object: a ReplicaSet for a pod, a Deployment for a ReplicaSet."""

    api_version: str | None = None
    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class Metadata(Field):
    """Object metadata (meta/v1 ObjectMeta)."""

    name: str | None = None
    namespace: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    deletion_timestamp: str | None = None
    generate_name: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    generation: Any = None
    creation_timestamp: Any = None
    deletion_grace_period_seconds: Any = None
    finalizers: Any = None
    managed_fields: Any = None
    self_link: Any = None
    cluster_name: Any = None


class KubernetesObject(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Base of every object with a name. `origin` is set by the decoder, never by the input."""

    api_version: str
    kind: str
    metadata: Metadata = msgspec.field(default_factory=Metadata)
    origin: Origin = msgspec.field(default=NOWHERE, name="(origin)")

    @property
    def name(self) -> str:
        """The object's name; empty while it has none."""
        return self.metadata.name or ""

    @property
    def namespace(self) -> str:
        """The namespace it lives in; empty for cluster-scoped kinds (the decoder fills in the default)."""
        return self.metadata.namespace or ""

    @property
    def labels(self) -> dict[str, str]:
        """Its labels; never None."""
        return self.metadata.labels or {}

    @property
    def title(self) -> str:
        """How reports write it: ``networkpolicy shop/db``, ``clusternetworkpolicy guard``."""
        kind = self.kind.lower()
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


class Requirement(Field):
    """One expression of a selector: In, NotIn, Exists, DoesNotExist."""

    key: str
    operator: str
    values: list[str] | None = None


class LabelSelector(Field):
    """A label selector (meta/v1). Empty selects everything; None is told apart by whoever holds the field."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[Requirement] | None = None
