"""Text in columns that line up."""

from __future__ import annotations

from collections.abc import Sequence

GAP = "  "


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line for each row, every column as wide as its longest cell; the last one is not padded."""
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    pattern = GAP.join([*(f"{{:<{width}}}" for width in widths[:-1]), "{}"])
    return [pattern.format(*row).rstrip() for row in rows]
