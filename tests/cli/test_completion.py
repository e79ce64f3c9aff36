"""The completion scripts, in the shells they are for."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from command import SCRIPTS, crenel, run

SHELLS = ("bash", "zsh", "fish")
LOADED = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source '{script}'"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit && compinit -u -D && source '{script}'"),
}


def needs(shell: str) -> None:
    """Skip the test where the shell is not installed."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")


@pytest.fixture
def script(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The script of a shell, in a file."""
    path = tmp_path / f"script.{request.param}"
    path.write_text(crenel("completion", request.param).out)
    return path


@pytest.mark.parametrize(("shell", "script"), [(shell, shell) for shell in SHELLS], indirect=["script"])
def test_syntax(shell: str, script: Path) -> None:
    """The shell accepts its script."""
    needs(shell)
    assert run([shell, "-n", str(script)]) == (0, "", "")


class Terminal:
    """A shell at the other end of a pseudo-terminal."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def type(self, keys: str) -> None:
        """Send keys."""
        os.write(self.descriptor, keys.encode())

    def read_until(self, expected: str) -> str:
        """Return what the shell wrote when `expected` came, or after ten seconds."""
        text, end = "", time.monotonic() + 10
        while expected not in text and (left := end - time.monotonic()) > 0:
            if select.select([self.descriptor], [], [], left)[0]:
                text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(self.descriptor, 4096).decode(errors="replace"))
        return text


@contextmanager
def terminal(shell: str, script: Path, folder: Path) -> Iterator[Terminal]:
    """Start an interactive shell in a folder with the script loaded."""
    command, load = LOADED[shell]
    child, descriptor = pty.fork()
    if child == 0:
        os.chdir(folder)
        path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
        os.execvpe(command[0], command, os.environ | {"PATH": path, "PS1": "$ ", "TERM": "dumb"})  # noqa: S606
    try:
        opened = Terminal(descriptor)
        opened.type(load.format(script=script) + "; echo lo''aded\n")
        assert "loaded" in opened.read_until("loaded")
        yield opened
    finally:
        os.close(descriptor)
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.mark.parametrize(("shell", "script"), [("bash", "bash"), ("zsh", "zsh")], indirect=["script"])
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("crenel ma", "crenel map "),
        ("crenel map --exp", "crenel map --expand "),
        ("crenel map -o mer", "crenel map -o mermaid "),
        ("crenel map --output=mer", "crenel map --output=mermaid"),
        ("crenel map -f poli", "crenel map -f policies.yaml "),
        ("crenel map --kubeconfig=poli", "crenel map --kubeconfig=policies.yaml"),
    ],
)
def test_tab(shell: str, script: Path, typed: str, completed: str, tmp_path: Path) -> None:
    """TAB in an interactive shell completes commands, options, values and paths."""
    needs(shell)
    (tmp_path / "policies.yaml").touch()
    with terminal(shell, script, tmp_path) as opened:
        opened.type(f"{typed}\t")
        assert completed in opened.read_until(completed)


@pytest.mark.parametrize("script", ["fish"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("crenel ma", "map\tshow who can talk to whom\n"),
        ("crenel map --exp", "--expand\twrite every member of a group on a line of its own\n"),
        ("crenel completion z", "zsh\n"),
        ("crenel map -f poli", "policies.yaml\n"),
        ("crenel map -f ", "policies.yaml\n"),
    ],
)
def test_fish(script: Path, typed: str, completed: str, tmp_path: Path) -> None:
    """Fish offers the same, with descriptions."""
    needs("fish")
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "policies.yaml").touch()
    ran = run(["fish", "--no-config", "-c", f"source {script}; complete -C '{typed}'"], cwd=folder, HOME=str(tmp_path))
    assert ran == (0, completed, "")


def test_kubectl() -> None:
    """`kubectl crenel ma<TAB>` completes through kubectl's own script."""
    needs("kubectl")
    ran = run(["kubectl", "__complete", "crenel", "ma"])
    assert ran.out == "map\tshow who can talk to whom\n:4\n"
