"""SV-09: somebody who may change the status of Services."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, found, inside, messages
from audit.pieces import deployment, service

WEB = deployment("web")
RBAC = "rbac.authorization.k8s.io"


def role(rule: str, kind: str = "Role", labels: str = "", more: str = "") -> str:
    """A role ``dev`` with one rule; `more` goes beside it."""
    place = ", namespace: shop" if kind == "Role" else ""
    return f"""apiVersion: {RBAC}/v1
kind: {kind}
metadata: {{name: dev{place}, labels: {{{labels}}}}}
rules: [{{{rule}}}]
{more}
---
"""


def binding(subject: str, kind: str = "RoleBinding", given: str = "Role", name: str = "dev") -> str:
    """A binding of a role ``dev``."""
    place = ", namespace: shop" if kind == "RoleBinding" else ""
    return f"""apiVersion: {RBAC}/v1
kind: {kind}
metadata: {{name: dev{place}}}
roleRef: {{apiGroup: {RBAC}, kind: {given}, name: {name}}}
subjects: [{{{subject}}}]
---
"""


STATUS = 'apiGroups: [""], resources: [services/status], verbs: [patch]'
GROUP = f"kind: Group, apiGroup: {RBAC}, name: devs"
ACCOUNT = "kind: ServiceAccount, name: default"


def test_real_command(tmp_path: Path) -> None:
    """The role is named at the resources of its rule, with who has it."""
    assert command("SV-09", WEB + role(STATUS) + binding(GROUP), tmp_path) == [
        "13 high role shop/dev: lets group devs change services/status"
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('apiGroups: [""], resources: ["*/status"], verbs: [update]', ["high role shop/dev: "]),
        ('apiGroups: ["*"], resources: ["*"], verbs: ["*"]', ["high role shop/dev: "]),
        ('apiGroups: [""], resources: [services], verbs: ["*"]', []),
        ('apiGroups: [apps], resources: ["*"], verbs: ["*"]', []),
        ('apiGroups: [""], resources: [services/status], verbs: [get, watch]', []),
    ],
    ids=["every status", "everything in the namespace", "not the status", "another group", "reading"],
)
def test_rules(rule: str, said: list[str]) -> None:
    """Wildcards count; what allows something else does not."""
    lines = messages("SV-09", WEB + role(rule) + binding(GROUP))
    assert [line.partition("lets")[0] for line in lines] == said


@pytest.mark.parametrize(
    "subject",
    [
        "kind: ServiceAccount, name: controller, namespace: metallb-system",
        "kind: ServiceAccount, name: aws-load-balancer-controller, namespace: ops",
        f"kind: User, apiGroup: {RBAC}, name: 'system:kube-controller-manager'",
    ],
)
def test_whose_task_it_is(subject: str) -> None:
    """The system and controllers of load balancers are left out."""
    assert messages("SV-09", WEB + role(STATUS) + binding(subject)) == []


@pytest.mark.parametrize("verbs", ['["*"]', "[patch]"])
def test_who_may_change_everything(verbs: str) -> None:
    """For an administrator of the whole cluster it adds nothing."""
    text = WEB + role(f'apiGroups: ["*"], resources: ["*"], verbs: {verbs}', "ClusterRole")
    assert messages("SV-09", text + binding(GROUP, "ClusterRoleBinding", "ClusterRole")) == []


def test_everybody() -> None:
    """Given to all who log in it is critical."""
    text = WEB + role(STATUS) + binding(f"kind: Group, apiGroup: {RBAC}, name: 'system:authenticated'")
    assert messages("SV-09", text) == ["critical role shop/dev: lets group system:authenticated change services/status"]


def test_service_accounts() -> None:
    """A service account is medium, and high where the internet reaches a pod that runs as it."""
    text = WEB + role(STATUS) + binding(ACCOUNT)
    assert messages("SV-09", text) == ["medium role shop/dev: lets serviceaccount shop/default change services/status"]
    opened = text + service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    assert messages("SV-09", opened, "--assume", "internet-facing=yes") == [
        (
            "high role shop/dev: lets serviceaccount shop/default change services/status; the internet reaches a pod "
            "that runs as serviceaccount shop/default"
        )
    ]


def test_aggregation() -> None:
    """Rules that other roles take over are followed to who has those."""
    text = WEB + role(STATUS, "ClusterRole", f'{RBAC}/aggregate-to-edit: "true"')
    (finding,) = found(text + binding(GROUP, given="ClusterRole", name="edit"), "--select", "SV-09")
    assert finding["message"] == "lets group devs and 1 more change services/status"
    assert finding["evidence"][1] == "whoever has the role edit has it by the labels of the role"
    mine = role(STATUS, "ClusterRole", "mine: yes-it-is")
    above = mine.replace("name: dev", "name: all").replace("mine: yes-it-is", "").replace(f"rules: [{{{STATUS}}}]", "")
    above = above.replace("\n\n", "\naggregationRule: {clusterRoleSelectors: [{matchLabels: {mine: yes-it-is}}]}\n")
    assert messages("SV-09", WEB + mine + above + binding(GROUP, given="ClusterRole", name="all")) == [
        "high clusterrole dev: lets group devs change services/status"
    ]


def test_nobody() -> None:
    """A role that nobody in the input has is for auditors."""
    assert messages("SV-09", WEB + role(STATUS)) == []
    assert messages("SV-09", WEB + role(STATUS), "--persona", "auditor") == [
        "low role shop/dev: allows to change services/status; who has it is not in the input"
    ]


def test_fix(tmp_path: Path) -> None:
    """The resource goes; a rule that is left without any goes whole."""
    path = tmp_path / "dev.yaml"
    both = (
        f'apiVersion: {RBAC}/v1\nkind: Role\nmetadata:\n  name: dev\n  namespace: shop\nrules:\n  - apiGroups: [""]\n'
    )
    both += "    resources:\n      - services\n      - services/status # for tests\n    verbs: [patch]\n"
    path.write_text(
        f'{WEB}{both}  - apiGroups: [""]\n    resources: [services/status]\n    verbs: [update]\n---\n{binding(GROUP)}'
    )
    assert inside("-f", str(path), "--select", "SV-09", "--fix", "--write").code == 1
    expected = both.replace("      - services/status # for tests\n", "")
    assert path.read_text() == f"{WEB}{expected}---\n{binding(GROUP)}"
