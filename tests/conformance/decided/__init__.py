"""Small cases for each numbered rule of SEMANTICS.md, and for what no suite covers: one file per subject.

The reference and the library both have to give these answers.
"""

from __future__ import annotations

from conformance.decided import (
    addresses,
    families,
    isolation,
    manifests,
    names,
    nodes,
    peers,
    ports,
    selectors,
    tiers,
    ties,
)

_SUBJECTS = (selectors, isolation, ports, addresses, nodes, manifests, tiers, ties, peers, names, families)
DECISIONS = [decision for subject in _SUBJECTS for decision in subject.DECISIONS]
