"""Who may do what with the API of the cluster (k8s.io/api rbac/v1)."""

from __future__ import annotations

import msgspec

from crenel.kubernetes.objects.meta import Field, KubernetesObject, LabelSelector


class PolicyRule(Field):
    """What may be done with which resources; ``*`` is all of them (rbac/v1 PolicyRule)."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    non_resource_urls: list[str] | None = msgspec.field(default=None, name="nonResourceURLs")


class AggregationRule(Field):
    """Whose rules a ClusterRole takes over: those of the ClusterRoles that any of the selectors selects."""

    cluster_role_selectors: list[LabelSelector] | None = None


class Role(KubernetesObject):
    """A Role, or a ClusterRole, which has no namespace and may take over the rules of others."""

    rules: list[PolicyRule] | None = None
    aggregation_rule: AggregationRule | None = None


class RbacSubject(Field):
    """Who is given a role: a ``User``, a ``Group`` or a ``ServiceAccount`` (rbac/v1 Subject)."""

    kind: str
    name: str
    namespace: str | None = None
    api_group: str | None = None


class RoleRef(Field):
    """The role that is given: a ``Role`` of the binding's own namespace, or a ``ClusterRole``."""

    kind: str
    name: str
    api_group: str | None = None


class RoleBinding(KubernetesObject):
    """A RoleBinding, or a ClusterRoleBinding, which has no namespace and gives its role everywhere."""

    subjects: list[RbacSubject] | None = None
    role_ref: RoleRef | None = None
