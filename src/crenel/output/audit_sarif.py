"""Findings as SARIF 2.1.0 (OASIS Standard), for code scanning. No findings are a valid document too.

``security-severity`` is what GitHub sorts by. What was set aside is there, suppressed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from crenel import __version__
from crenel.audit.catalogue import Rule
from crenel.audit.finding import Finding, Severity
from crenel.audit.ignoring import SetAside
from crenel.audit.report import Audit
from crenel.audit.standards import of_check
from crenel.output.words import clean

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""Where GitHub draws its lines: critical above 9.0, high from 7.0, medium from 4.0."""
FINGERPRINT = "crenelFinding/v1"


def render(audit: Audit) -> bytes:
    """Write one run with all checks as rules and all findings as results."""
    places = {rule.check.id: number for number, rule in enumerate(audit.rules)}
    results = [_result(each, places) for each in audit.findings]
    results += [_suppressed(each, places) for each in audit.aside]
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(audit.rules)},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "where crenel was called"}}},
                "results": results,
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _driver(rules: Sequence[Rule]) -> dict[str, Any]:
    return {
        "name": "crenel",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    check, sections = rule.check, rule.sections
    text = f"{sections['Why it is bad']}\n\n{sections['Fix']}"
    references = [f"{each.standard.title} {each.control}" for each in of_check(check.id)]
    return {
        "id": check.id,
        "name": "".join(word.capitalize() for word in check.title.replace("-", " ").split()),
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": rule.summary},
        "help": {"text": text, "markdown": rule.page},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {
            "tags": ["security", "network", check.pillar.value, *references],
            "security-severity": _SCORES[check.severity],
        },
    }


def _result(finding: Finding, places: Mapping[str, int]) -> dict[str, Any]:
    return {
        "ruleId": finding.check.id,
        "ruleIndex": places[finding.check.id],
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding)],
        "partialFingerprints": {FINGERPRINT: _fingerprint(finding)},
        "properties": {"severity": finding.severity.word, "security-severity": _SCORES[finding.severity]},
    }


def _message(finding: Finding) -> str:
    parts = [f"{finding.object}: {finding.message}."]
    if finding.witness is not None:
        parts.append(f"For example: {finding.witness}.")
    if finding.fix:
        parts.append(f"Fix: {finding.fix}.")
    return clean(" ".join(parts))


def _location(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": clean(finding.object), "kind": "resource"}],
    }
    if finding.file and finding.file != "-":
        location["physicalLocation"] = {
            "artifactLocation": _artifact(finding.file),
            "region": {"startLine": finding.line or 1},
        }
    return location


def _artifact(file: str) -> dict[str, str]:
    """A path as a URI: relative to where the command was called, or absolute; a revision's by its path."""
    if file.startswith("git:"):
        file = file.rpartition(":")[2]
    path = Path(file)
    if path.is_absolute():
        try:
            path = path.relative_to(Path.cwd())
        except ValueError:
            return {"uri": f"file://{_quoted(path)}"}
    return {"uri": _quoted(path), "uriBaseId": "SRCROOT"}


def _quoted(path: Path) -> str:
    return quote(path.as_posix().encode("utf-8", "surrogateescape"))


def _fingerprint(finding: Finding) -> str:
    """Stays the same when lines move: of check, object and field."""
    return hashlib.sha256("\0".join(map(clean, finding.key)).encode()).hexdigest()[:32]


def _suppressed(aside: SetAside, places: Mapping[str, int]) -> dict[str, Any]:
    kind = "inSource" if aside.by == "comment" else "external"
    until = f" (until {aside.until})" if aside.until else ""
    suppression = {"kind": kind, "status": "accepted", "justification": clean(f"{aside.reason}{until}")}
    return {**_result(aside.finding, places), "suppressions": [suppression]}
