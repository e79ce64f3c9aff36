"""Processes that die at a chosen step: a child that is killed by SIGKILL just before its n-th change of the disk.

A step is whatever changes a file system: opening a file to write, half of what is written, the other half, renaming,
removing, linking, making a folder. Flushing is none and is left out, for a killed process loses nothing of what the
kernel has.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, Self

from crenel.certificates.authority import durable

_WRITES = os.O_WRONLY | os.O_RDWR
_EVENTS = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod", "os.link"})


def run(work: Callable[[], object], dies_at: int | None = None) -> int | None:
    """Do some work in a child, which dies before step `dies_at`, counted from 1.

    Returns how many steps it made; None where it died.
    """
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.close(reading)
        _work(work, dies_at, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        answer = said.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    assert answer.isdigit(), answer
    return int(answer)


def _work(work: Callable[[], object], dies_at: int | None, writing: int) -> None:
    """What the child does; it never returns."""
    steps = _Steps(dies_at)
    try:
        sys.addaudithook(steps.heard)
        vars(durable)["os"] = _Counted(steps)
        vars(durable)["flush_all"] = len
        work()
        answer = str(steps.made)
    except BaseException:  # noqa: BLE001 - the parent is told
        answer = traceback.format_exc()
    steps.made = -(1 << 40)
    os.write(writing, answer.encode())
    os._exit(0)


class _Steps:
    def __init__(self, dies_at: int | None) -> None:
        self.made = 0
        self._dies_at = dies_at

    def count(self) -> None:
        self.made += 1
        if self.made == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES):
            self.count()


class _Counted:
    """The module `os`, in which the halves of writing are steps, and flushing does nothing."""

    def __init__(self, steps: _Steps) -> None:
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, number: int) -> None:
        """Nothing."""

    def fdopen(self, number: int, mode: str, **more: Any) -> Any:
        file = os.fdopen(number, mode, **more)
        return file if mode == "rb" else _Torn(file, self._steps)


class _Torn:
    """A file whose writes have a middle."""

    def __init__(self, file: Any, steps: _Steps) -> None:
        self._file = file
        self._steps = steps

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: bytes) -> None:
        half = len(data) // 2
        self._file.write(data[:half])
        self._file.flush()
        self._steps.count()
        self._file.write(data[half:])
        self._file.flush()
        self._steps.count()
