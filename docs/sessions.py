"""Write the real outputs of `crenel` into the pages of the documentation.

A fenced block marked ``console`` is a session in the checkout: a line that begins with ``$ `` is a command, what
follows is what it prints. Commands that begin with `make` are only shown. `make docs` runs this; the tests compare.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """The pages that may hold sessions."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def updated(page: str) -> str:
    """The text of a page with the outputs that its commands have now."""
    return BLOCK.sub(lambda block: "".join(_played(block[0])), page)


def _played(session: str) -> Iterator[str]:
    """The session, run again."""
    status = 0
    for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE):
        yield f"$ {command}\n"
        if command.startswith("make "):
            yield printed
        else:
            status, output = _run(command, status)
            yield output


def _run(command: str, status: int) -> tuple[int, str]:
    """Run a command where `$?` is `status`; return its exit code and all that it printed."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": home,
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }
        ended = subprocess.run(
            ["bash", "-c", f"(exit {status}); {command}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
            cwd=ROOT,
            env=environment,
        )
    return ended.returncode, ended.stdout


def main() -> None:
    """Rewrite the pages whose outputs have changed, and name them."""
    for page in pages():
        old = page.read_text("utf-8")
        if (new := updated(old)) != old:
            page.write_text(new, "utf-8")
            print(f"updated {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
