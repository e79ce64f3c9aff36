"""Processes that end with those that started them: prctl(2), pid_namespaces(7)."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNS, _CLONE_NEWPID = 0x00020000, 0x20000000
_MS_REC, _MS_PRIVATE, _MS_BIND = 0x4000, 0x40000, 0x1000

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent ends, however it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))


def outlive_parent() -> None:
    """Take that back."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, 0, 0, 0, 0))


def new_process_namespace() -> None:
    """Let the next child be the first process of a namespace of its own: when it ends, all that came of it ends."""
    _check(_libc.unshare(_CLONE_NEWPID))


def private_mounts() -> None:
    """Let this process mount what nobody else sees.

    Raises:
        OSError: it may not.
    """
    _check(_libc.unshare(_CLONE_NEWNS))
    _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))


def mount_over(source: str, target: str) -> None:
    """Show one file in the place of another.

    Raises:
        OSError: it may not, or one of them is not there.
    """
    _check(_libc.mount(source.encode(), target.encode(), None, _MS_BIND, None))


def mount_processes() -> None:
    """Show the processes of this namespace below ``/proc``.

    Raises:
        OSError: it may not.
    """
    _check(_libc.mount(b"proc", b"/proc", b"proc", 0, None))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
