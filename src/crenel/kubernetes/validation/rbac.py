"""What the API refuses of roles and bindings, as far as it bears on who may do what.

Source: pkg/apis/rbac/validation/validation.go: ValidatePolicyRule, ValidateRoleBinding, ValidateClusterRoleBinding and
ValidateRoleBindingSubject; what defaulting fills in (pkg/apis/rbac/v1/defaults.go) may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crenel.kubernetes.objects.rbac import PolicyRule, RbacSubject, Role, RoleBinding
from crenel.kubernetes.validation.mistakes import Mistake, forbidden, required, unsupported
from crenel.provenance import FieldPath

_SUBJECTS = ("ServiceAccount", "User", "Group")


def check_role(role: Role, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    """Check the rules of a Role or ClusterRole."""
    for place, rule in enumerate(role.rules or ()):
        _rule(rule, ("rules", place), role.kind == "Role", found)


def _rule(rule: PolicyRule, field: FieldPath, namespaced: bool, found: list[Mistake]) -> None:
    if not rule.verbs:
        found.append(required((*field, "verbs"), "verbs must contain at least one value"))
    if rule.non_resource_urls:
        if namespaced:
            found.append(
                forbidden((*field, "nonResourceURLs"), "namespaced rules cannot apply to non-resource URLs")
            )  # fmt: skip
        return
    if not rule.api_groups:
        found.append(required((*field, "apiGroups"), "resource rules must supply at least one api group"))
    if not rule.resources:
        found.append(required((*field, "resources"), "resource rules must supply at least one resource"))


def check_binding(binding: RoleBinding, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    """Check what a binding gives, and to whom."""
    kinds = ("Role", "ClusterRole") if binding.kind == "RoleBinding" else ("ClusterRole",)
    if binding.role_ref is None or not binding.role_ref.name:
        found.append(required(("roleRef", "name")))
    elif binding.role_ref.kind not in kinds:
        found.append(unsupported(("roleRef", "kind"), binding.role_ref.kind, kinds))
    for place, subject in enumerate(binding.subjects or ()):
        _subject(subject, ("subjects", place), binding.kind == "RoleBinding", found)


def _subject(subject: RbacSubject, field: FieldPath, namespaced: bool, found: list[Mistake]) -> None:
    """Check one; in a RoleBinding a service account is of its own namespace unless it says otherwise."""
    if not subject.name:
        found.append(required((*field, "name")))
    if subject.kind not in _SUBJECTS:
        found.append(unsupported((*field, "kind"), subject.kind, _SUBJECTS))
    if subject.kind == "ServiceAccount" and not namespaced and not subject.namespace:
        found.append(required((*field, "namespace")))
