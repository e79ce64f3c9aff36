"""Two folders change places, and nobody ever finds one of them missing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from crenel.editing.exchange import exchange


def test_neither_is_ever_missing(tmp_path: Path) -> None:
    """Whoever looks while it happens finds the one or the other."""
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.mkdir()
        (path / "name").write_text(path.name)
    if not exchange(one, other):
        pytest.skip("this disk cannot exchange folders")
    assert ((one / "name").read_text(), (other / "name").read_text()) == ("other", "one")
    missing, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            if not (one / "name").exists():
                missing.append(1)

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(500):
        assert exchange(one, other)
    done.set()
    watcher.join()
    assert not missing


def test_what_is_not_there_is_not_exchanged(tmp_path: Path) -> None:
    """It says so, and leaves the other one alone."""
    (tmp_path / "one").mkdir()
    assert not exchange(tmp_path / "one", tmp_path / "missing")
    assert [each.name for each in tmp_path.iterdir()] == ["one"]
