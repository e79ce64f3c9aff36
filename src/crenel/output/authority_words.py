"""The words of reports on an own certificate authority."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from crenel.certificates.authority.report import Report, Root, Row
from crenel.certificates.material.certificate import Certificate
from crenel.output.words import count

HEADER = ("CONSUMER", "DONE", "UNTIL", "RENEWED FROM", "ROOT", "WHY")

_PHASES = {
    "making": "the new CA is made",
    "trusting": "both CAs get trusted everywhere; the old one signs",
    "reissuing": "the new CA signs; certificates are issued anew",
    "removing": "the old CA is taken out of the bundles",
}


def time(at: datetime) -> str:
    """A moment: ``2026-11-27T03:04:23Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(at: int) -> str:
    """A moment that is given in seconds since 1970."""
    return time(datetime.fromtimestamp(at, UTC))


def shown(report: Report) -> list[Row]:
    """The consumers that a reader wants to see: all, or where everything was looked after those that were touched."""
    if report.action in ("renew", "rotate"):
        return [row for row in report.rows if row.action != "kept"]
    return list(report.rows)


def cells(row: Row) -> tuple[str, ...]:
    """The cells of a consumer, under `HEADER`."""
    done = row.action or ("-" if row.leaf is not None else "none")
    why = row.why or row.problem
    if row.leaf is None:
        return row.name, done, "-", "-", "-", why
    due = time(row.due) if row.due is not None else "-"
    root = str(row.root) if row.root is not None else "another"
    return row.name, done, time(row.leaf.not_after), due, root, why


def roots(report: Report) -> list[str]:
    """A line for each root."""
    return [_root(each, report) for each in report.roots]


def _root(root: Root, report: Report) -> str:
    role = "signs" if root.signs else "is trusted" if root.trusted else "is being removed"
    text = f"root {root.number} {role}; {_life(root.certificate, report)}"
    if root.intermediate is not None:
        text += f"; its intermediate {_life(root.intermediate, report)}"
    return text


def _life(certificate: Certificate, report: Report) -> str:
    return f"{_used(certificate.used(report.at))} used, until {time(certificate.not_after)}"


def _used(fraction: float) -> str:
    return f"{max(0.0, fraction):.0%}"


def summary(report: Report) -> str:
    """What was done, counted; empty where nothing was."""
    numbers = Counter(row.action for row in report.rows if row.action)
    order = ("issued", "bundle", "kept", "refused", "failed")
    return ", ".join(f"{numbers[each]} {each}" for each in order if numbers[each])


def rotation(report: Report) -> list[str]:
    """What is said of a rotation: its phase, and what it waits for."""
    found = report.rotation
    if found is None:
        return ["no rotation is under way"]
    way = f"rotation from root {found.old} to root {found.new}"
    lines = [f"{way}, {found.phase} since {seconds(found.since)}: {_PHASES[found.phase]}"]
    lines += [
        f"waits: {place}{wait.message}{until}"
        for wait in report.waits
        for place, until in [_place(wait.consumer, wait.until)]
    ]
    return lines


def _place(consumer: str, until: int | None) -> tuple[str, str]:
    return f"{consumer}: " if consumer else "", f" (until {seconds(until)})" if until is not None else ""


def revoked(report: Report) -> str:
    """How much is revoked; empty for nothing."""
    return f"{count(len(report.revoked), 'certificate')} revoked" if report.revoked else ""
