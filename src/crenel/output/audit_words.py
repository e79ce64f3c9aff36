"""What the reports of an audit have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from crenel.audit.finding import Finding
from crenel.audit.report import Audit
from crenel.output.words import clean, count


def conclusion(audit: Audit) -> str:
    """One line: how many findings, and how many were set aside."""
    found = audit.summary
    parts = ", ".join(f"{number} {word}" for word, number in found.items() if number)
    text = f"{count(len(audit.findings), 'finding')}: {parts}" if audit.findings else "no findings"
    looked = f"{count(len(audit.rules), 'check')} on {_chiefly(audit)}"
    aside = f"; {set_aside(audit)}" if audit.aside else ""
    return f"{text} ({looked}){aside}"


def set_aside(audit: Audit) -> str:
    """How many were set aside, and by what."""
    by = Counter(each.by for each in audit.aside)
    parts = ", ".join(f"{number} by {name}" for name, number in sorted(by.items()))
    return f"{len(audit.aside)} set aside: {parts}"


def counts(audit: Audit) -> str:
    """What was looked at: ``12 workloads, 13 network policies``."""
    return ", ".join(_counted(number, noun) for noun, number in audit.examined.counts.items() if number)


def _chiefly(audit: Audit) -> str:
    """How many workloads; without any, how many of what else comes first."""
    counts = audit.examined.counts
    noun = next((noun for noun in counts if counts[noun]), "workload")
    return _counted(counts.get(noun, 0), noun)


def _counted(number: int, noun: str) -> str:
    if noun == "policy of another API" and number > 1:
        return f"{number} policies of other APIs"
    return f"{number} ingresses" if noun == "ingress" and number > 1 else count(number, noun)


def by_object(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """The findings of each object, the object with the worst first."""
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(each.object, []).append(each)
    return list(found.items())


def place(finding: Finding) -> str:
    """``file:line``; empty where there is no file."""
    return clean(finding.place)
