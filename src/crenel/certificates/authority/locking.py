"""One process at a time: an advisory lock on a file (flock(2)), which the kernel releases however its holder ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crenel.certificates.authority.errors import AuthorityError

_PAUSE = 0.02


@contextmanager
def locked(folder: Path, seconds: float = 60.0) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises:
        AuthorityError: another process held it for `seconds`.
        OSError: the folder is not there, or may not be written to.
    """
    number = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        _wait(number, folder, time.monotonic() + seconds)
        yield
    finally:
        os.close(number)


def _wait(number: int, folder: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise AuthorityError(f"{folder}: another process works on it") from None
            time.sleep(_PAUSE)
        else:
            return
