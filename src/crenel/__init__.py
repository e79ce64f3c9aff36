"""Crenel: who can talk to whom in a Kubernetes cluster, exactly.

import crenel
net = crenel.load("manifests/")
verdict = net.can("shop/web", "shop/db", "TCP/5432")
verdict.allowed, verdict.reason, verdict.trace
"""

from __future__ import annotations

TYPE_CHECKING = False
"""What type checkers take for true: importing `typing` for it would cost the command's help half its time."""

if TYPE_CHECKING:
    from crenel.library import Network
    from crenel.loading import load, load_intents
    from crenel.questions.connections import Connection
    from crenel.questions.diff import Difference
    from crenel.questions.places import PlaceError
    from crenel.questions.verdict import Outcome, Step, Verdict

_HOMES = {
    "Connection": "crenel.questions.connections",
    "Difference": "crenel.questions.diff",
    "Network": "crenel.library",
    "Outcome": "crenel.questions.verdict",
    "PlaceError": "crenel.questions.places",
    "Step": "crenel.questions.verdict",
    "Verdict": "crenel.questions.verdict",
    "load": "crenel.loading",
    "load_intents": "crenel.loading",
}


__version__ = "0.1.0"
__all__ = [
    "Connection",
    "Difference",
    "Network",
    "Outcome",
    "PlaceError",
    "Step",
    "Verdict",
    "__version__",
    "load",
    "load_intents",
]


def __getattr__(name: str) -> object:
    """Import the public names when they are first used: the command's help must not pay for the solver."""
    if name not in _HOMES:
        raise AttributeError(f"module 'crenel' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
