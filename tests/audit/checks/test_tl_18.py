"""TL-18: an issuer that issues to more than are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command
from audit.papers import NOW, POD, config, managed, secret, told
from certificates.making import authority

CA = authority("CA")
WIDE = managed("ca: {secretName: ca}", name="internal", kind="ClusterIssuer")


def role(resources: str, verbs: str, labels: str = "", name: str = "acme") -> str:
    """A ClusterRole."""
    return f"""apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}, labels: {{{labels}}}}}
rules: [{{apiGroups: [acme.cert-manager.io], resources: [{resources}], verbs: [{verbs}]}}]
---
"""


def bound(subject: str, name: str = "acme") -> str:
    """Who has it."""
    return f"""apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects: [{{{subject}}}]
---
"""


APPROVER = """apiVersion: policy.cert-manager.io/v1alpha1
kind: CertificateRequestPolicy
metadata: {name: a}
---
"""
TEAM = "kind: Group, apiGroup: rbac.authorization.k8s.io, name: team"
OWN = "kind: ServiceAccount, name: cert-manager, namespace: cert-manager"


def test_real_command(tmp_path: Path) -> None:
    """The issuer is named; whether anybody trusts it decides how bad it is."""
    line = "every namespace may have any name signed by the CA in secret cert-manager/ca"
    assert command("TL-18", POD + WIDE, tmp_path, *NOW) == [
        f"9 medium clusterissuer internal: {line}; lowered: nobody in the input is seen to trust it"
    ]
    held = secret("ca", CA, key=CA.key_pem, namespace="cert-manager") + config("trusted", CA)
    (found,) = told("TL-18", WIDE + held)
    assert found == f"high clusterissuer internal: {line}, and configmap shop/trusted ca.crt trusts it"


@pytest.mark.parametrize(
    "text",
    [
        managed("ca: {secretName: ca}", name="internal", kind="Issuer"),
        managed("selfSigned: {}", name="internal", kind="ClusterIssuer"),
        managed("acme: {}", name="internal", kind="ClusterIssuer"),
        WIDE + APPROVER,
        WIDE + POD.replace("name: web, namespace", "name: c, namespace").replace(
            "image: example.org/web", "image: a, args: ['--controllers=*,-certificaterequests-approver']"
        ),
    ],
    ids=["of a namespace", "self-signed", "acme", "approver-policy", "another approver"],
)  # fmt: skip
def test_clean(text: str) -> None:
    """Issuers that give nobody else's trust away, or whose requests somebody decides about."""
    assert told("TL-18", text) == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (role("challenges", "create") + bound(TEAM), "group team may write ACME challenges"),
        (role("orders", "patch") + bound(TEAM), "group team may write ACME orders"),
        (
            role("challenges, orders", "create, update", "rbac.authorization.k8s.io/aggregate-to-edit: 'true'"),
            "whoever has the role edit may write ACME challenges",
        ),
        (role("challenges", "get, patch") + bound(TEAM), ""),
        (role("challenges", "create") + bound(OWN), ""),
        (role("challenges", "create"), ""),
    ],
    ids=["challenges", "orders", "aggregated", "other verbs", "its own", "nobody"],
)
def test_challenges_and_orders(text: str, who: str) -> None:
    """Nobody but cert-manager writes them."""
    lines = told("TL-18", text)
    assert [who in line for line in lines] == ([True] if who else [])
