"""The certificates that all tests of probing share."""

from __future__ import annotations

import pytest

from certificates.probing.material import Files, make


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The certificates and keys of servers and clients, on disk."""
    return make(tmp_path_factory.mktemp("material"))
