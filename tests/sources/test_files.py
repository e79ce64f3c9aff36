"""Files, directories and standard input."""

from __future__ import annotations

import gc
import io
import os
from pathlib import Path

import pytest

from crenel.provenance import Severity
from crenel.sources import files
from crenel.sources.document import Reading

POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str | None = None) -> None:
    """Write a file, a pod named after it by default."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(POD.format(Path(path).stem) if text is None else text, "utf-8")


def sources(reading: Reading) -> list[str]:
    """The files that the objects came from."""
    return [document.origin.source for document in reading.documents]


def problems(reading: Reading) -> list[tuple[str, str]]:
    """How grave each problem is, and how a person reads it."""
    return [(problem.severity.value, str(problem)) for problem in reading.problems]


@pytest.mark.usefixtures("folder")
def test_a_directory_is_read_in_the_order_of_names() -> None:
    """Below it, what ends in yaml, yml or json; hidden things are left out, and other files."""
    for path in (
        "b/2.yaml",
        "b/1.yml",
        "b/a/3.YAML",
        "c.json",
        "a.yaml",
        ".hidden.yaml",
        ".git/x.yaml",
        "b/notes.txt",
        "b/x.yaml~",
    ):
        write(path)
    reading = files.read(["."])
    assert sources(reading) == ["a.yaml", "c.json", "b/1.yml", "b/2.yaml", "b/a/3.YAML"]
    assert reading.problems == []
    assert reading.examined == 5
    assert sources(files.read([".git", "b/notes.txt"])) == [".git/x.yaml", "b/notes.txt"]


@pytest.mark.usefixtures("folder")
def test_what_is_named_twice_is_read_once() -> None:
    """A file, the directory it is in, and a link to it."""
    write("d/a.yaml")
    Path("d/b.yaml").symlink_to("a.yaml")
    reading = files.read(["d/a.yaml", "d", "d/../d/a.yaml"])
    assert (sources(reading), reading.examined) == (["d/a.yaml"], 1)


@pytest.mark.usefixtures("folder")
def test_links() -> None:
    """A link to a file is read, one to a directory is not followed, one in a circle or to nowhere is told of."""
    write("other/x.yaml")
    write("d/a.yaml")
    Path("d/x.yaml").symlink_to("../other/x.yaml")
    Path("d/up").symlink_to("..")
    Path("d/loop.yaml").symlink_to("loop.yaml")
    Path("d/gone.yaml").symlink_to("nowhere")
    reading = files.read(["d"])
    assert sources(reading) == ["d/a.yaml", "d/x.yaml"]
    assert problems(reading) == [
        ("notice", "d/up: a symbolic link to a directory, not followed: name it to read it"),
        ("error", "d/gone.yaml: a symbolic link that leads nowhere"),
        ("error", "d/loop.yaml: a symbolic link that leads nowhere"),
    ]


@pytest.mark.usefixtures("folder")
def test_standard_input() -> None:
    """A dash is standard input, read once and named as it was given."""
    stream = io.BytesIO(POD.format("a").encode())
    reading = files.read(["-", "-"], stdin=stream)
    assert (sources(reading), reading.problems, reading.examined) == (["-"], [], 1)


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_read_is_one_line() -> None:
    """Paths that are not there, or are nothing to read; an empty directory is a warning; the rest is read."""
    Path("empty").mkdir()
    write("a.yaml")
    reading = files.read(["none.yaml", "empty", "a.yaml", "a\0b", "a.yaml/x", "x" * 300])
    assert sources(reading) == ["a.yaml"]
    assert [kind for kind, _ in problems(reading)] == ["error", "warning", "error", "error", "error"]
    assert problems(reading)[0][1] == "none.yaml: no such file or directory"
    assert problems(reading)[1][1] == "empty: no manifest in this directory (*.yaml, *.yml, *.json)"


@pytest.mark.usefixtures("folder")
def test_a_pipe_is_read_when_it_is_named_and_skipped_when_met() -> None:
    """A walk never waits for a writer."""
    Path("d").mkdir()
    os.mkfifo("d/pipe.yaml")
    write("d/a.yaml")
    assert sources(files.read(["d"])) == ["d/a.yaml"]


@pytest.mark.usefixtures("folder")
def test_a_large_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit nothing of it is parsed."""
    monkeypatch.setattr(files, "MAX_FILE", 100)
    write("a.yaml", "#" * 101)
    assert problems(files.read(["a.yaml"])) == [("error", "a.yaml: larger than 100 bytes")]


@pytest.mark.usefixtures("folder")
def test_charts_and_kustomizations_in_a_directory() -> None:
    """A chart is an error that says how to render it; a kustomization that is met, not named, is a notice."""
    write("d/a.yaml")
    write("d/chart/Chart.yaml", "name: x\n")
    write("d/chart/templates/x.yaml", "a: {{ .Values.x }}\n")
    write("d/chart/charts/sub/Chart.yaml", "name: x\n")
    write("d/over/kustomization.yaml", "resources: []\n")
    write("d/over/b.yaml")
    reading = files.read(["d"])
    told = "a kustomization below the directory that was named, not built: name its directory"
    assert sources(reading) == ["d/a.yaml", "d/over/b.yaml"]
    assert problems(reading) == [
        ("error", "d/chart: a Helm chart, not read: render it first, helm template d/chart"),
        ("notice", f"d/over/kustomization.yaml: {told}"),
    ]
    (problem,) = files.read(["d/over/kustomization.yaml"]).problems
    assert (problem.severity, "name its directory" in problem.message) == (Severity.ERROR, True)


@pytest.mark.usefixtures("folder")
def test_folders_that_are_set_aside() -> None:
    """A folder that says so is no input with all below it, unless it is named."""
    write("d/a.yaml")
    write("d/aside/.crenelignore", "# not read\n")
    write("d/aside/b.yaml")
    write("d/aside/deep/c.yaml")
    reading = files.read(["d"])
    assert (sources(reading), problems(reading)) == (["d/a.yaml"], [])
    assert sources(files.read(["d/aside"])) == ["d/aside/b.yaml", "d/aside/deep/c.yaml"]


def test_the_collector_is_left_as_it_was(folder: Path) -> None:
    """Reading pauses garbage collection and restores it."""
    write("a.yaml")
    files.read([str(folder)])
    assert gc.isenabled()
    gc.disable()
    try:
        files.read([str(folder)])
        assert not gc.isenabled()
    finally:
        gc.enable()
