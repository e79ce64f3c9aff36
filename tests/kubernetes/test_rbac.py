"""Roles and bindings as the API takes them."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.kubernetes.decode import Decoded, decode
from crenel.provenance import NOWHERE, field_text
from crenel.sources.document import Document

RBAC = "rbac.authorization.k8s.io"


def thing(kind: str, version: str = "v1", **fields: Any) -> dict[str, Any]:
    """An object of a kind, called ``system:web``."""
    return {"apiVersion": f"{RBAC}/{version}", "kind": kind, "metadata": {"name": "system:web"}, **fields}


def read(*objects: dict[str, Any]) -> Decoded:
    """What becomes of objects."""
    return decode(Document(each, NOWHERE) for each in objects)


RULE = {"apiGroups": [""], "resources": ["services/status"], "verbs": ["patch"], "resourceNames": ["web"]}
ACCOUNT = {"kind": "ServiceAccount", "name": "web"}


def test_roles() -> None:
    """A Role lives in a namespace, a ClusterRole in none; names may have a colon in them."""
    decoded = read(
        thing("Role", rules=[RULE]),
        thing("ClusterRole", rules=[{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]),
        thing("ClusterRole", rules=None) | {"metadata": {"name": "all"}},
    )
    assert [str(each.message) for each in decoded.problems] == []
    assert [(each.kind, each.namespace, each.name) for each in decoded.roles] == [
        ("Role", "default", "system:web"), ("ClusterRole", "", "system:web"), ("ClusterRole", "", "all")
    ]  # fmt: skip
    rules = decoded.roles[0].rules
    assert rules is not None
    (rule,) = rules
    assert (rule.resources, rule.verbs, rule.resource_names) == (["services/status"], ["patch"], ["web"])


def test_bindings() -> None:
    """In a RoleBinding a service account needs no namespace."""
    given = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "web"}
    decoded = read(thing("RoleBinding", roleRef=given, subjects=[ACCOUNT]), thing("ClusterRoleBinding", roleRef=given))
    assert decoded.problems == []
    assert [each.kind for each in decoded.role_bindings] == ["RoleBinding", "ClusterRoleBinding"]
    subjects = decoded.role_bindings[0].subjects
    assert subjects is not None
    (subject,) = subjects
    assert (subject.kind, subject.name, subject.namespace) == ("ServiceAccount", "web", None)


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        (thing("Role", rules=[{**RULE, "verbs": []}]), "rules[0].verbs", "must contain at least one value"),
        (thing("Role", rules=[{"verbs": ["get"], "apiGroups": [""]}]), "rules[0].resources", "at least one resource"),
        (thing("Role", rules=[{"verbs": ["get"], "resources": ["a"]}]), "rules[0].apiGroups", "at least one api group"),
        (
            thing("Role", rules=[{"verbs": ["get"], "nonResourceURLs": ["/"]}]),
            "rules[0].nonResourceURLs",
            "cannot apply to non-resource URLs",
        ),
        (
            thing("ClusterRoleBinding", roleRef={"kind": "Role", "name": "web"}),
            "roleRef.kind",
            'supported values: "ClusterRole"',
        ),
        (thing("RoleBinding", subjects=[ACCOUNT]), "roleRef.name", "Required value"),
        (
            thing("ClusterRoleBinding", roleRef={"kind": "ClusterRole", "name": "web"}, subjects=[ACCOUNT]),
            "subjects[0].namespace",
            "Required value",
        ),
        (
            thing("RoleBinding", roleRef={"kind": "Role", "name": "web"}, subjects=[{"kind": "Users", "name": "a"}]),
            "subjects[0].kind",
            "Unsupported value",
        ),
        (thing("Role") | {"metadata": {"name": "a/b"}}, "metadata.name", "may not contain '/'"),
        (thing("Role", "v1beta1", rules=[RULE]), "apiVersion", "since Kubernetes 1.22"),
    ],
)
def test_what_the_api_refuses(wrong: dict[str, Any], field: str, message: str) -> None:
    """Each mistake is one problem with its field; the object is used without it."""
    decoded = read(wrong)
    (problem,) = decoded.problems
    assert field_text(problem.field) == field
    assert message in problem.message
    assert len(decoded.roles) + len(decoded.role_bindings) == 1


def test_kubeadm() -> None:
    """What kubeadm is told is kept as it is written."""
    told = {"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "ClusterConfiguration", "apiServer": {"extraArgs": []}}
    (found,) = read(told).kubeadm_configurations
    assert found.data == told
