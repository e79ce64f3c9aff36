"""Known holes of ingress-nginx, as data.

Source: the advisories of the Kubernetes project (issues of kubernetes/kubernetes, named with each row) and their fixed
versions. The project was archived on 24 March 2026: there will be no further fixes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]

RETIRED = "24 March 2026"
"""When the repository kubernetes/ingress-nginx was archived."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """Holes that were fixed together. `fixed` has the first version without them, for each line that got a fix.

    `by_webhook` says that whoever reaches the admission webhook can use it; the others need a right to write Ingresses.
    """

    names: tuple[str, ...]
    fixed: tuple[Version, ...]
    source: str
    by_webhook: bool = False

    def concerns(self, version: Version) -> bool:
        """Whether a version has the holes: its line got a fix later, or none though a newer line did."""
        mine = [each for each in self.fixed if each[:2] == version[:2]]
        return version < mine[0] if mine else version[:2] < max(self.fixed)[:2]


ADVISORIES = (
    Advisory(("CVE-2025-1974",), ((1, 11, 5), (1, 12, 1)), "kubernetes/kubernetes#131009", by_webhook=True),
    Advisory(
        ("CVE-2025-1097", "CVE-2025-1098", "CVE-2025-24513", "CVE-2025-24514"),
        ((1, 11, 5), (1, 12, 1)),
        "kubernetes/kubernetes#131005 to #131008",
    ),
    Advisory(("CVE-2025-15566",), ((1, 12, 5), (1, 13, 1)), "kubernetes/kubernetes#136789"),
    Advisory(
        ("CVE-2026-24512", "CVE-2026-1580", "CVE-2026-24513", "CVE-2026-24514"),
        ((1, 13, 7), (1, 14, 3)),
        "kubernetes/kubernetes#136678",
    ),
    Advisory(("CVE-2026-3288",), ((1, 13, 8), (1, 14, 4)), "kubernetes/kubernetes#137560"),
)


def concerning(version: Version) -> list[Advisory]:
    """The advisories that a version is concerned by."""
    return [each for each in ADVISORIES if each.concerns(version)]
