"""Container image references, as far as they tell which program runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PREFIXES = ("mirrored-", "hardened-")
"""What Rancher puts before the names of images that it copies: ``rancher/mirrored-calico-node``."""

_NUMBERS = re.compile(r"v?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Image:
    """An image reference, taken apart.

    `names` are the ways to call the repository without its registry: the last path element alone, and joined to the one
    before it (``quay.io/calico/node`` and ``mirror.example/x/calico-node`` both have ``calico-node``).
    """

    names: frozenset[str]
    tag: str = ""
    """Empty when the reference has only a digest, or neither."""

    @property
    def version(self) -> tuple[int, int] | None:
        """Major and minor version, when the tag starts with one."""
        found = _NUMBERS.match(self.tag)
        return (int(found[1]), int(found[2])) if found else None


@lru_cache(maxsize=4096)
def parse(reference: str) -> Image:
    """Take an image reference apart: ``[registry[:port]/]path[:tag][@digest]``."""
    path, _, _ = reference.strip().partition("@")
    head, slash, tail = path.rpartition("/")
    last, _, tag = tail.partition(":")
    last = last.lower()
    for prefix in _PREFIXES:
        last = last.removeprefix(prefix)
    before = head.rpartition("/")[2].lower() if slash else ""
    return Image(frozenset(name for name in (last, f"{before}-{last}" if before else "") if name), tag)
