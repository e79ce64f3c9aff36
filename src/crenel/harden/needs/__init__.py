"""What an application needs: who has to reach whom, with what, and how that is known.

``docs/concepts/needs.md`` lists where needs come from. `crenel.harden.needs.gather.gather` finds all of them.
"""

from __future__ import annotations

from crenel.harden.needs.model import (
    End,
    Everybody,
    Evidence,
    EvidenceKind,
    Named,
    Need,
    Needs,
    Outside,
    Pods,
    Remark,
    Traffic,
)

__all__ = [
    "End",
    "Everybody",
    "Evidence",
    "EvidenceKind",
    "Named",
    "Need",
    "Needs",
    "Outside",
    "Pods",
    "Remark",
    "Traffic",
]
