"""What tests of the kernel need, and how they are skipped where it is missing."""

from __future__ import annotations

import os
import sys

import pytest

from crenel.kernel import nftables
from crenel.kernel.namespaces import Namespace, is_privileged


def missing() -> str:
    """Why network namespaces with rules cannot be made here, in a line; empty if they can."""
    if sys.platform != "linux":
        return "there are no network namespaces beside Linux"
    if not is_privileged():
        return "network namespaces need CAP_SYS_ADMIN and CAP_NET_ADMIN: run as root, or below `unshare -Urn`"
    try:
        Namespace.new().close()
    except OSError as error:
        return f"no network namespace can be made: {error.strerror}"
    return nftables.missing()


WHY = missing()
REQUIRED = os.environ.get("CRENEL_KERNEL") == "required"
"""Whether a machine that cannot run these tests fails them, as in CI, instead of skipping them."""
needs_namespaces = pytest.mark.skipif(bool(WHY) and not REQUIRED, reason=WHY)
"""Marks tests that make network namespaces and load rules; ``pytestmark = needs_namespaces`` marks a file."""
