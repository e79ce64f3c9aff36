"""What holds for every test: it never reads the cluster, the colours or the width of whoever runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import ROOT

PERSONAL = ("NO_COLOR", "FORCE_COLOR", "CRENEL_DEBUG", "PYTHONUNBUFFERED")


@pytest.fixture(scope="session", autouse=True)
def _impersonal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run all tests in the environment of nobody."""
    with pytest.MonkeyPatch.context() as patch:
        for name in PERSONAL:
            patch.delenv(name, raising=False)
        patch.setenv("KUBECONFIG", str(tmp_path_factory.mktemp("home") / "kubeconfig"))
        patch.setenv("COLUMNS", "100")
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the data that tests share: CRENEL_SHARED, or `shared` beside the checkout."""
    folder = Path(os.environ.get("CRENEL_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("the shared test data is absent: set CRENEL_SHARED to its folder")
    return folder
