"""Files that are there whole or not at all, whatever ends the process or the machine.

A file is written beside the one that it replaces, flushed to the disk, and renamed into its place; the folder is
flushed as well (rename(2), fsync(2)). What may be secret is made with its mode, never changed to it afterwards.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from crenel.certificates.authority.errors import AuthorityError

SECRET = 0o600
PUBLIC = 0o644

_AT_ONCE = 32
"""Files that are flushed together: the journal of a file system writes them in one go."""


def read(path: Path, largest: int = 256 << 20) -> bytes:
    """Read a file, which is one: never a pipe that nobody writes to, nor more than `largest` bytes.

    Raises:
        AuthorityError: it is no file, or too large.
        OSError: it is not there, or may not be read.
    """
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        known = os.fstat(number)
        if not stat.S_ISREG(known.st_mode):
            raise AuthorityError(f"{path}: this is no file")
        if known.st_size > largest:
            raise AuthorityError(f"{path}: larger than {largest >> 20} MiB, which it never is")
        with os.fdopen(number, "rb", closefd=False) as file:
            return file.read(largest)
    finally:
        os.close(number)


def replace(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Put `data` into the place of a file, which readers see before or after and never between."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    create(beside, data, mode)
    flush(beside)
    rename(beside, path)


def create(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Write a new file of exactly this mode; it is not flushed.

    Raises:
        FileExistsError: there is one already.
    """
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode & SECRET)
    with os.fdopen(number, "wb") as file:
        file.write(data)
        if mode != SECRET:
            os.fchmod(number, mode)


def append(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Add to the end of a file, and flush it; a new one is flushed with its folder."""
    known = path.exists()
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, mode)
    with os.fdopen(number, "ab") as file:
        file.write(data)
        file.flush()
        os.fsync(number)
    if not known:
        flush(path.parent)


def rename(old: Path, new: Path) -> None:
    """Rename, and flush the folder."""
    old.rename(new)
    flush(new.parent)


def flush(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def flush_all(paths: Iterable[Path]) -> None:
    """Wait until all of them are on the disk."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(flush, paths))


def link(target: str, path: Path) -> None:
    """Let a symbolic link lead elsewhere, in one step; the folder is not flushed."""
    if not os.path.lexists(path):
        path.symlink_to(target)
        return
    beside = path.with_name(f"{path.name}_tmp")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.rename(path)


def make_folder(path: Path, mode: int = 0o755) -> None:
    """Make a folder with its parents, and flush where each is named; nothing happens where it exists."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=mode, exist_ok=True)
    flush(path.parent)
