"""The translation of iptables against the kernel, through the texts that iptables-save prints of what was loaded."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from dialects.hosts import iptables_rules
from dialects.hosts.comparing import held
from dialects.hosts.lab import Lab, lab
from dialects.hosts.predicting import SITE, Prediction, probes
from kernel.needs import needs_namespaces

_TOOLS = ("iptables-nft-restore", "iptables-nft-save", "ipset")
_MISSING = [tool for tool in _TOOLS if shutil.which(tool) is None]
pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(_MISSING), reason=f"{', '.join(_MISSING)} not found: apt-get install iptables ipset"),
]
TRAFFIC = [probe for probe in probes((80, 81, 90)) if "." in probe.source]


def within(world: Lab, *command: str, text: str = "") -> str:
    """Run a command in the host's namespace."""
    with world.spaces["host"].entered():
        ran = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=30)
    assert ran.returncode == 0, f"{command}: {ran.stderr}\n{text}"
    return ran.stdout


@pytest.fixture(scope="module")
def world() -> Iterator[Lab]:
    """One lab for all examples, with sets."""
    with lab() as made:
        within(made, "ipset", "restore", text=iptables_rules.SETS)
        yield made


@given(iptables_rules.texts())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_decided_is_what_happens(world: Lab, text: str) -> None:
    """Where the host's addresses, devices and sets are known nothing is unknown, and packets do as predicted."""
    world.load("")
    within(world, "iptables-nft-restore", text=text)
    saved, sets = within(world, "iptables-nft-save"), within(world, "ipset", "save")
    unknown, silent = held(world, Prediction([saved, sets], SITE), TRAFFIC)
    assert not unknown
    assert not silent or "CONNMARK" in text
