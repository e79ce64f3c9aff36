"""Findings as JSON; docs/json.md says in what shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crenel.audit.catalogue import Rule
from crenel.audit.finding import Finding
from crenel.audit.ignoring import SetAside
from crenel.audit.report import Audit
from crenel.audit.standards import mappings, of_check
from crenel.output import schema
from crenel.output.reports import Context
from crenel.output.words import clean
from crenel.provenance import field_text


def render(audit: Audit, context: Context) -> bytes:
    """Write the findings, those that were set aside, and what was looked at."""
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "audit",
            "findings": [finding_shape(each) for each in audit.findings],
            "aside": [_aside(each) for each in audit.aside],
            "summary": audit.summary,
            "checks": [rule.check.id for rule in audit.rules],
            "examined": {
                "counts": dict(audit.examined.counts),
                "sources": [clean(each) for each in audit.examined.sources],
            },
            "assumptions": [clean(each) for each in audit.assumptions],
            "notices": schema.notices(context),
        }
    )


def finding_shape(finding: Finding) -> dict[str, Any]:
    """One finding."""
    witness = finding.witness
    return {
        "check": finding.check.id,
        "title": finding.check.title,
        "severity": finding.severity.word,
        "persona": finding.persona.word,
        "object": clean(finding.object),
        "namespace": clean(finding.namespace) or None,
        "file": clean(finding.file) or None,
        "line": finding.line,
        "field": clean(field_text(finding.field)) or None,
        "message": clean(finding.message),
        "witness": None
        if witness is None
        else {
            "source": clean(witness.source),
            "destination": clean(witness.destination),
            "traffic": witness.traffic or None,
            "certainty": witness.certainty,
        },
        "evidence": [clean(each) for each in finding.evidence],
        "fix": clean(finding.fix) or None,
        "fixable": finding.patch is not None,
    }


def _aside(aside: SetAside) -> dict[str, Any]:
    return {
        "by": aside.by,
        "reason": clean(aside.reason),
        "until": aside.until.isoformat() if aside.until else None,
        "finding": finding_shape(aside.finding),
    }


def catalogue(rules: Sequence[Rule]) -> bytes:
    """Write the checks that there are."""
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "checks",
            "standards": {key: f"{each.title} {each.edition}" for key, each in mappings().standards.items()},
            "mappings": mappings().version,
            "checks": [_rule(rule) for rule in rules],
        }
    )


def _rule(rule: Rule) -> dict[str, Any]:
    check = rule.check
    return {
        "check": check.id,
        "title": check.title,
        "pillar": check.pillar.value,
        "severity": check.severity.word,
        "persona": check.persona.word,
        "summary": rule.summary,
        "settings": dict(check.options),
        "standards": [
            {"standard": each.standard.id, "control": each.control, "mapping": "own" if each.own else "ours"}
            for each in of_check(check.id)
        ],
    }
