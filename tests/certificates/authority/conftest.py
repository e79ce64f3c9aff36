"""Where the tests of the authority work."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a random name is made in it


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory, where there is such a place: what is tested is not how long disks take to flush."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as found:
        yield Path(found)
