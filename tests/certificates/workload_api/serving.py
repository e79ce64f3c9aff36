"""The real command, serving; and a caller of the API that is not the library's client."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from spiffe._proto import workload_pb2 as messages
from spiffe._proto import workload_pb2_grpc as stubs

from command import SCRIPTS
from crenel.certificates.authority import authority
from crenel.certificates.authority.policy import Policy

HEADER = (("workload.spiffe.io", "true"),)
PATIENCE = 20.0


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@contextmanager
def place() -> Iterator[Path]:
    """A folder that other users can look into; a socket's path has to be short."""
    with tempfile.TemporaryDirectory(prefix="crenel-") as found:
        Path(found).chmod(0o755)
        yield Path(found)


def made(folder: Path, policy: Policy) -> Path:
    """An authority."""
    authority.init(folder / "ca", policy, now())
    return folder / "ca"


class Served:
    """A server, and what it says."""

    def __init__(self, process: subprocess.Popen[str], socket: Path) -> None:
        self.process = process
        self.socket = socket
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(iter(self.process.stderr.readline, ""))

    def said(self, text: str) -> None:
        """Wait until it has said something."""
        end = time.monotonic() + PATIENCE
        while not any(text in line for line in list(self.lines)):
            assert time.monotonic() < end, self.lines
            assert self.process.poll() is None, self.lines
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it, and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code


@contextmanager
def served(ca: Path, socket: Path, *more: str) -> Iterator[Served]:
    """Run `crenel certs serve` from when it serves to the end of the block."""
    command = [str(SCRIPTS / "crenel"), "certs", "serve", "--ca", str(ca), "--socket", str(socket), *more]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found = Served(process, socket)
    try:
        found.said("serving at unix://")
        yield found
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)
        found._reader.join(PATIENCE)
        assert process.stderr is not None
        process.stderr.close()


@contextmanager
def stub(socket: Path) -> Iterator[Any]:
    """The API, called as it is."""
    with grpc.insecure_channel(f"unix://{socket}") as channel:
        yield stubs.SpiffeWorkloadAPIStub(channel)  # type: ignore[no-untyped-call]


def first(socket: Path, method: str = "FetchX509SVID", metadata: Any = HEADER) -> Any:
    """The first answer of a stream, or the status code that came in its place."""
    with stub(socket) as api:
        request = messages.X509SVIDRequest() if method == "FetchX509SVID" else messages.X509BundlesRequest()
        call = getattr(api, method)(request, metadata=metadata, timeout=PATIENCE)
        try:
            return next(iter(call))
        except grpc.RpcError as error:
            return error.code()
        finally:
            call.cancel()


def as_user(uid: int, gid: int, socket: Path) -> list[str]:
    """The identities that a process of another user gets; a single status code where it gets none."""
    script = f"""
import os, sys
sys.path.insert(0, {os.fspath(Path(__file__).resolve().parents[2])!r})
from pathlib import Path
from certificates.workload_api import serving
os.setgroups([])
os.setgid({gid})
os.setuid({uid})
found = serving.first(Path({os.fspath(socket)!r}))
print(*([each.spiffe_id for each in found.svids] if hasattr(found, "svids") else [found.name]))
"""
    ran = subprocess.run(
        [str(SCRIPTS / "python"), "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()
