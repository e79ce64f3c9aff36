"""What probes of servers found, in the words and columns of reports for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from crenel.certificates.probing.findings import SEVERITIES, Finding
from crenel.certificates.probing.mutual import Mutual, Trial
from crenel.certificates.probing.probe import Probe, leaf_of
from crenel.output.words import clean, count

HEADER = ("TARGET", "TLS", "CERTIFICATE", "LIFE USED", "MTLS", "FINDINGS")
FINDINGS = ("SEVERITY", "ID", "TARGET", "WHAT IS WRONG")
TRIALS = ("TARGET", "SENT", "OUTCOME", "WHAT CAME BACK")

_NOTHING = "-"


def rows(probes: Sequence[Probe], at: datetime) -> list[tuple[str, ...]]:
    """A row for each target."""
    return [_row(each, at) for each in probes]


def findings(probes: Sequence[Probe]) -> list[tuple[str, str, str, str]]:
    """A row for each finding, the worst first."""
    found = [(each, finding) for each in probes for finding in each.findings]
    found.sort(key=lambda pair: SEVERITIES.index(pair[1].severity))
    return [(finding.severity, finding.id, clean(each.target.title), clean(finding.message)) for each, finding in found]


def trials(probes: Sequence[Probe]) -> list[tuple[str, str, str, str]]:
    """A row for each attempt to get by without the right certificate."""
    return [_trial(each, trial) for each in probes if each.mutual is not None for trial in each.mutual.trials]


def notes(probes: Sequence[Probe]) -> Iterator[str]:
    """What is worth knowing, the targets that it is true of together."""
    by_text: dict[str, list[str]] = {}
    for each in probes:
        for text in each.notes:
            by_text.setdefault(text, []).append(each.target.title)
    for text, titles in by_text.items():
        shown = ", ".join(titles[:3]) + (f" and {len(titles) - 3} more" if len(titles) > 3 else "")
        yield clean(f"{shown}: {text}")


def total(probes: Sequence[Probe]) -> str:
    """How many targets there are and how many findings, by severity."""
    found = [finding for each in probes for finding in each.findings]
    counted = [f"{number} {name}" for name in SEVERITIES if (number := _number(found, name))]
    text = f"{count(len(probes), 'target')}, {count(len(found), 'finding')}"
    return f"{text}: {', '.join(counted)}" if counted else text


def proof(mutual: Mutual | None, *, asks: bool) -> str:
    """Whether client certificates are demanded."""
    if mutual is None:
        return _NOTHING
    if not asks and mutual.enforced is not False:
        return "not asked for"
    return {True: "proved", False: "not enforced", None: "not proved"}[mutual.enforced]


def _row(each: Probe, at: datetime) -> tuple[str, ...]:
    title = clean(each.target.title)
    if each.accepted is None:
        return title, _NOTHING, _NOTHING, _NOTHING, _NOTHING, clean(each.failure)
    versions = " ".join(version.title.removeprefix("TLS ") for version in sorted(each.accepted.suites))
    leaf = leaf_of(each)
    name, life = (clean(leaf.title), f"{leaf.used(at):.0%}") if leaf is not None else (_NOTHING, _NOTHING)
    ids = ", ".join(dict.fromkeys(finding.id for finding in each.findings))
    return title, versions, name, life, proof(each.mutual, asks=each.asks), ids or "none"


def _trial(each: Probe, trial: Trial) -> tuple[str, str, str, str]:
    return clean(each.target.title), trial.kind, trial.outcome.value, clean(trial.detail)


def _number(found: Sequence[Finding], severity: str) -> int:
    return sum(finding.severity == severity for finding in found)
