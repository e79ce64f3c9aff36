"""Names for things of the neutral model: short ones, told apart where they are not unique, and those of nodes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

_MACHINE = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/providers/microsoft\.compute/"
    r"(?:virtualmachinescalesets/(?P<set>[^/]+)/)?virtualmachines/(?P<name>[^/]+)",
    re.IGNORECASE,
)
_SCALE_SET = re.compile(r"/virtualmachinescalesets/(?P<set>[^/]+)/virtualmachines/(?P<name>[^/]+)", re.IGNORECASE)
_GROUP = re.compile(r"/resourcegroups/(?P<group>[^/]+)/", re.IGNORECASE)


def provider_id(identifier: str) -> str:
    """The id of a machine as Kubernetes has it in ``spec.providerID``; empty for what is no machine yet.

    The resource group is in lower case there and everything else as it is (cloud-provider-azure, pkg/provider:
    ConvertResourceGroupNameToLower).
    """
    found = _MACHINE.match(identifier)
    if found is None:
        return ""
    part = f"virtualMachineScaleSets/{found['set']}/" if found["set"] else ""
    return (
        f"azure:///subscriptions/{found['subscription']}/resourceGroups/{found['group'].lower()}"
        f"/providers/Microsoft.Compute/{part}virtualMachines/{found['name']}"
    )


def machine_within(identifier: str) -> str:
    """The provider id of the machine that the id of one of its interfaces, or of an address there, begins with."""
    return provider_id(identifier) if _SCALE_SET.search(identifier) else ""


def short(known: str, name: str) -> str:
    """What an interface is called: with its scale set and its instance, where it has them."""
    found = _SCALE_SET.search(known)
    return f"{found['set']}/{found['name']}/{name}" if found is not None else name


def apart(names: Mapping[str, str]) -> dict[str, str]:
    """Make names unique. Takes names by key; those that more have get their resource group, or else are the key."""
    times = Counter(names.values())
    longer = {known: _with_group(known, name) if times[name] > 1 else name for known, name in names.items()}
    times = Counter(longer.values())
    return {known: known if times[name] > 1 else name for known, name in longer.items()}


def _with_group(known: str, name: str) -> str:
    found = _GROUP.search(known)
    return f"{found['group']}/{name}" if found is not None else known
