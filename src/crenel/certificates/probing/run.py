"""Many servers at once, within a limit of time for all of them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.probing import strangers, talking, trust
from crenel.certificates.probing.mutual import EXPIRED, HTTP1, HTTP2, NONE, NOTHING, RIGHT, STRANGER, Contexts
from crenel.certificates.probing.probe import Probe, Settings, failed, probe
from crenel.certificates.probing.profiles import profile
from crenel.certificates.probing.targets import Target


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


class MaterialError(ValueError):
    """A file that was given cannot be used; the text says which and why, and nothing of a key."""


def settings(wishes: Wishes, at: datetime) -> Settings:
    """Read the files, and make ready what all targets share.

    Raises:
        MaterialError: a file cannot be used.
    """
    roots = _certificates(wishes.ca) if wishes.ca is not None else ()
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
            results[place] = await probe(targets[place], how)

    try:
        async with asyncio.timeout(wishes.deadline), asyncio.TaskGroup() as group:
            for _ in range(min(wishes.at_once, len(targets))):
                group.create_task(work())
    except TimeoutError:
        pass
    late = f"the {wishes.deadline:g} s for all targets were up"
    return [each or failed(target, "not-examined", late) for each, target in zip(results, targets, strict=True)]


def _contexts(wishes: Wishes) -> Contexts:
    made: Contexts = {}
    right = _certificates(wishes.right[0]) if wishes.right is not None else ()
    for alpn in (HTTP1, HTTP2, NOTHING):
        made[NONE, alpn] = talking.context(None, alpn)
        made[STRANGER, alpn] = strangers.context(right[0] if right else None, alpn)
        if wishes.right is not None:
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
