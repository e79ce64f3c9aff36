"""Who comes to a kept lab from another process: asks for its namespaces, and runs something there."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from crenel.kernel.namespaces import Namespace, join_user_namespace
from crenel.lab import entering, kept

_OWN = Path("/proc/self/ns/user")


def visit(name: str, pod: str, command: Sequence[str]) -> int:
    """Run a command in a pod of a kept lab and return its exit code.

    Raises:
        NoLabError: there is no such lab, or no such pod in it.
    """
    answer, (user, network) = kept.ask(name, {"do": "enter", "pod": pod})
    with Namespace(network) as namespace:
        try:
            if os.fstat(user).st_ino != _OWN.stat().st_ino:
                join_user_namespace(user)
        finally:
            os.close(user)
        child = entering.start(namespace, command, str(answer["hosts"]), str(answer["title"]))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _, status = os.waitpid(child, 0)
    finally:
        signal.signal(signal.SIGINT, before)
        entering.leave()
    return entering.shell_code(status)
