"""Who comes to a kept lab from another process: asks for its namespaces, and runs something there."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from crenel.kernel.namespaces import Namespace, join_user_namespace
from crenel.lab.keeping import entering, kept

_OWN = Path("/proc/self/ns/user")


def visit(name: str, pod: str, command: Sequence[str]) -> int:
    """Run a command in a pod of a kept lab and return its exit code. When the lab ends, so does the command.

    Raises:
        NoLabError: there is no such lab, or no such pod in it.
    """
    with kept.asking(name, {"do": "enter", "pod": pod}) as (connection, answer, (user, network)):
        with Namespace(network) as namespace:
            try:
                if os.fstat(user).st_ino != _OWN.stat().st_ino:
                    join_user_namespace(user)
            finally:
                os.close(user)
            papers = {str(name): str(text) for name, text in answer.get("papers", {}).items()}
            child = entering.start(namespace, command, str(answer["hosts"]), str(answer["title"]), papers)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return entering.shell_code(_awaited(child, connection))
        finally:
            signal.signal(signal.SIGINT, before)
            entering.leave()


def _awaited(child: int, connection: socket.socket) -> int:
    """The wait status of a child, which is killed when the connection ends first."""
    watched = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([watched, connection.fileno()], [], [])
        if watched not in ready:
            signal.pidfd_send_signal(watched, signal.SIGKILL)
    finally:
        os.close(watched)
    return os.waitpid(child, 0)[1]
