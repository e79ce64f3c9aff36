"""Network namespaces that a file descriptor alone holds, and the user namespace in which anyone may make them.

Nothing has a name below /run/netns, so that whatever ends the process leaves nothing behind: namespaces(7). The calls
are those of setns(2) and unshare(2); `os` has them from Python 3.12 on only.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

_CLONE_NEWNS = 0x0002_0000
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000

_CAP_NET_ADMIN = 12
_CAP_SYS_ADMIN = 21

_OWN = "/proc/thread-self/ns/net"


class Forbidden(RuntimeError):  # noqa: N818 - it is named for what the kernel says
    """The kernel does not let this process make a user namespace; the message is one line that says why."""


class Namespace:
    """A network namespace, which lives as long as something refers to it: this object, a socket, or a process in it.

    The object owns the descriptor; one that came from elsewhere, as over SCM_RIGHTS, is made close-on-exec. A process
    that was forked without an exec holds the namespace too.
    """

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        os.set_inheritable(fd, False)
        self._fd = fd

    @classmethod
    def new(cls) -> Self:
        """Make a namespace that has nothing but a loopback device, which is down.

        Raises:
            OSError: the process is not privileged, or the kernel has no room for one more.
        """
        with _coming_back():
            _unshare(_CLONE_NEWNET)
            return cls.current()

    @classmethod
    def current(cls) -> Self:
        """The namespace of the calling thread."""
        return cls(os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC))

    @property
    def fd(self) -> int:
        """The descriptor, which is a file of nsfs; -1 once it is closed."""
        return self._fd

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let the calling thread be in the namespace for a while; other threads stay where they are.

        What is opened within stays in the namespace. Nothing may be awaited within.

        Raises:
            OSError: the process may not enter it, or it is closed.
        """
        with _coming_back():
            _setns(self._fd)
            yield

    def enter(self) -> None:
        """Let the calling thread be in the namespace for good.

        Raises:
            OSError: the process may not enter it, or it is closed.
        """
        _setns(self._fd)

    def close(self) -> None:
        """Give the namespace up. Closing twice is closing once."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Namespace({self._fd})"


def is_privileged() -> bool:
    """Whether this process has CAP_SYS_ADMIN and CAP_NET_ADMIN in its user namespace: capabilities(7).

    That is what it takes to make network namespaces and to configure them; a security module may still refuse.
    """
    for line in Path("/proc/thread-self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("CapEff:"):
            effective = int(line.split()[1], 16)
            return bool(effective >> _CAP_SYS_ADMIN & 1 and effective >> _CAP_NET_ADMIN & 1)
    return False


def enter_user_namespace() -> None:
    """Become root of a new user namespace, in which an ordinary user may make network namespaces.

    The process also gets a mount namespace and a network namespace of its own, for good: a thread may return only to a
    network namespace that its user namespace owns, so `Namespace.entered` could never leave what it entered. Sockets
    that are already open stay where they are. The own user and group become 0; all other ids are unmapped, and files
    of root look like those of nobody.

    Raises:
        Forbidden: the kernel forbids it, or the process has more than one thread.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        _unshare(_CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET)
    except OSError as error:
        raise Forbidden(f"cannot make a user namespace: {_advice(error)}") from None
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            _write(f"/proc/self/{name}", text)
    except OSError as error:
        raise Forbidden(f"cannot map the own user into its namespace: {_advice(error)}") from None


def join_user_namespace(fd: int) -> None:
    """Enter the user namespace of a descriptor for good, with all rights there: its owner may, setns(2).

    Raises:
        OSError: it is the own one already, another user's, or the process has more than one thread.
    """
    _setns(fd, _CLONE_NEWUSER)


_ADVICE = {
    errno.EPERM: "the kernel forbids it to this user (a container's profile, kernel.unprivileged_userns_clone or"
    " kernel.apparmor_restrict_unprivileged_userns)",
    errno.EACCES: "the kernel forbids it to this user (kernel.apparmor_restrict_unprivileged_userns, or the process"
    " changed its user without an exec)",
    errno.ENOSPC: "their number is limited (user.max_user_namespaces)",
    errno.EUSERS: "they are nested too deep",
    errno.EINVAL: "the process has more than one thread, or the kernel has no user namespaces",
}


def _advice(error: OSError) -> str:
    return _ADVICE.get(error.errno or 0) or error.strerror or str(error)


def _write(path: str, text: str) -> None:
    """The maps want their whole text in one write: user_namespaces(7)."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode("ascii"))
    finally:
        os.close(fd)


@contextmanager
def _coming_back() -> Iterator[None]:
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _setns(fd: int, kind: int = _CLONE_NEWNET) -> None:
    if _libc().setns(fd, kind):
        raise _error("setns")


def _unshare(flags: int) -> None:
    if _libc().unshare(flags):
        raise _error("unshare")


def _error(call: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")
