"""Labs that stay up: where they are found, and how they are asked.

A kept lab is a process that holds its twin and answers on a Unix socket, in a folder that is the user's alone. A
request is a JSON object, and so is the answer, each with its length before it; descriptors of namespaces come with the
answer (SCM_RIGHTS, unix(7)).
"""

from __future__ import annotations

import os
import re
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
"""What a lab may be called."""

LARGEST = 256 << 20
"""The largest message, in bytes."""
_LENGTH = struct.Struct("!Q")
_CREDENTIALS = struct.Struct("3i")
_PATIENCE = 300.0
_MOST_DESCRIPTORS = 8


class NoLabError(ValueError):
    """No lab of that name is up, or it does not answer; the message is one line."""


def folder() -> Path:
    """Where the sockets of the user's labs are; made when it is not there.

    Raises:
        NoLabError: the folder is not the user's own.
    """
    home = os.environ.get("XDG_RUNTIME_DIR") or ("/run" if os.geteuid() == 0 else f"/tmp/crenel-{os.getuid()}")  # noqa: S108
    place = Path(home) / "crenel" / "labs"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = place.stat()
    if facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        raise NoLabError(f"{place}: belongs to somebody else, or others may use it")
    return place


def names() -> list[str]:
    """The labs that are up; what dead ones have left behind is removed."""
    found = []
    for path in sorted(folder().glob("*.socket")):
        if answers(path.stem):
            found.append(path.stem)
        else:
            path.unlink(missing_ok=True)
    return found


def answers(name: str) -> bool:
    """Whether a lab of that name is up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        try:
            asked.connect(str(folder() / f"{name}.socket"))
        except OSError:
            return False
    return True


class Door:
    """The socket that a lab answers on. Its path is not looked for again: the user may be another by then."""

    def __init__(self, name: str) -> None:
        """Raises `NoLabError` when a lab of that name is up already."""
        if answers(name):
            raise NoLabError(f"a lab named {name!r} is up; `crenel lab down --name {name}` removes it")
        self.name = name
        self._path = folder() / f"{name}.socket"
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(self._path))
        self._path.chmod(0o600)
        self._socket.listen(8)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def accept(self) -> socket.socket | None:
        """Somebody who asks; None when it is another user, who is not heard."""
        asked, _ = self._socket.accept()
        asked.settimeout(10.0)
        peer = asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, user, _ = _CREDENTIALS.unpack(peer)
        if user in (os.geteuid(), 0):
            return asked
        asked.close()
        return None

    def leave(self) -> None:
        """Close this process' end; another process goes on answering."""
        self._socket.close()

    def close(self) -> None:
        """Stop answering, and take the name away."""
        self._path.unlink(missing_ok=True)
        self._socket.close()


def ask(name: str, request: dict[str, Any]) -> dict[str, Any]:
    """Ask a lab. Returns its answer.

    Raises:
        NoLabError: there is none of that name, it broke off, or it could not do what was asked.
    """
    with asking(name, request) as (_, answer, descriptors):
        for descriptor in descriptors:
            os.close(descriptor)
        return answer


@contextmanager
def asking(name: str, request: dict[str, Any]) -> Iterator[tuple[socket.socket, dict[str, Any], list[int]]]:
    """Ask a lab and stay in touch: the connection, the answer, and the descriptors that came with it.

    The caller owns the descriptors. The connection ends when the lab does, if the lab keeps it.

    Raises:
        NoLabError: there is none of that name, it broke off, or it could not do what was asked.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(_PATIENCE)
        try:
            asked.connect(str(folder() / f"{name}.socket"))
            send(asked, request)
            answer, descriptors = receive(asked)
        except (OSError, EOFError, msgspec.DecodeError):
            raise NoLabError(f"no lab named {name!r} is up{_others()}") from None
        if problem := answer.get("problem"):
            raise NoLabError(str(problem))
        yield asked, answer, descriptors


def await_end(name: str) -> None:
    """Wait until a lab that was asked to end has ended, for some seconds at the most.

    Raises:
        NoLabError: it is still there.
    """
    end = time.monotonic() + 10.0
    while answers(name):
        if time.monotonic() > end:
            raise NoLabError(f"the lab {name!r} does not end")
        time.sleep(0.02)


def _others() -> str:
    up = names()
    return f"; there is {', '.join(up)}" if up else "; `crenel lab --keep` leaves one up"


def send(to: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one message."""
    body = msgspec.json.encode(message)
    head = _LENGTH.pack(len(body))
    if descriptors:
        socket.send_fds(to, [head], list(descriptors))
    else:
        to.sendall(head)
    to.sendall(body)


def receive(asked: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive one message, with the descriptors that came along.

    Raises:
        EOFError: the other side broke off, or it is too long.
        msgspec.DecodeError: it is not JSON.
    """
    head, descriptors, _, _ = socket.recv_fds(asked, _LENGTH.size, _MOST_DESCRIPTORS)
    try:
        head += _exactly(asked, _LENGTH.size - len(head))
        found: dict[str, Any] = msgspec.json.decode(_exactly(asked, *_LENGTH.unpack(head)), type=dict[str, Any])
    except BaseException:
        for descriptor in descriptors:
            with suppress(OSError):
                os.close(descriptor)
        raise
    return found, list(descriptors)


def _exactly(asked: socket.socket, length: int) -> bytes:
    if length > LARGEST:
        raise EOFError("too long")
    parts = bytearray()
    while len(parts) < length:
        part = asked.recv(min(1 << 20, length - len(parts)))
        if not part:
            raise EOFError("broken off")
        parts += part
    return bytes(parts)
