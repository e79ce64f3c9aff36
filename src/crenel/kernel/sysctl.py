"""The kernel's settings of one network namespace, below /proc/sys/net: sysctl(8), Documentation/networking/ip-sysctl.

The kernel shows each thread those of its own namespace.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from crenel.kernel.namespaces import Namespace

_LONGEST = 4096
"""Bytes that are read of a setting."""


def write(namespace: Namespace, name: str, value: int | str, *, missing_ok: bool = False) -> None:
    """Change one setting, such as ``net.ipv4.ip_forward``.

    A name with slashes may have dots in its parts, as devices do: ``net/ipv4/conf/eth0.1/rp_filter``.

    Raises:
        ValueError: it is no name below ``net``.
        OSError: the kernel does not take the value, or has no such setting and `missing_ok` does not tolerate that.
    """
    write_all(namespace, {name: value}, missing_ok=missing_ok)


def write_all(namespace: Namespace, values: Mapping[str, int | str], *, missing_ok: bool = False) -> None:
    """Change settings in the order of the mapping; the first that fails ends it.

    Raises:
        ValueError: one is no name below ``net``; none is changed then.
        OSError: see `write`.
    """
    paths = [(_path(name), str(value)) for name, value in values.items()]
    with namespace.entered():
        for path, value in paths:
            _put(path, value, missing_ok)


def read(namespace: Namespace, name: str) -> str:
    """The value of one setting, without the line's end.

    Raises:
        ValueError: it is no name below ``net``.
        OSError: the kernel has no such setting, or it cannot be read.
    """
    path = _path(name)
    with namespace.entered():
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, _LONGEST).decode("utf-8", "replace").strip()
    finally:
        os.close(fd)


def _path(name: str) -> str:
    parts = name.split("/" if "/" in name else ".")
    if parts[0] != "net" or len(parts) < 2 or any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise ValueError(f"{name!r} names no setting below net")
    return "/proc/sys/" + "/".join(parts)


def _put(path: str, value: str, missing_ok: bool) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        if missing_ok:
            return
        raise
    try:
        os.write(fd, value.encode())
    except OSError as error:
        raise OSError(error.errno, f"the kernel does not take {value!r}: {error.strerror}", path) from None
    finally:
        os.close(fd)
