"""The words of reports on certificates from a CA that speaks ACME."""

from __future__ import annotations

from collections import Counter

from crenel.certificates.acme.report import Report, Row
from crenel.output.authority_words import time

HEADER = ("CERTIFICATE", "DONE", "UNTIL", "RENEWED FROM", "HOSTS", "WHY")

_ORDER = ("issued", "kept", "waiting", "failed", "revoked")


def shown(report: Report) -> list[Row]:
    """The certificates that a reader wants to see: all, or where all were looked after those that something is of."""
    if report.action == "renew":
        return [row for row in report.rows if row.action != "kept"]
    return list(report.rows)


def cells(row: Row) -> tuple[str, ...]:
    """The cells of a certificate, under `HEADER`."""
    done = row.action or ("-" if row.leaf is not None else "none")
    until = time(row.leaf.not_after) if row.leaf is not None else "-"
    due = time(row.due) if row.due is not None else "-"
    again = f"; not tried again before {time(row.again)}" if row.again is not None else ""
    return row.name, done, until, due, " ".join(row.hosts), f"{row.why or row.problem}{again}"


def summary(report: Report) -> str:
    """What was done, counted, or which account it is."""
    numbers = Counter(row.action for row in report.rows if row.action)
    counted = ", ".join(f"{numbers[each]} {each}" for each in _ORDER if numbers[each])
    return counted or f"account {report.account} at {report.server}"
