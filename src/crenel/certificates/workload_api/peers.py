"""Who is at the other end of a Unix socket, by the kernel's word."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

_CREDENTIALS = struct.Struct("iII")
"""struct ucred of unix(7): process, user, group."""

NOBODY = 65534
"""What the kernel says of a user or group that has no number here, such as one of another user namespace."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected, as it was then."""

    pid: int
    uid: int
    gid: int

    def __str__(self) -> str:
        """How reports write it."""
        return f"user {self.uid}, group {self.gid}"


def peer(connection: socket.socket) -> Peer:
    """Ask the kernel, which has to be Linux.

    Raises:
        OSError: the connection is gone.
    """
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(found))
