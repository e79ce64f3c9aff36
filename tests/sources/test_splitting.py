"""Documents are cut apart where YAML says they end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.sources.splitting import split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", 1)]),
        ("a: 1", [("a: 1", 1)]),
        ("a: 1\n---\nb: 2\n", [("a: 1\n", 1), ("---\nb: 2\n", 2)]),
        ("---\na: 1\n--- # c\nb\n", [("---\na: 1\n", 1), ("--- # c\nb\n", 3)]),
        ("a: |\n  ---\n  x\n---\ty", [("a: |\n  ---\n  x\n", 1), ("---\ty", 4)]),
        ("----\n---x\n-- -\n", [("----\n---x\n-- -\n", 1)]),
        ("a: 1\n...\nb: 2\n... # end\n", [("a: 1\n", 1), ("\nb: 2\n", 2), (" # end\n", 4)]),
        ("a: ....\n....\n", [("a: ....\n....\n", 1)]),
        ("%YAML 1.1\n---\na: 1\n", [("%YAML 1.1\n---\na: 1\n", 1)]),
        ("a: 1\n...\n# c\n%TAG ! !x\n---\nb: 2", [("a: 1\n", 1), ("\n# c\n%TAG ! !x\n---\nb: 2", 2)]),
        ("---\n%a\n---\nb", [("---\n%a\n", 1), ("---\nb", 3)]),
        ("%YAML 1.1", [("%YAML 1.1", 1)]),
    ],
)
def test_markers(text: str, expected: list[tuple[str, int]]) -> None:
    """A line that begins with three dashes or points and a blank ends a document; directives go with the next."""
    assert [tuple(chunk) for chunk in split(text)] == expected


@given(st.lists(st.sampled_from(["---", "...", "--- x", "a", "", "%Y", "----", "# c", " ---"])).map("\n".join))
def test_lines_are_counted(text: str) -> None:
    """Each chunk begins in the line that it says."""
    lines = text.split("\n")
    for chunk, line in split(text):
        head = chunk.split("\n")[0]
        assert lines[line - 1].endswith(head)
