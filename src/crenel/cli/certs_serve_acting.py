"""What `crenel certs serve` does."""

import argparse
import asyncio
import os
import re
import resource
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from crenel.certificates.authority import durations
from crenel.certificates.workload_api import entries, serving
from crenel.certificates.workload_api.supplying import Supplier
from crenel.cli import exit_codes
from crenel.cli.complaints import note
from crenel.cli.usage import UsageError

_MODE = re.compile(r"0?[0-7]{3}")
_LONGEST = 100
"""Bytes that the path of a socket may have: Linux takes 107, others fewer."""


def serve(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    wanted = [entries.parse(each) for each in args.entries]
    path = Path(args.socket).absolute()
    if len(os.fsencode(path)) > _LONGEST:
        raise UsageError(f"--socket {path}: longer than {_LONGEST} bytes, which no socket's path may be")
    try:
        life = durations.parse(args.life)
    except ValueError as error:
        raise UsageError(f"--life: {error}") from None
    if life <= timedelta():
        raise UsageError("--life: a certificate lives for some time")
    mode = 0o600 if any(each.is_open for each in wanted) else 0o666
    if args.mode is not None:
        if not _MODE.fullmatch(args.mode):
            raise UsageError(f"--mode {args.mode}: write a mode like 0660")
        mode = int(args.mode, 8)
    _allow_files(serving.FILES)
    supplier = Supplier(Path(args.ca).absolute(), wanted, lambda: datetime.now(UTC), life)
    asyncio.run(_serve(supplier, path, mode))
    return exit_codes.FINE


def _allow_files(number: int) -> None:
    """Take as many open files as are needed, as far as this user may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(supplier: Supplier, path: Path, mode: int) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    await serving.serve(supplier, path, mode, stop, note)
