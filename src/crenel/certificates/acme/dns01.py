"""Answers of the challenge dns-01 (RFC 8555, 8.4), set by a program of the user's: ``HOOK add|remove NAME VALUE``.

The program is run as it is, without a shell, and returns when the record ``NAME IN TXT "VALUE"`` can be seen from
outside. There may be several values of one name at a time.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from crenel.certificates.acme.answers import one_line
from crenel.certificates.acme.errors import AcmeError

TYPE = "dns-01"
_PATIENCE = 300.0
"""Seconds that the program may take."""


@contextmanager
def published(hook: Path, records: Sequence[tuple[str, str]]) -> Iterator[None]:
    """Have records until the end of the block; those that were added are removed, whatever happens.

    Raises:
        AcmeError: the program fails.
    """
    added: list[tuple[str, str]] = []
    try:
        for name, value in records:
            added.append((name, value))
            _run(hook, "add", name, value)
        yield
    finally:
        for name, value in added:
            with suppress(AcmeError):
                _run(hook, "remove", name, value)


def _run(hook: Path, action: str, name: str, value: str) -> None:
    try:
        ended = subprocess.run(  # noqa: S603 - a program that the user named, without a shell
            [str(hook), action, name, value],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_PATIENCE,
        )
    except OSError as error:
        raise AcmeError(f"--dns-01 {hook}: it cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise AcmeError(f"--dns-01 {hook} {action} {name}: not done in {_PATIENCE:.0f} seconds") from None
    if ended.returncode:
        said = one_line(ended.stdout.decode("utf-8", "replace")[-1000:]) or "without a word"
        raise AcmeError(f"--dns-01 {hook} {action} {name} ended with {ended.returncode}: {said}")
