"""What a user says in place of what the input lacks: ``internet-facing=yes``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Answers to what an input may leave open; None leaves it open."""

    internet_facing: bool | None = None
    """Whether a load balancer faces the internet of which neither its Service nor the infrastructure tells."""
    public_nodes: bool | None = None
    """Whether the internet reaches nodes of which nothing in the input tells."""
    unfiltered: bool | None = None
    """Whether nothing filters in front of nodes for which no firewall is in the input; "no": nothing gets through."""


KEYS = {each.name.replace("_", "-"): each.name for each in fields(Assumptions)}
_WORDS = {"yes": True, "no": False}


def assume(texts: Iterable[str]) -> Assumptions:
    """Read ``KEY=yes`` and ``KEY=no``; of two for one key the last one counts.

    Raises:
        ValueError: the key or the value is none that there is.
    """
    found = Assumptions()
    for text in texts:
        key, _, value = text.partition("=")
        if key not in KEYS or value not in _WORDS:
            raise ValueError(f"cannot assume {text!r}: write {', '.join(KEYS)}, with =yes or =no")
        found = replace(found, **{KEYS[key]: _WORDS[value]})
    return found
