"""Where the time of a run goes: CPU seconds per phase, for CRENEL_TIMINGS=1."""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

TIMINGS = "CRENEL_TIMINGS"
"""The environment variable that asks for them."""

PHASES = ("read", "decode", "translate", "solve", "render")


class Clock:
    """Adds up the CPU time of phases; whatever lies outside of them is in the total alone."""

    def __init__(self) -> None:
        self._spent = dict.fromkeys(PHASES, 0.0)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what happens inside as the phase `name`, one of `PHASES`."""
        start = time.process_time()
        try:
            yield
        finally:
            self._spent[name] += time.process_time() - start

    def report(self) -> None:
        """Write a line of JSON on stderr, if it was asked for; `total` is the whole process so far."""
        if os.environ.get(TIMINGS) and sys.stderr is not None:
            seconds = {name: round(spent, 4) for name, spent in self._spent.items()}
            seconds["total"] = round(time.process_time(), 4)
            sys.stderr.write(json.dumps(seconds | {"max_rss_mb": _memory()}) + "\n")


def _memory() -> int:
    """The most memory that the process ever held, in MB: ru_maxrss counts KiB, on macOS bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1024 * 1024 if sys.platform == "darwin" else 1024)
