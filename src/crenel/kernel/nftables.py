"""Rules for the packet filter of one network namespace, through libnftables: libnftables(3).

A context is long-lived: making one costs more than most commands. The library is looked for when it is first needed.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import Any, Self

from crenel.kernel.namespaces import Namespace
from crenel.kernel.netlink import NETFILTER

_LIBRARY = "libnftables.so.1"
_JSON = 1 << 4
"""NFT_CTX_OUTPUT_JSON."""
_LINES = 4
_WIDTH = 240
"""How much of a message is kept: nft repeats the line that it did not like, which may be a set of 100,000 elements."""

_ALONE = threading.Lock()
"""The library keeps the names of devices in a variable of the process, so only one thread at a time may be in it."""


class NftError(RuntimeError):
    """nft did not accept commands; the message is the beginning of its own: ``line 3:7-8: Error: ...``."""


def missing() -> str:
    """What to install so that rules can be loaded, in one line; empty when nothing is missing."""
    try:
        _library()
    except OSError:
        return f"{_LIBRARY} cannot be loaded: install libnftables (Debian: apt-get install libnftables1 nftables)"
    return ""


class Nftables:
    """The rules of a namespace. One context of the library, closed by `close` or as a context manager.

    The namespace is needed for as long as the context is used: its netlink socket stays where it was opened, but the
    library opens another in the thread's namespace whenever a command names a device by ``iif`` or ``oif``.
    """

    def __init__(self, namespace: Namespace) -> None:
        self._library = _library()
        self._namespace = namespace
        with _ALONE, namespace.entered():
            _has_room()
            before = _inheritable()
            self._context = self._library.nft_ctx_new(0)
            for fd in _inheritable() - before:
                os.set_inheritable(fd, False)
        self._library.nft_ctx_buffer_output(self._context)
        self._library.nft_ctx_buffer_error(self._context)

    def run(self, commands: str) -> str:
        """Run commands, all in one transaction: either all of them take effect, or none. Returns what nft prints.

        Only root of the machine may send a transaction that is longer than net.core.wmem_max: in a user namespace that
        is often 208 KiB, some thousands of elements or rules, and the message for more is ``Message too long``.

        Raises:
            NftError: nft or the kernel did not accept them.
            OSError: the namespace cannot be entered, or the process has no descriptor left.
        """
        with _file(commands) as path, self._within() as library:
            code = library.nft_run_cmd_from_filename(self._context, path.encode())
            output: bytes = library.nft_ctx_get_output_buffer(self._context) or b""
            errors: bytes = library.nft_ctx_get_error_buffer(self._context) or b""
        if code:
            raise NftError(_beginning(errors.decode("utf-8", "replace").replace(f"{path}:", "line ")))
        return output.decode("utf-8", "replace")

    def dry_run(self, commands: str) -> None:
        """Let nft and the kernel check commands without any effect.

        Raises:
            NftError: they would not be accepted.
        """
        self._library.nft_ctx_set_dry_run(self._open(), True)
        try:
            self.run(commands)
        finally:
            self._library.nft_ctx_set_dry_run(self._context, False)

    def json(self, command: str) -> Any:
        """Run one command and read what it prints as JSON: libnftables-json(5). None if it prints nothing.

        Raises:
            NftError: it is not accepted.
        """
        flags = self._library.nft_ctx_output_get_flags(self._open())
        self._library.nft_ctx_output_set_flags(self._context, flags | _JSON)
        try:
            output = self.run(command)
        finally:
            self._library.nft_ctx_output_set_flags(self._context, flags)
        return json.loads(output) if output.strip() else None

    def close(self) -> None:
        """Free the context. Closing twice is closing once."""
        context, self._context = self._context, None
        if context:
            with _ALONE:
                self._library.nft_ctx_free(context)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _within(self) -> Iterator[ctypes.CDLL]:
        self._open()
        with _ALONE, self._namespace.entered():
            _has_room()
            yield self._library

    def _open(self) -> Any:
        if not self._context:
            raise ValueError("the context is closed")
        return self._context


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(_LIBRARY)
    context = ctypes.c_void_p
    for name, result, arguments in (
        ("nft_ctx_new", context, [ctypes.c_uint32]),
        ("nft_ctx_free", None, [context]),
        ("nft_ctx_buffer_output", ctypes.c_int, [context]),
        ("nft_ctx_buffer_error", ctypes.c_int, [context]),
        ("nft_ctx_get_output_buffer", ctypes.c_char_p, [context]),
        ("nft_ctx_get_error_buffer", ctypes.c_char_p, [context]),
        ("nft_ctx_output_get_flags", ctypes.c_uint, [context]),
        ("nft_ctx_output_set_flags", None, [context, ctypes.c_uint]),
        ("nft_ctx_set_dry_run", None, [context, ctypes.c_bool]),
        ("nft_run_cmd_from_filename", ctypes.c_int, [context, ctypes.c_char_p]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _has_room() -> None:
    """The library ends the whole process where it cannot open a socket: find that out first."""
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETFILTER).close()


def _inheritable() -> set[int]:
    """The descriptors that are not close-on-exec; the library opens its socket as one."""
    with os.scandir("/proc/self/fd") as found:
        descriptors = [int(each.name) for each in found]
    return {fd for fd in descriptors if _is_inheritable(fd)}


def _is_inheritable(fd: int) -> bool:
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False  # it was the listing's own, or another thread has closed it


@contextmanager
def _file(commands: str) -> Iterator[str]:
    """Commands as the path of a file in memory: nft says which line of a file is wrong, not of a string."""
    if "\0" in commands:
        raise ValueError("commands for nft have a zero byte")
    fd = os.memfd_create("nft", os.MFD_CLOEXEC)
    with os.fdopen(fd, "wb", closefd=True) as file:
        file.write(commands.encode() + b"\n")
        file.flush()
        yield f"/proc/self/fd/{fd}"


def _beginning(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.strip(" ^~\t")]
    return "\n".join(line[:_WIDTH] for line in lines[:_LINES]) or "nft gave no reason"
