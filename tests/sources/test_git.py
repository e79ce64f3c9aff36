"""Revisions of a git repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from crenel.sources.document import Reading
from crenel.sources.git import export

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {}\n"


def git(*arguments: str) -> None:
    """Run git as nobody."""
    person = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    subprocess.run(["git", *arguments], check=True, capture_output=True, env={**os.environ, **person})


def write(path: str, text: str | None = None) -> None:
    """Write a file, a pod named after it by default."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(POD.format(Path(path).stem) if text is None else text, "utf-8")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose last commit is no longer what lies in the work tree."""
    if shutil.which("git") is None:
        pytest.skip("no git")
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "app/b.yaml", "app/c c.yml", "app/.hidden/x.yaml", "app/notes.txt", "deep/é.json"):
        write(name)
    Path("link.yaml").symlink_to("a.yaml")
    write("chart/Chart.yaml", "name: x\n")
    write("chart/templates/t.yaml", "{{ x }}\n")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "fix: one")
    git("tag", "v1")
    write("app/b.yaml", "changed: true\n")
    return tmp_path


def sources(reading: Reading) -> list[str]:
    """The origins of the objects."""
    return [document.origin.source for document in reading.documents]


def problems(reading: Reading) -> list[str]:
    """The problems as a person reads them."""
    return [str(problem) for problem in reading.problems]


@pytest.mark.usefixtures("repository")
def test_a_whole_revision() -> None:
    """All manifests of the commit, not of the work tree; links and charts are told of."""
    reading = export("git:main")
    assert sources(reading) == [
        "git:main:a.yaml",
        "git:main:app/b.yaml",
        "git:main:app/c c.yml",
        "git:main:deep/é.json",
    ]
    assert problems(reading) == [
        "git:main:chart: a Helm chart, not read: render it first, helm template",
        "git:main:link.yaml: a symbolic link, not followed",
    ]
    assert reading.documents[1].data["metadata"]["name"] == "b"
    assert reading.documents[1].origin.line(("metadata", "name")) == 4


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("git:v1:app", ["b.yaml", "c c.yml"]),
        ("git:HEAD:app/", ["b.yaml", "c c.yml"]),
        ("main:app/b.yaml", ["b.yaml"]),
        ("git:main:app/notes.txt", ["notes.txt"]),
        ("git:main^{/fix: one}:app", ["b.yaml", "c c.yml"]),
        ("git:main@{0}:./app", ["b.yaml", "c c.yml"]),
        ("git:main:app/.hidden", ["x.yaml"]),
        ("git:main:app/../app/b.yaml", ["b.yaml"]),
    ],
)
@pytest.mark.usefixtures("repository")
def test_paths_in_a_revision(expression: str, expected: list[str]) -> None:
    """Tags, searches, files of any ending, and directories."""
    reading = export(expression)
    assert problems(reading) == []
    assert [source.rpartition("/")[2] for source in sources(reading)] == expected


def test_paths_count_from_the_root_unless_they_begin_with_a_point(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As git itself has it."""
    monkeypatch.chdir(repository / "app")
    assert sources(export("git:main:./b.yaml")) == sources(export("git:main:app/b.yaml")) == ["git:main:app/b.yaml"]
    assert sources(export("git:main:../a.yaml")) == ["git:main:a.yaml"]
    assert problems(export("git:main:b.yaml")) == ["git:main:b.yaml: no 'b.yaml' in this revision"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("git:none", "git:none: no revision 'none' here"),
        ("git:", "git:: '' is not a revision"),
        ("git:--output=x", "git:--output=x: '--output=x' is not a revision"),
        ("git:-h:a.yaml", "git:-h:a.yaml: '-h' is not a revision"),
        ("git:main:--output=x", "git:main:--output=x: no '--output=x' in this revision"),
        ("git:main:../x", "git:main:../x: '../x' leads out of the repository"),
        ("git:main:none/x.yaml", "git:main:none/x.yaml: no 'none/x.yaml' in this revision"),
        ("git:main:app/.hidden/..", None),
        ("git:main:a\0b", "git:main:a\0b: a path cannot hold a NUL character"),
    ],
)
def test_what_is_wrong_is_one_line(repository: Path, expression: str, message: str | None) -> None:
    """Nothing of an expression is taken for an option, and nothing is written."""
    before = sorted(repository.iterdir())
    assert problems(export(expression)) == ([message] if message else [])
    assert sorted(repository.iterdir()) == before


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git's own reason, or that git is missing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (problem,) = export("git:main").problems
    assert "not a git repository" in problem.message
    monkeypatch.setenv("PATH", "")
    assert problems(export("git:main")) == ["git:main: git is not installed"]


@pytest.mark.usefixtures("repository")
def test_a_kustomization_of_a_revision_is_built() -> None:
    """With the base beside it, from the commit."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl")
    write("over/kustomization.yaml", "namespace: prod\nresources: [../base]\n")
    write("base/kustomization.yaml", "resources: [p.yaml]\n")
    write("base/p.yaml")
    git("add", ".")
    git("commit", "-q", "-m", "two")
    shutil.rmtree("base")
    reading = export("git:HEAD:over")
    assert problems(reading) == []
    assert sources(reading) == ["git:HEAD:over (kustomize)"]
    assert reading.documents[0].data["metadata"]["namespace"] == "prod"
    assert problems(export("git:HEAD:base/kustomization.yaml")) == [
        "git:HEAD:base/kustomization.yaml: a kustomization: name its directory to build it"
    ]
