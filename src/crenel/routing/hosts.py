"""Host names and wildcards of listeners and routes.

Source of the rules: Gateway API ``Hostname`` (a wildcard stands for one or more labels) and Kubernetes Ingress
``IngressRule.host`` (it stands for exactly one). Names are compared without regard to case (RFC 9110, 4.2.3); a
port behind a name and the dot at its end are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Rank: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Host:
    """A name, a wildcard (``name`` is then what follows ``*.``), or every name (`ANY`)."""

    name: str = ""
    wildcard: bool = False
    one_label: bool = False
    """Whether the wildcard stands for exactly one label instead of one or more."""

    @staticmethod
    def of(text: str | None, *, one_label: bool = False) -> Host:
        """Read ``shop.example.com``, ``*.example.com``, or nothing and ``*`` for every name."""
        name = (text or "").lower().rstrip(".")
        if name in ("", "*"):
            return ANY
        if name.startswith("*."):
            return Host(name[2:], wildcard=True, one_label=one_label)
        return Host(name)

    def matches(self, name: str) -> bool:
        """Whether a plain name, as `plain` returns it, falls under this host."""
        if not self.wildcard:
            return self.name in ("", name)
        head, _, _ = name.removesuffix(self.name).rpartition(".")
        return name.endswith(f".{self.name}") and bool(head) and not (self.one_label and "." in head)

    @property
    def rank(self) -> Rank:
        """Orders hosts from least to most specific: every name, wildcards by length, exact names by length."""
        if not self.name:
            return (0, 0)
        return (1 if self.wildcard else 2, len(self.name))

    def common(self, other: Host) -> Host | None:
        """The names that both stand for; None when there are none."""
        if not other.name or self == other:
            return self
        if not self.name:
            return other
        for narrow, wide in ((self, other), (other, self)):
            if wide.wildcard and not narrow.wildcard and wide.matches(narrow.name):
                return narrow
        if self.wildcard and other.wildcard:
            return _common_wildcard(self, other)
        return None

    def __str__(self) -> str:
        return f"*.{self.name}" if self.wildcard else self.name or "*"


ANY = Host()
"""Every name, and requests without one."""


def _common_wildcard(one: Host, other: Host) -> Host | None:
    narrow, wide = (one, other) if len(one.name) >= len(other.name) else (other, one)
    if narrow.name == wide.name:
        return narrow if narrow.one_label else wide
    below = narrow.name.endswith(f".{wide.name}")
    return narrow if below and not wide.one_label else None


def plain(authority: str) -> str:
    """The name in a Host header or a server name: lower case, without port, brackets and final dot."""
    text = authority.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    name, colon, port = text.rpartition(":")
    return (name if colon and port.isdigit() and ":" not in name else text).rstrip(".")
