"""The smallest rule sets for the nodes and load balancers of a cluster, for clouds and hosts, and their proof.

`wanted` says what firewalls are to let through, `write` writes that for a platform, and `prove` reads what was written
back through our own dialect and compares it with the intent.
"""

from __future__ import annotations

from crenel.harden.infrastructure.deriving import Given, wanted
from crenel.harden.infrastructure.model import End, Group, Member, Opening, Sort, Subnet, Wanted
from crenel.harden.infrastructure.platforms import PLATFORMS, write
from crenel.harden.infrastructure.proof import Proof, prove
from crenel.harden.infrastructure.written import Form, Unfit, Written

__all__ = [
    "PLATFORMS",
    "End",
    "Form",
    "Given",
    "Group",
    "Member",
    "Opening",
    "Proof",
    "Sort",
    "Subnet",
    "Unfit",
    "Wanted",
    "Written",
    "prove",
    "wanted",
    "write",
]
