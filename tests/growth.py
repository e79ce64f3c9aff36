"""How the time of some work grows with its size, which holds on busy and slow machines alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

ROUNDS = 3
SLACK = 2.0
"""How much more than its share the larger work may take: far below what anything quadratic takes."""


def linear(work: Callable[[int], Callable[[], object]], small: int, large: int) -> None:
    """Hold that what `work` prepares for a size takes time in proportion to it; sizes should be 8 or more apart."""
    short, long = (min(_seconds(work(size)) for _ in range(ROUNDS)) for size in (small, large))
    share = long / short / (large / small)
    assert share <= SLACK, f"{large / small:g} times the size takes {long / short:.1f} times as long"


def _seconds(call: Callable[[], object]) -> float:
    """The processor's time for a call."""
    gc.disable()
    try:
        start = time.process_time()
        call()
        return time.process_time() - start
    finally:
        gc.enable()
