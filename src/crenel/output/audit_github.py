"""Findings as workflow commands of GitHub Actions, which annotate a pull request."""

from __future__ import annotations

from crenel.audit.finding import Finding, Severity
from crenel.audit.report import Audit
from crenel.output.words import clean

_COMMANDS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}


def render(audit: Audit) -> str:
    """Write a command for each finding that counts."""
    return "".join(f"{_command(each)}\n" for each in audit.findings)


def _command(finding: Finding) -> str:
    properties = {"title": f"{finding.check.id} {finding.check.title}"}
    if finding.file and finding.file != "-":
        properties = {"file": finding.file.removeprefix("./"), "line": str(finding.line or 1), **properties}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    parts = [f"{finding.object}: {finding.message}"]
    parts += [f"for example: {finding.witness}"] if finding.witness is not None else []
    parts += [f"fix: {finding.fix}"] if finding.fix else []
    return f"::{_COMMANDS[finding.severity]} {written}::{_data(chr(10).join(map(clean, parts)))}"


def _data(text: str) -> str:
    """Escape a message (actions/toolkit, packages/core/src/command.ts, escapeData)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape the value of a property (escapeProperty of the same file)."""
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
