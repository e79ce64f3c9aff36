"""The wheel, in an environment that has nothing else."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from command import ROOT, run
from crenel import __version__
from repository.sources import files

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the checkout, built as users build it."""
    folder = tmp_path_factory.mktemp("build")
    for path in files():
        copy = folder / "crenel" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    ran = run([sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", str(folder), str(folder / "crenel")])
    assert ran.code == 0, ran.err
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The programs of an environment that the wheel was installed into, with what it asks for."""
    folder = tmp_path_factory.mktemp("empty")
    assert run([sys.executable, "-m", "venv", str(folder)]).code == 0
    ran = run([str(folder / "bin" / "pip"), "install", "-q", "-c", str(ROOT / "constraints.txt"), str(wheel)])
    assert ran.code == 0, ran.err
    return folder / "bin"


def test_wheel_holds_the_package(wheel: Path) -> None:
    """All modules, the completion scripts, the type marker and the licence are in it; nothing else is."""
    names = zipfile.ZipFile(wheel).namelist()
    for path in (ROOT / "src" / "crenel").rglob("*"):
        if path in files():
            assert str(path.relative_to(ROOT / "src")) in names
    assert any(name.endswith("/LICENSE") for name in names)
    assert {name.partition("/")[0] for name in names} == {"crenel", f"crenel-{__version__}.dist-info"}


def test_wheel_works(empty: Path) -> None:
    """The command and the plugin start, and completion finds its scripts."""
    for program in ("crenel", "kubectl-crenel"):
        assert run([str(empty / program), "--version"]).out == f"crenel {__version__}\n"
    assert run([str(empty / "crenel"), "completion", "bash"]).code == 0


def test_wheel_reads_files(empty: Path) -> None:
    """A plain install answers a question about files."""
    ran = run([str(empty / "crenel"), "map", "-f", "examples/shop"])
    assert ran.code == 0, ran.err
    assert "shop/frontend" in ran.out
