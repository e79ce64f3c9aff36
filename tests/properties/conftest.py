"""How long the properties are tried: `ci` by default, `soak` where HYPOTHESIS_PROFILE says so."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
PHASES = [each for each in Phase if each is not Phase.explain]  # explaining a failure takes longer than finding it
settings.register_profile(
    "ci", max_examples=150, deadline=None, derandomize=True, phases=PHASES, suppress_health_check=SLOW
)
settings.register_profile("soak", max_examples=5000, deadline=None, phases=PHASES, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
