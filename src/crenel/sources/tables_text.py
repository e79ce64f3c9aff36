"""Recognises the texts of iptables-save, ip6tables-save and ipset save, which are neither YAML nor JSON."""

from __future__ import annotations

import re

from crenel.provenance import FieldPath

ENDINGS = (".iptables", ".ip6tables", ".ipset")
"""Endings by which they are found in a directory."""

_BEGINNING = re.compile(
    r"(?:\s*(?:#[^\n]*)?\n)*(?:\*(?:raw|mangle|nat|filter|security)\s*\n|create \S+ (?:hash|bitmap|list):)"
)


def looks_like(text: str) -> bool:
    """Whether a text begins as one of them does: comments, then a table or a set."""
    return text[:1] in "#*c\n" and _BEGINNING.match(text) is not None


def line(field: FieldPath) -> int | None:
    """The line of a field: paths into such texts begin with the number of the line."""
    return field[0] if field and isinstance(field[0], int) else None
