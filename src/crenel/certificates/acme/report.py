"""What a client looks like at one moment, and what was just done: what reports are written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crenel.certificates.acme import client, renewal
from crenel.certificates.acme.account import Account
from crenel.certificates.acme.client import Done
from crenel.certificates.acme.state import Wanted
from crenel.certificates.material.certificate import Certificate
from crenel.provenance import Problem


@dataclass(frozen=True, slots=True)
class Row:
    """A certificate that is looked after."""

    name: str
    place: str
    hosts: tuple[str, ...]
    action: str
    """What was done; empty where it was only looked at."""
    why: str
    leaf: Certificate | None
    issuer: str
    """Who signed it."""
    due: datetime | None
    """When it is renewed."""
    again: datetime | None
    """When it is tried again after it failed."""
    problem: str
    """Why what is there is of no use."""


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    action: str
    server: str
    account: str
    at: datetime
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def report(
    action: str,
    account: Account,
    at: datetime,
    *,
    done: Sequence[Done] = (),
    seen: Sequence[Wanted] = (),
    problems: tuple[Problem, ...] = (),
) -> Report:
    """Describe what was done with some certificates, or how others, that were only `seen`, are."""
    rows = [_row(each.wanted, each.action, each.why) for each in done]
    rows += [_row(each, "", "") for each in seen]
    return Report(action, account.server, account.uri, at, tuple(rows), problems)


def _row(wanted: Wanted, action: str, why: str) -> Row:
    held = client.held(wanted)
    leaf = held.leaf
    return Row(
        wanted.name,
        wanted.folder,
        wanted.hosts,
        action,
        why,
        leaf,
        leaf.issuer if leaf is not None else "",
        renewal.due(leaf, wanted) if leaf is not None else None,
        datetime.fromtimestamp(wanted.again, UTC) if wanted.again else None,
        held.problem,
    )
