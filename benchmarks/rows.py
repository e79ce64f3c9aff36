"""One measurement, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement."""

    what: str
    value: float
    unit: str
    target: float | None = None
    note: str = ""

    def __str__(self) -> str:
        against = ""
        if self.target is not None:
            against = f"{self.value / self.target:7.2f} of {self.target:g} {self.unit}".rstrip()
        return f"{self.what:<46} {self.value:>10.3f} {self.unit:<5} {against:<24} {self.note}".rstrip()
