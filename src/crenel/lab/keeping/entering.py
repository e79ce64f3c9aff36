"""A command, or a shell, in a pod of the twin.

It runs in the pod's network, with the names of the cluster in its ``/etc/hosts``, and in a process namespace of its
own: when it ends, or whoever asked for it is killed, everything that it started ends too.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NoReturn, TypeAlias

from crenel.kernel.namespaces import Namespace
from crenel.kernel.processes import die_with_parent, mount_over, mount_processes, new_process_namespace, private_mounts
from crenel.lab.probing.prober import Prober

NOT_FOUND, NOT_RUN = 127, 126
"""Exit codes of a command that does not exist, or could not be started: those of a shell."""


Papers: TypeAlias = Mapping[str, str]
"""Texts that a command finds in files, by the variables that say which: certificates, a key."""


def start(namespace: Namespace, command: Sequence[str], hosts: str, title: str, papers: Papers) -> int:
    """Start a command. Returns the id of a process of ours that ends when it does, with its exit code."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _guarded(lambda: _outer(namespace, command, hosts, title, papers))
    return child


def attended(
    prober: Prober, namespace: Namespace, command: Sequence[str], hosts: str, title: str, papers: Papers
) -> int:
    """Run a command to its end while a lab's pods answer. Returns its exit code."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = start(namespace, command, hosts, title, papers)
    watched = os.pidfd_open(child)
    over: list[int] = []
    try:
        prober.serve({watched: lambda _: over.append(os.waitpid(child, 0)[1])}, lambda: bool(over))
    finally:
        os.close(watched)
        signal.signal(signal.SIGINT, before)
        leave()
    return shell_code(over[0])


def _guarded(body: Callable[[], int]) -> NoReturn:
    """Run a child to its end; nothing of the parent's is unwound in it."""
    code = NOT_RUN
    try:
        code = body()
    except OSError as error:
        sys.stderr.write(f"crenel lab: {error.strerror or error}\n")
    finally:
        sys.stderr.flush()
        os._exit(code)


def _outer(namespace: Namespace, command: Sequence[str], hosts: str, title: str, papers: Papers) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    new_process_namespace()
    inner = os.fork()
    if inner == 0:
        _guarded(lambda: _first(namespace, command, hosts, title, papers))
    return _awaited(inner)


def _first(namespace: Namespace, command: Sequence[str], hosts: str, title: str, papers: Papers) -> int:
    """The first process of the new namespace: with it all others end."""
    die_with_parent()
    private_mounts()
    with tempfile.NamedTemporaryFile("w", prefix="crenel-hosts-") as written:
        written.write(hosts)
        written.flush()
        with suppress(OSError):
            mount_over(written.name, "/etc/hosts")
    with suppress(OSError):
        mount_processes()
    namespace.enter()
    leaf = os.fork()
    if leaf == 0:
        _guarded(lambda: _run(command, title, papers))
    return _awaited(leaf)


def _run(command: Sequence[str], title: str, papers: Papers) -> int:
    _take_terminal()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        variables = {**os.environ, "CRENEL_POD": title, **_in_memory(papers)}
        os.execvpe(command[0], list(command), variables)  # noqa: S606 - it is what was asked for
    except FileNotFoundError:
        sys.stderr.write(f"crenel lab: no command {command[0]!r}\n")
        return NOT_FOUND


def _in_memory(papers: Papers) -> Mapping[str, str]:
    """Files that the command and all that it starts inherit, and that are on no disk: memfd_create(2)."""
    found = {}
    for name, text in papers.items():
        held = os.memfd_create(name, 0)
        os.write(held, text.encode("ascii"))
        found[name] = f"/proc/self/fd/{held}"
    return found


def _take_terminal() -> None:
    """Be in front of the terminal, if there is one: a shell wants a process group of its own process namespace."""
    if sys.stdin is not None and sys.stdin.isatty():
        os.setpgid(0, 0)
        _bring_forward()


def _bring_forward() -> None:
    """Put the own process group in front of the terminal, which stops those who ask for that from behind: tty(4)."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with suppress(OSError):
        os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
    signal.signal(signal.SIGTTOU, before)


def leave() -> None:
    """Take the terminal back, once a command has ended that had it."""
    if sys.stdin is not None and sys.stdin.isatty():
        _bring_forward()


def _awaited(child: int) -> int:
    """The exit code of a child; whatever else ends meanwhile is buried."""
    while True:
        ended, status = os.wait()
        if ended == child:
            return shell_code(status)


def shell_code(status: int) -> int:
    """The exit code that a shell gives for a wait status: 128 and the signal for what a signal ended."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def shell() -> list[str]:
    """The user's shell."""
    return [os.environ.get("SHELL") or "/bin/sh"]
