"""Real servers on ephemeral ports of the loopback interface; all of them end with their tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ADDRESS = "127.0.0.1"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
PATIENCE = 15.0
"""Seconds for a server to begin to listen."""


def program(name: str) -> str:
    """Where a program is; the test is skipped where it is not."""
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind((ADDRESS, 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def running(command: Sequence[str | Path], *listening: int) -> Iterator[None]:
    """A process, from when it listens on all its ports until the end of the block."""
    process = subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    output: list[bytes] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: output.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        for port in listening:
            _await(port, process, output)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        reader.join(5)
        process.stdout.close()


def _await(port: int, process: subprocess.Popen[bytes], output: list[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((ADDRESS, port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on {port}: {b''.join(output).decode('utf-8', 'replace')}")


@contextmanager
def answering(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server in this process: `behave` gets each connection in a thread of its own; the port is given."""
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        listener.listen(128)
        threading.Thread(target=_accept, args=(listener, behave), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, behave: Callable[[socket.socket], None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, behave), daemon=True).start()


def _serve(connection: socket.socket, behave: Callable[[socket.socket], None]) -> None:
    with connection, contextlib.suppress(OSError, ValueError):
        connection.settimeout(20)
        behave(connection)


NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  {servers}
}}
"""


@contextmanager
def nginx(folder: Path, servers: Sequence[tuple[str, str]]) -> Iterator[dict[str, int]]:
    """One nginx with many servers, each a name and its directives; `listen` gets what follows the port from them.

    Directives that begin with ``plain;`` are of a server without TLS, with ``h2;`` of one that speaks HTTP/2 too.
    """
    binary = program("nginx")
    taken = ports(len(servers))
    blocks = "\n".join(_block(port, text) for port, (_, text) in zip(taken, servers, strict=True))
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, servers=blocks))
    with running([binary, "-p", folder, "-c", config], *taken):
        yield {name: port for port, (name, _) in zip(taken, servers, strict=True)}


def _block(port: int, text: str) -> str:
    kind, _, rest = text.partition(";") if text.startswith(("plain;", "h2;")) else ("ssl", "", text)
    listen = {"plain": "", "h2": " ssl http2", "ssl": " ssl"}[kind]
    return f"server {{ listen {ADDRESS}:{port}{listen}; {rest} }}"
