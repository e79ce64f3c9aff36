"""TL-21: a private key where it can be read by many."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.papers import HOST, POD, config
from certificates.making import leaf

KEY = leaf(HOST).key_pem
PLACEHOLDER = "-----BEGIN PRIVATE KEY-----\n(your key)\n-----END PRIVATE KEY-----"


def told(text: str) -> list[str]:
    """What the check says of a text and a pod."""
    return messages("TL-21", POD + text)


def test_real_command(tmp_path: Path) -> None:
    """The ConfigMap is named at the value."""
    assert command("TL-21", POD + config("web", key="server.key", text=KEY), tmp_path) == [
        "10 high configmap shop/web: a private key stands in server.key"
    ]


def test_environment() -> None:
    """A variable of a container."""
    value = KEY.replace("\n", "\\n")
    pod = POD.replace("image: example.org/web", f'image: a, env: [{{name: KEY, value: "{value}"}}]')
    assert messages("TL-21", pod) == [
        "high pod shop/web: a private key stands in environment variable KEY of container web"
    ]


def reading(who: str, kind: str = "Group", verbs: str = "get", names: str = "") -> str:
    """A role that reads Secrets, and who has it."""
    return f"""apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: reader, namespace: shop}}
rules: [{{apiGroups: [""], resources: [secrets], verbs: [{verbs}]{names}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: reader, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}}
subjects: [{{kind: {kind}, apiGroup: rbac.authorization.k8s.io, name: "{who}"}}]
---
"""


def test_everybody_reads_secrets() -> None:
    """A role for all; of named Secrets one step less."""
    assert told(reading("system:authenticated")) == [
        (
            "critical role shop/reader: everybody who logs in may read Secrets of namespace shop, with the "
            "private keys in them"
        )
    ]
    (line,) = told(reading("system:serviceaccounts", names=", resourceNames: [a]"))
    assert line.startswith("high role shop/reader: every service account may read named Secrets")


@pytest.mark.parametrize(
    "text",
    [
        config("web", key="server.key", text=PLACEHOLDER),
        config("web", leaf(HOST)),
        reading("team"),
        reading("system:authenticated", verbs="create"),
    ],
    ids=["placeholder", "certificate", "some", "another verb"],
)
def test_clean(text: str) -> None:
    """No key, and no role for all."""
    assert told(text) == []
