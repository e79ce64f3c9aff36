"""Many servers at once, within a limit of time for all of them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.probing import strangers, talking, trust
from crenel.certificates.probing.mutual import EXPIRED, FORGED, HTTP1, HTTP2, NONE, NOTHING, RIGHT, STRANGER, Contexts
from crenel.certificates.probing.probe import Probe, Settings, failed, probe
from crenel.certificates.probing.profiles import profile
from crenel.certificates.probing.targets import Target

STEPS = 12
"""How many steps one target may take that all last as long as one may."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asks for, files still unread."""

    profile: str = "intermediate"
    step: float = 5.0
    """Seconds for one step."""
    deadline: float = 300.0
    """Seconds for all targets together."""
    at_once: int = 32
    """How many targets are probed at the same time."""
    ca: Path | None = None
    """The CAs that have to have signed what is served."""
    right: tuple[Path, Path] | None = None
    """A client's certificate and its key that are to be accepted."""
    expired: tuple[Path, Path] | None = None
    """The same of one that has expired, by the same CA."""
    demand: bool = False
    http_port: int | None = None

    @property
    def longest(self) -> float:
        """Seconds for one target, so that one that is slow on purpose holds nobody up."""
        return STEPS * self.step


class MaterialError(ValueError):
    """A file that was given cannot be used; the text says which and why, and nothing of a key."""


def settings(wishes: Wishes, at: datetime) -> Settings:
    """Read the files, and make ready what all targets share.

    Raises:
        MaterialError: a file cannot be used.
    """
    roots = _certificates(wishes.ca) if wishes.ca is not None else ()
    _expired(wishes)
    return Settings(
        profile(wishes.profile), at, wishes.step, trust.given(roots), _contexts(wishes), wishes.demand, wishes.http_port
    )


def probe_all(targets: Sequence[Target], wishes: Wishes, how: Settings) -> list[Probe]:
    """Probe all targets, and return what was found out in their order. Blocks until it is done."""
    return asyncio.run(_all(targets, wishes, how))


async def _all(targets: Sequence[Target], wishes: Wishes, how: Settings) -> list[Probe]:
    results: list[Probe | None] = [None] * len(targets)
    places = iter(range(len(targets)))

    async def work() -> None:
        for place in places:
            results[place] = await _one(targets[place], wishes, how)

    # Looking a name up takes a thread, and one that hangs must not hold up the others.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(wishes.at_once, "lookup"))
    try:
        async with asyncio.timeout(wishes.deadline), asyncio.TaskGroup() as group:
            for _ in range(min(wishes.at_once, len(targets))):
                group.create_task(work())
    except TimeoutError:
        pass
    late = f"the {wishes.deadline:g} s for all targets were up"
    return [each or failed(target, "not-examined", late) for each, target in zip(results, targets, strict=True)]


async def _one(target: Target, wishes: Wishes, how: Settings) -> Probe:
    try:
        async with asyncio.timeout(wishes.longest):
            return await probe(target, how)
    except TimeoutError:
        return failed(target, "not-examined", f"it was not through in {wishes.longest:g} s")


def _expired(wishes: Wishes) -> None:
    """Make sure that what is meant to be refused by its date alone has expired, or servers would be blamed.

    Raises:
        MaterialError: it has not.
    """
    if wishes.expired is not None and _certificates(wishes.expired[0])[0].used(datetime.now(UTC)) <= 1:
        raise MaterialError(f"{wishes.expired[0]}: this certificate has not expired")


def _contexts(wishes: Wishes) -> Contexts:
    made: Contexts = {}
    right = _certificates(wishes.right[0]) if wishes.right is not None else ()
    for alpn in (HTTP1, HTTP2, NOTHING):
        made[NONE, alpn] = talking.context(None, alpn)
        made[STRANGER, alpn] = strangers.context(None, alpn)
        if wishes.right is not None:
            made[FORGED, alpn] = strangers.context(right[0], alpn)
            made[RIGHT, alpn] = _pair(wishes.right, alpn)
        if wishes.expired is not None:
            made[EXPIRED, alpn] = _pair(wishes.expired, alpn)
    return made


def _pair(files: tuple[Path, Path], alpn: tuple[str, ...]) -> ssl.SSLContext:
    try:
        return talking.context(files, alpn)
    except ssl.SSLError as error:
        why = (error.reason or "not a certificate with its key").lower().replace("_", " ")
    except OSError as error:
        why = error.strerror or "unreadable"
    raise MaterialError(f"{files[0]} with {files[1]}: {why}")


def _certificates(path: Path) -> tuple[Certificate, ...]:
    try:
        found = pem.read(path.read_bytes()).certificates
    except OSError as error:
        raise MaterialError(f"{path}: {error.strerror}") from None
    if not found:
        raise MaterialError(f"{path}: there is no certificate in it")
    return found
