"""What holds for every test: how long properties search, and that nothing of whoever runs it is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from command import ROOT

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
PHASES = [each for each in Phase if each is not Phase.explain]  # explaining a failure takes longer than finding it
settings.register_profile(
    "ci", max_examples=150, deadline=None, derandomize=True, phases=PHASES, suppress_health_check=SLOW
)
settings.register_profile("soak", max_examples=5000, deadline=None, phases=PHASES, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

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
