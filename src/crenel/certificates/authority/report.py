"""What an authority looks like at one moment, and what was just done: what reports are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crenel.certificates.authority import renewal
from crenel.certificates.authority.authority import Authority
from crenel.certificates.authority.contents import Held
from crenel.certificates.authority.rotation import Wait
from crenel.certificates.authority.state import Consumer, Revoked, Rotation
from crenel.certificates.authority.supply import Supplied
from crenel.certificates.material.certificate import Certificate
from crenel.provenance import Problem


@dataclass(frozen=True, slots=True)
class Root:
    """A root, and the intermediate that signs below it."""

    number: int
    certificate: Certificate
    intermediate: Certificate | None
    signs: bool
    """Whether leaves are signed below it now."""
    trusted: bool
    """Whether it is in the bundle now."""


@dataclass(frozen=True, slots=True)
class Row:
    """A consumer."""

    name: str
    place: str
    action: str
    """What was done; empty where it was only looked at."""
    why: str
    names: tuple[str, ...]
    leaf: Certificate | None
    root: int | None
    """The number of the root that its leaf comes from; None where that is none of ours."""
    due: datetime | None
    """When its leaf is renewed."""
    problem: str
    """Why what it has is of no use."""


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    action: str
    trust_domain: str
    at: datetime
    roots: tuple[Root, ...]
    rows: tuple[Row, ...]
    rotation: Rotation | None
    waits: tuple[Wait, ...]
    revoked: tuple[Revoked, ...]
    problems: tuple[Problem, ...]


def report(
    authority: Authority,
    action: str,
    now: datetime,
    *,
    held: Mapping[str, Held],
    done: Mapping[str, Supplied] | None = None,
    waits: tuple[Wait, ...] = (),
    problems: tuple[Problem, ...] = (),
) -> Report:
    """Describe an authority; `done` are the consumers that were looked after, all of them if None."""
    state = authority.state
    consumers = [each for each in state.consumers if done is None or each.name in done]
    signing = {number: state.current(state.hierarchy(number)) for number in (each.number for each in state.trusted)}
    roots = [
        Root(
            each.number,
            each.root.certificate,
            found.certificate if (found := signing.get(each.number)) is not None else None,
            each.number == state.signer,
            each in state.trusted,
        )
        for each in state.hierarchies
        if each.root.pem
    ]
    rows = [_row(authority, each, held.get(each.name, Held()), (done or {}).get(each.name)) for each in consumers]
    return Report(
        action, authority.policy.trust_domain, now, tuple(roots), tuple(rows), state.rotation, waits,
        tuple(state.revoked), problems,
    )  # fmt: skip


def _row(authority: Authority, consumer: Consumer, held: Held, supplied: Supplied | None) -> Row:
    leaf = held.leaf
    issuer = authority.state.issuer(leaf.aki) if leaf is not None else None
    return Row(
        consumer.name,
        consumer.place,
        supplied.action if supplied is not None else "",
        supplied.why if supplied is not None else "",
        consumer.identity.texts if consumer.identity is not None else (),
        leaf,
        issuer[0].number if issuer is not None else None,
        renewal.due(leaf, authority.policy, consumer.name) if leaf is not None else None,
        held.problem,
    )
