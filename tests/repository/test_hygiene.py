"""What may not be in the repository, and what must be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command import ROOT
from repository.sources import files

LONGEST = 500
"""Lines of a file in src: beyond it, a file has more than one subject."""

FORBIDDEN = {
    "the host of a package registry": r"pypi~\.org|python~hosted\.org|registry~\.npmjs|deb~\.debian\.org",
    "a path of one machine": r"(?<![\w.])/(?:wo~rk|fa~rm)/",
    "an open end": r"TO~DO|FIX~ME|NotImplemented~Error",
}
"""Patterns, with a ~ in each word so that this file does not match itself."""

TEXT = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".sh", ".bash", ".zsh", ".fish", ""}


def texts() -> list[Path]:
    """The files that people write; recorded data is left alone."""
    return [path for path in files() if path.suffix in TEXT]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden(what: str) -> None:
    """No file names a registry's host or a machine's path, and none is left unfinished."""
    pattern = re.compile(FORBIDDEN[what].replace("~", ""))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, f"{what}: {found}"


def test_files_have_one_subject() -> None:
    """No file of the package is longer than can be read at a sitting."""
    long = {
        str(path.relative_to(ROOT)): length
        for path in (ROOT / "src").rglob("*.py")
        if (length := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_licence() -> None:
    """The licence is the whole text of Apache 2.0."""
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License\n" in text
    assert "END OF TERMS AND CONDITIONS" in text
