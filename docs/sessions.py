"""Write the real outputs of `crenel` into the pages of the documentation.

A fenced block marked ``console`` is a session in the checkout: a line that begins with ``$ `` is a command, what
follows is what it prints. Commands that begin with `make` are only shown. The commands of a block share a home and a
folder for labs; what is still up at its end is taken down. A block in which a lab is built is shown as it is where no
lab can be built. `make docs` runs this; the tests compare.

The pages of the checks of `crenel audit`, in docs/checks, are written from the files of the checks.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
LAB = re.compile(r"^\$ .*\bcrenel lab (?!--help)", re.MULTILINE)
"""A command that needs a lab; its help needs none."""


def pages() -> list[Path]:
    """The pages that may hold sessions."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def why_no_labs() -> str:
    """Why no lab can be built here, in the words that tests are skipped with; empty if labs are played."""
    if (tests := str(ROOT / "tests")) not in sys.path:
        sys.path.append(tests)
    from kernel.needs import REQUIRED, WHY

    return "" if REQUIRED else WHY


def updated(page: str, *, labs: bool = True) -> str:
    """The text of a page with the outputs that its commands have now; without `labs`, sessions with a lab stay."""

    def session(block: re.Match[str]) -> str:
        if LAB.search(block[0]) and not labs:
            return block[0]
        with _place() as environment:
            return "".join(_played(block[0], environment))

    return BLOCK.sub(session, page)


@contextmanager
def _place() -> Iterator[dict[str, str]]:
    """The environment of one session, with a home of its own. The labs that it leaves up are removed."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": home,
            "XDG_RUNTIME_DIR": home,
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }
        try:
            yield environment
        finally:
            for up in Path(home, "crenel", "labs").glob("*.socket"):
                _run(f"crenel lab down --name {up.stem}", 0, environment)


def _played(session: str, environment: dict[str, str]) -> Iterator[str]:
    """The session, run again."""
    status = 0
    for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE):
        yield f"$ {command}\n"
        if command.startswith("make "):
            yield printed
        else:
            status, output = _run(command, status, environment)
            yield output


def _run(command: str, status: int, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command where `$?` is `status`; return its exit code and all that it printed."""
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


def checks() -> dict[Path, str]:
    """The pages of the checks and their index, as they have to be."""
    from crenel.audit.catalogue import rules
    from crenel.audit.pages import index, page

    folder = ROOT / "docs" / "checks"
    return {folder / "index.md": index(), **{folder / f"{rule.check.id}.md": page(rule) for rule in rules()}}


def publish() -> None:
    """Write the pages of the checks; those of checks that are gone go too."""
    wanted = checks()
    folder = next(iter(wanted)).parent
    folder.mkdir(exist_ok=True)
    for path in set(folder.glob("*.md")) - set(wanted):
        path.unlink()
        print(f"removed {path.relative_to(ROOT)}")
    for path, text in wanted.items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"updated {path.relative_to(ROOT)}")


def main() -> None:
    """Rewrite the pages whose outputs have changed, and name them."""
    publish()
    why = why_no_labs()
    if why:
        print(f"sessions with a lab stay as they are: {why}")
    for page in pages():
        old = page.read_text("utf-8")
        if (new := updated(old, labs=not why)) != old:
            page.write_text(new, "utf-8")
            print(f"updated {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
