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


HAPROXY = """
global
  maxconn 500
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 15s
  timeout server 15s
frontend plain
  bind {address}:{plain}
  http-request return status 200 content-type text/plain string hello
{frontends}
"""


@contextmanager
def haproxy(folder: Path, binds: Sequence[tuple[str, str]]) -> Iterator[dict[str, int]]:
    """One HAProxy with many frontends over TLS, each a name and what follows ``ssl`` in its bind line.

    Beside each there is another port that takes plain text as well, under the name with ``+plain``.
    """
    binary = program("haproxy")
    plain, *taken = ports(1 + 2 * len(binds))
    there = dict(zip((name for name, _ in binds), taken, strict=False))
    also = dict(zip((name for name, _ in binds), taken[len(binds) :], strict=True))
    frontends = "\n".join(
        _secure(name, there[name], options) + _permissive(name, also[name], there[name], plain)
        for name, options in binds
    )
    config = folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(address=ADDRESS, plain=plain, frontends=frontends))
    with running([binary, "-db", "-f", config], plain, *taken):
        yield there | {f"{name}+plain": port for name, port in also.items()}


def _secure(name: str, port: int, options: str) -> str:
    return f"""frontend {name}
  bind {ADDRESS}:{port} ssl {options}
  http-request return status 200 content-type text/plain string hello
"""


def _permissive(name: str, port: int, secure: int, plain: int) -> str:
    """A port that looks at the first bytes and takes both, as meshes do while they are introduced."""
    return f"""frontend {name}-both
  mode tcp
  bind {ADDRESS}:{port}
  tcp-request inspect-delay 2s
  tcp-request content accept if {{ req.ssl_hello_type 1 }}
  tcp-request content accept if {{ req.len gt 0 }}
  use_backend {name}-secure if {{ req.ssl_hello_type 1 }}
  default_backend {name}-plain
backend {name}-secure
  mode tcp
  server one {ADDRESS}:{secure}
backend {name}-plain
  mode tcp
  server one {ADDRESS}:{plain}
"""


@contextmanager
def stunnel(folder: Path, services: Sequence[tuple[str, str]]) -> Iterator[dict[str, int]]:
    """One stunnel with many services before a web server, each a name and its options, a line each."""
    binary = program("stunnel4")
    taken = ports(len(services))
    with answering(_web) as behind:
        blocks = "\n".join(
            f"[{name}]\naccept = {ADDRESS}:{port}\nconnect = {ADDRESS}:{behind}\n{options}"
            for port, (name, options) in zip(taken, services, strict=True)
        )
        config = folder / "stunnel.conf"
        config.write_text(f"foreground = yes\npid =\nsyslog = no\n{blocks}\n")
        with running([binary, config], *taken):
            yield {name: port for port, (name, _) in zip(taken, services, strict=True)}


def _web(connection: socket.socket) -> None:
    if connection.recv(1 << 14):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")


Options = list[str | Path]
"""Of a command line."""


@contextmanager
def s_servers(options: Sequence[tuple[str, Options]]) -> Iterator[dict[str, int]]:
    """An openssl s_server for each name, with its options; it answers requests in HTTP."""
    binary = program("openssl")
    taken = ports(len(options))
    with contextlib.ExitStack() as stack:
        for port, (_, more) in zip(taken, options, strict=True):
            stack.enter_context(running([binary, "s_server", "-accept", f"{ADDRESS}:{port}", "-www", *more]))
        for port in taken:
            _await_quietly(port)
        yield {name: port for port, (name, _) in zip(taken, options, strict=True)}


def _await_quietly(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((ADDRESS, port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on {port}")
