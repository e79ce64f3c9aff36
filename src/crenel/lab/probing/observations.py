"""What the kernel did with a probe."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Fate(enum.Enum):
    """How a probe ended. Only what was observed counts: neither fate is ever concluded from silence."""

    ARRIVED = "allowed"
    """The other end answered, with a refusal if nobody listens there, or was seen to take the packet in."""
    DROPPED = "denied"
    """A rule logged the packet and dropped it."""
    LOST = "lost"
    """Neither was seen in time."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The end of a probe.

    `log` is the prefix that the dropped packet was logged under. `target` is the (address, port) that it was for when
    it was dropped, or where it arrived, if that was seen: behind a Service it may be one of several.
    """

    fate: Fate
    log: str = ""
    target: tuple[int, int] | None = None


LOST = Observation(Fate.LOST)
