"""Running the programs that some sources need: no shell, with limits on time and output."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import IO

MAX_OUTPUT = 512 * 1024 * 1024
MAX_SECONDS = 120.0
_MAX_MESSAGE = 4000


class CommandError(Exception):
    """A program that is missing, failed, took too long or said too much; the text is one line for a person."""


def output(
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    seconds: float = MAX_SECONDS,
    limit: int = MAX_OUTPUT,
) -> bytes:
    """Run a command to its end and return what it wrote on its standard output. Raises CommandError."""
    program = command[0]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaints:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - arguments as a list, checked by the callers
                command, stdin=given, stdout=subprocess.PIPE, stderr=complaints, env={**os.environ, **(variables or {})}
            )
        except FileNotFoundError:
            raise CommandError(f"{program} is not installed") from None
        except (OSError, ValueError) as error:
            raise CommandError(f"{program} cannot be run: {error}") from None
        written, overdue = _drain(process, seconds, limit)
        if overdue:
            raise CommandError(f"{program} took longer than {seconds:.0f} seconds")
        if len(written) > limit:
            raise CommandError(f"{program} wrote more than {limit:,} bytes")
        if process.returncode:
            raise CommandError(_complaint(complaints) or f"{program} failed with exit code {process.returncode}")
        return written


def _drain(process: subprocess.Popen[bytes], seconds: float, limit: int) -> tuple[bytes, bool]:
    """Read the output and wait for the end; kill the process at a limit. Tell whether it was that of time."""
    overdue = threading.Event()

    def stop() -> None:
        overdue.set()
        process.kill()

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        with process:
            assert process.stdout is not None
            written = process.stdout.read(limit + 1)
            if len(written) > limit:
                process.kill()
    finally:
        timer.cancel()
    return written, overdue.is_set()


def _complaint(complaints: IO[bytes]) -> str:
    """Return what a program wrote on its standard error as one line."""
    complaints.seek(0)
    return " ".join(complaints.read(_MAX_MESSAGE).decode("utf-8", "replace").split())
