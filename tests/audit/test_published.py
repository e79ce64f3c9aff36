"""The published pages of the checks are those of their files."""

from __future__ import annotations

import pytest

from command import ROOT
from sessions import checks


@pytest.mark.parametrize("path", checks(), ids=lambda path: str(path.stem))
def test_pages_are_published(path: object) -> None:
    """`make docs` has written each page, the index included."""
    wanted = {str(each): text for each, text in checks().items()}[str(path)]
    assert (ROOT / "docs" / "checks" / str(path).rpartition("/")[2]).read_text("utf-8") == wanted


def test_no_page_without_a_check() -> None:
    """A check that is gone takes its page with it."""
    assert set((ROOT / "docs" / "checks").glob("*.md")) == set(checks())
