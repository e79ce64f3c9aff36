"""SV-08: an API server that takes Services with externalIPs."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import deployment

WEB = deployment("web")
SAID = (
    "the API server takes Services with externalIPs: DenyServiceExternalIPs is not among its admission plugins"
)  # fmt: skip


def server(words: str, name: str = "cp1") -> str:
    """The static pod of an API server."""
    return f"""apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver-{name}, namespace: kube-system}}
spec:
  hostNetwork: true
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.34.0
      command:
{words}---
"""


PLAIN = "        - kube-apiserver\n        - --enable-admission-plugins=NodeRestriction\n"
APART = "        - kube-apiserver\n        - --enable-admission-plugins\n        - NodeRestriction\n"
NONE = "        - kube-apiserver\n        - --secure-port=6443\n"


def kubeadm(extra: str, *, packed: bool = False) -> str:
    """What kubeadm is told: as a document, or in its config map."""
    own = f"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: {{extraArgs: {extra}}}\n"
    if not packed:
        return f"{own}---\n"
    inner = "".join(f"    {line}\n" for line in own.splitlines())
    place = "metadata: {name: kubeadm-config, namespace: kube-system}"
    return f"apiVersion: v1\nkind: ConfigMap\n{place}\ndata:\n  ClusterConfiguration: |\n{inner}---\n"


def test_real_command(tmp_path: Path) -> None:
    """The pod is named at the argument."""
    assert command("SV-08", server(PLAIN), tmp_path) == [f"11 low pod kube-system/kube-apiserver-cp1: {SAID}"]


@pytest.mark.parametrize("packed", [False, True], ids=["document", "config map"])
@pytest.mark.parametrize(
    "extra",
    ["{enable-admission-plugins: NodeRestriction}", "[{name: enable-admission-plugins, value: NodeRestriction}]", "{}"],
    ids=["v1beta3", "v1beta4", "none"],
)
def test_kubeadm(extra: str, packed: bool) -> None:
    """What kubeadm is told counts, in either version."""
    title = "configmap kube-system/kubeadm-config" if packed else "clusterconfiguration"
    assert messages("SV-08", WEB + kubeadm(extra, packed=packed)) == [f"low {title}: {SAID}"]


def test_once() -> None:
    """Several API servers are one finding, and a running one goes before what kubeadm is told."""
    text = WEB + server(PLAIN) + server(NONE, "cp2") + kubeadm("{}")
    assert messages("SV-08", text) == [f"low pod kube-system/kube-apiserver-cp1: {SAID}"]


PLUGIN = "NodeRestriction,DenyServiceExternalIPs"
GATEKEEPER = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sExternalIPs\nmetadata: {name: none}\n---\n"


@pytest.mark.parametrize(
    "text",
    [
        WEB,
        server(PLAIN.replace("NodeRestriction", PLUGIN)),
        server(APART.replace("NodeRestriction", PLUGIN)),
        WEB + kubeadm(f"[{{name: enable-admission-plugins, value: '{PLUGIN}'}}]", packed=True),
        GATEKEEPER + server(PLAIN),
        WEB + server("        - kube-controller-manager\n"),
    ],
    ids=["none in the input", "set", "set apart", "kubeadm", "gatekeeper", "another component"],
)
def test_clean(text: str) -> None:
    """With the plugin, or what does the same, there is nothing to say; nor without an API server."""
    assert messages("SV-08", text) == []


def test_other_admission() -> None:
    """Where other policies may do it, auditors are told."""
    kyverno = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: none}\n---\n"
    assert messages("SV-08", kyverno + server(PLAIN)) == []
    (line,) = messages("SV-08", kyverno + server(PLAIN), "--persona", "auditor")
    assert line.endswith("the input has admission policies that may do the same")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PLAIN, PLAIN.replace("NodeRestriction", PLUGIN)),
        (APART, APART.replace("NodeRestriction", PLUGIN)),
        (NONE, f"{NONE}        - --enable-admission-plugins=DenyServiceExternalIPs\n"),
    ],
    ids=["one word", "two words", "none"],
)
def test_fix(before: str, after: str, tmp_path: Path) -> None:
    """The argument gets the plugin in the way that it is written."""
    path = tmp_path / "kube-apiserver.yaml"
    path.write_text(server(before))
    assert inside("-f", str(path), "--select", "SV-08", "--fix", "--write").code == 1
    assert path.read_text() == server(after)
