"""What tests of the kernel share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crenel.kernel.namespaces import Namespace
from kernel import worlds


@pytest.fixture
def world() -> Iterator[worlds.World]:
    """A client and a server, each in its namespace."""
    with worlds.world() as made:
        yield made


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """An empty namespace."""
    with Namespace.new() as made:
        yield made
