"""Kustomizations are built by kubectl."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crenel.sources import files

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"


@pytest.fixture
def overlay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A base, and an overlay that puts it in a namespace."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": SERVICE,
        "-over/kustomization.yml": "namespace: prod\nresources: [../base]\n",
    }.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, "utf-8")
    return "-over"


def test_an_overlay_is_built(overlay: str) -> None:
    """What is read is what would be applied; lines are those of the rendered text. The name cannot be an option."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl")
    reading = files.read([overlay])
    assert reading.problems == []
    (document,) = reading.documents
    assert document.data["metadata"] == {"name": "web", "namespace": "prod"}
    assert document.origin.source == "-over (kustomize)"
    assert document.origin.line(("metadata", "namespace")) == 5


def test_a_kustomization_that_cannot_be_built(overlay: str) -> None:
    """One line with kubectl's reason."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl")
    Path("base/web.yaml").unlink()
    (problem,) = files.read([overlay, "base"]).problems[:1]
    assert str(problem).startswith("-over (kustomize): the kustomization cannot be built: accumulating resources")
    assert "\n" not in str(problem)


def test_without_kubectl(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear line."""
    monkeypatch.setenv("PATH", "")
    assert [str(problem) for problem in files.read([overlay]).problems] == [
        "-over (kustomize): the kustomization cannot be built: kubectl is not installed"
    ]
